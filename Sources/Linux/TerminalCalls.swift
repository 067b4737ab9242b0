// Pseudo-terminals: a pair of which the container holds one end and we the other. man 7 pty, man 3 posix_openpt, man 4 tty_ioctl. Chapter 06.
import CLinux
import Glibc

/// The master of a new pseudo-terminal of this mount namespace's /dev/pts, and the path of its other end.
public func openTerminal() throws(KernelError) -> (master: FileDescriptor, path: FilePath) {
    var name = [CChar](repeating: 0, count: 128)
    let master = try call("posix_openpt", "/dev/ptmx") { unsafe slipway_open_terminal(&name, UInt64(name.count)) }
    return (FileDescriptor(rawValue: master), FilePath(String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)))
}

/// The master of a new pseudo-terminal of the devpts whose `ptmx` is named, and its number: the other end is `pts/NUMBER` beside it.
public func openTerminal(ptmx: FilePath) throws(KernelError) -> (master: FileDescriptor, number: Int) {
    var number: CInt = 0
    let master = try call("open", "\(ptmx)") { unsafe ptmx.cString { unsafe slipway_open_terminal_at($0, &number) } }
    return (FileDescriptor(rawValue: master), Int(number))
}

/// A terminal's size in character cells. man 4 tty_ioctl, `TIOCGWINSZ`.
public func windowSize(_ terminal: FileDescriptor) throws(KernelError) -> (rows: UInt16, columns: UInt16) {
    var (rows, columns): (UInt16, UInt16) = (0, 0)
    try call("ioctl", "\(terminal.rawValue) TIOCGWINSZ") { unsafe slipway_window_size(terminal.rawValue, &rows, &columns) }
    return (rows, columns)
}

/// Sets a terminal's size; whoever runs on it gets SIGWINCH. man 4 tty_ioctl, `TIOCSWINSZ`.
public func setWindowSize(_ terminal: FileDescriptor, rows: UInt16, columns: UInt16) throws(KernelError) {
    try call("ioctl", "\(terminal.rawValue) TIOCSWINSZ \(rows)x\(columns)") { slipway_set_window_size(terminal.rawValue, rows, columns) }
}

/// Makes a terminal the controlling one of this session, which must have none. man 4 tty_ioctl, `TIOCSCTTY`.
public func setControllingTerminal(_ terminal: FileDescriptor) throws(KernelError) {
    try call("ioctl", "\(terminal.rawValue) TIOCSCTTY") { slipway_set_controlling_terminal(terminal.rawValue) }
}

/// Whether a descriptor is a terminal. man 3 isatty.
public func isTerminal(_ descriptor: FileDescriptor) -> Bool { isatty(descriptor.rawValue) == 1 }

/// A terminal's settings, kept to be restored. man 3 termios.
public struct TerminalSettings: Sendable {
    var raw: termios

    /// These settings without echo, line editing, signals and translation: every byte passes. man 3 cfmakeraw.
    public var passingEveryByte: TerminalSettings {
        var copy = self
        unsafe cfmakeraw(&copy.raw)
        return copy
    }
}

/// The settings of a terminal. man 3 tcgetattr.
public func terminalSettings(_ terminal: FileDescriptor) throws(KernelError) -> TerminalSettings {
    var raw = termios()
    try call("tcgetattr", "\(terminal.rawValue)") { unsafe tcgetattr(terminal.rawValue, &raw) }
    return TerminalSettings(raw: raw)
}

/// Sets a terminal up, after what was written has been sent. man 3 tcsetattr.
public func setTerminalSettings(_ terminal: FileDescriptor, _ settings: TerminalSettings) throws(KernelError) {
    var raw = settings.raw
    try call("tcsetattr", "\(terminal.rawValue)") { unsafe tcsetattr(terminal.rawValue, TCSADRAIN, &raw) }
}
