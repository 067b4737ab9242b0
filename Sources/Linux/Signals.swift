// Signals as values, and as descriptors to read from in an event loop. man 7 signal, man 2 signalfd, kill. Chapters 03 and 11.
import CLinux
import Glibc

/// A signal by its number.
public struct Signal: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
    /// `SIGHUP`
    public static let hangUp = Signal(rawValue: SIGHUP)
    /// `SIGINT`
    public static let interrupt = Signal(rawValue: SIGINT)
    /// `SIGQUIT`
    public static let quit = Signal(rawValue: SIGQUIT)
    /// `SIGKILL`
    public static let kill = Signal(rawValue: SIGKILL)
    /// `SIGUSR1`
    public static let user1 = Signal(rawValue: SIGUSR1)
    /// `SIGUSR2`
    public static let user2 = Signal(rawValue: SIGUSR2)
    /// `SIGPIPE`
    public static let brokenPipe = Signal(rawValue: SIGPIPE)
    /// `SIGTERM`
    public static let terminate = Signal(rawValue: SIGTERM)
    /// `SIGCHLD`
    public static let child = Signal(rawValue: SIGCHLD)
    /// `SIGSTOP`
    public static let stop = Signal(rawValue: SIGSTOP)
    /// `SIGCONT`
    public static let `continue` = Signal(rawValue: SIGCONT)
    /// `SIGWINCH`
    public static let windowChange = Signal(rawValue: SIGWINCH)

    /// Names in order of number from 1 on. man 7 signal (numbers of x86 and ARM).
    private static let names = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT",
        "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS"
    ]

    /// Reads `TERM`, `SIGTERM`, `sigterm`, `15`, `RTMIN+3`; nil where it means nothing.
    public init?(name text: String) {
        if let number = Int32(text) {
            guard (1...64).contains(number) else { return nil }
            self.init(rawValue: number)
            return
        }
        let upper = text.uppercased(), bare = upper.hasPrefix("SIG") ? String(upper.dropFirst(3)) : upper
        let aliases = ["IOT": 6, "CLD": 17, "POLL": 29]
        if let index = Self.names.firstIndex(of: bare) {
            self.init(rawValue: Int32(index) + 1)
        } else if let number = aliases[bare] {
            self.init(rawValue: Int32(number))
        } else if bare.hasPrefix("RTMIN"), let offset = Int32(bare.dropFirst(5).isEmpty ? "0" : bare.dropFirst(5)), (0...30).contains(offset) {
            self.init(rawValue: 34 + offset)
        } else if bare.hasPrefix("RTMAX"), let offset = Int32(bare.dropFirst(5).isEmpty ? "0" : bare.dropFirst(5)), (-30...0).contains(offset) {
            self.init(rawValue: 64 + offset)
        } else {
            return nil
        }
    }

    /// The name without `SIG`, such as `TERM`; the number where there is none.
    public var name: String {
        (1...Int32(Self.names.count)).contains(rawValue) ? Self.names[Int(rawValue) - 1] : rawValue >= 34 ? "RTMIN+\(rawValue - 34)" : "\(rawValue)"
    }

    /// `SIG` and the name.
    public var description: String { "SIG\(name)" }
}

/// Sends a signal to a process. man 2 kill.
public func send(_ signal: Signal, to process: ProcessID) throws(KernelError) {
    try call("kill", "\(process) \(signal)") { Glibc.kill(process.rawValue, signal.rawValue) }
}

/// Sends a signal to a process by its pidfd, which never hits another one. man 2 pidfd_send_signal.
public func send(_ signal: Signal, to process: FileDescriptor) throws(KernelError) {
    try call("pidfd_send_signal", "\(process.rawValue) \(signal)") { slipway_pidfd_send_signal(process.rawValue, signal.rawValue) }
}

private func set(of signals: [Signal]) -> sigset_t {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for signal in signals { unsafe sigaddset(&set, signal.rawValue) }
    return set
}

/// Holds signals back from this thread until they are read or unblocked. man 2 sigprocmask.
public func block(_ signals: [Signal]) throws(KernelError) {
    var mask = set(of: signals)
    try call("sigprocmask", "block") { unsafe sigprocmask(SIG_BLOCK, &mask, nil) }
}

/// Lets all signals through and gives them back their default meaning: what a program expects when it starts. man 7 signal.
public func resetSignals() throws(KernelError) {
    for number in CInt(1)...64 where number != SIGKILL && number != SIGSTOP { _ = Glibc.signal(number, SIG_DFL) }
    var none = sigset_t()
    unsafe sigemptyset(&none)
    try call("sigprocmask", "none") { unsafe sigprocmask(SIG_SETMASK, &none, nil) }
}

/// Ignores a signal in the whole process. man 2 signal.
public func ignore(_ signal: Signal) {
    _ = Glibc.signal(signal.rawValue, SIG_IGN)
}

/// A descriptor that becomes readable when one of `signals` (blocked before) arrives; never blocks. man 2 signalfd.
public func signalDescriptor(_ signals: [Signal]) throws(KernelError) -> Descriptor {
    let mask = signals.reduce(UInt64(0)) { $0 | 1 << UInt64($1.rawValue) }
    return Descriptor(try call("signalfd", signals.map(\.name).joined(separator: " ")) { slipway_signalfd(mask) })
}

/// The next signal of a signal descriptor, or nil where none has arrived.
public func readSignal(_ descriptor: FileDescriptor) throws(KernelError) -> Signal? {
    var (number, sender): (UInt32, Int32) = (0, 0)
    do throws(KernelError) {
        try call("read", "signals") { unsafe slipway_read_signal(descriptor.rawValue, &number, &sender) }
        return Signal(rawValue: Int32(number))
    } catch {
        guard error.errno == EAGAIN else { throw error }
        return nil
    }
}
