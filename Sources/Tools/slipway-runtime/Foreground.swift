// Standing before a container's process: signals that we get are passed on, a terminal is joined with ours, and its end is waited for.
import Linux
import Runtime
import Terminals

final class Foreground {
    private let signals: Descriptor
    private let poll: Poll

    /// Begins to hold signals back; do it before the process is made, so that none is lost. The process itself begins with none held back.
    init() throws(KernelError) {
        let names = ["HUP", "INT", "QUIT", "TERM", "USR1", "USR2", "CONT", "WINCH", "ALRM"]
        signals = try signalDescriptor(names.compactMap { Signal(name: $0) })
        poll = try Poll()
        try signals.borrow { (descriptor) throws(KernelError) in try poll.add(descriptor, .readable, token: Token.signal) }
    }

    /// Waits until the process has ended and its terminal has said all.
    func follow(_ started: consuming StartedProcess) throws(KernelError) -> ExitStatus {
        let master = started.takeConsole()?.release()
        defer { if let master { _ = Descriptor(owning: master) } }
        return try started.descriptor.borrow { (process) throws(KernelError) in try follow(process, master) }
    }

    private func follow(_ process: FileDescriptor, _ master: FileDescriptor?) throws(KernelError) -> ExitStatus {
        let raw = master != nil && isTerminal(.standardInput) ? try RawMode(of: .standardInput) : nil
        if let master {
            copyWindowSize(to: master)
            try poll.add(master, .readable, token: Token.output)
            do throws(KernelError) {
                try poll.add(.standardInput, .readable, token: Token.input)
            } catch  where error.errno == 1 || error.errno == 9 {}  // EPERM, EBADF: a file or /dev/null, or closed: nobody types there
        }
        try poll.add(process, .readable, token: Token.end)
        var status: ExitStatus?, isOpen = master != nil
        while status == nil || isOpen {
            for (token, _) in try poll.wait() {
                switch token {
                case Token.signal: try passSignals(to: process, master)
                case Token.end:
                    status = try wait(process)
                    try poll.remove(process)
                case Token.output:
                    guard let master, !relay(master, to: .standardOutput) else { break }
                    isOpen = false
                    try poll.remove(master)
                default:
                    guard let master, !relay(.standardInput, to: master) else { break }
                    try poll.remove(.standardInput)
                }
            }
        }
        raw?.restore()
        return status ?? .exited(1)
    }

    private enum Token { static let signal: UInt64 = 0, end: UInt64 = 1, output: UInt64 = 2, input: UInt64 = 3 }

    private func passSignals(to process: FileDescriptor, _ master: FileDescriptor?) throws(KernelError) {
        try signals.borrow { (descriptor) throws(KernelError) in
            while let signal = try readSignal(descriptor) {
                if signal == .windowChange, let master { copyWindowSize(to: master) } else { try? send(signal, to: process) }  // it may have ended
            }
        }
    }

    private func copyWindowSize(to master: FileDescriptor) {
        if let size = try? WindowSize(of: .standardInput) { try? size.apply(to: master) }  // without a terminal of ours there is no size to copy
    }

    /// Moves what is there; false at the end. A terminal whose other end is gone says EIO.
    private func relay(_ source: FileDescriptor, to target: FileDescriptor) -> Bool {
        do throws(KernelError) {
            let bytes = try read(source, upTo: 65_536)
            try write(target, bytes)
            return !bytes.isEmpty
        } catch {
            return false
        }
    }
}
