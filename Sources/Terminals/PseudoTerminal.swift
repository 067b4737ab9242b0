// A pseudo-terminal: whatever is written to one end comes out of the other, with a line discipline in between (echo, line editing, ^C).
// The container's process has the *terminal* end as its streams and its controlling terminal; we keep the *master*, and whoever
// is attached reads and writes there. When the last user of the terminal end is gone, reading the master fails with EIO: that, and not
// an empty read, is the end of the output. man 7 pty. Chapter 06.
public import Linux

/// The master end of a pseudo-terminal.
public struct PseudoTerminal: ~Copyable, Sendable {
    /// Closes with this value, which hangs up whoever runs on the terminal.
    public var master: Descriptor
    /// The terminal end, as the mount namespace that made it sees it.
    public let path: FilePath

    /// Makes a pair in this mount namespace's devpts.
    public init() throws(KernelError) {
        let pair = try openTerminal()
        master = Descriptor(owning: pair.master)
        path = pair.path
    }

    /// Makes a pair in the devpts instance mounted at `directory`, such as a container's `/dev/pts` before it is entered.
    public init(in directory: FilePath) throws(KernelError) {
        let pair = try openTerminal(ptmx: directory.appending("ptmx"))
        master = Descriptor(owning: pair.master)
        path = directory.appending("\(pair.number)")
    }

    /// Opens the terminal end, without making it anybody's controlling terminal.
    public func openTerminalEnd() throws(KernelError) -> Descriptor {
        try open(path, [.readWrite, .noTerminal])
    }
}

/// A terminal's size in characters.
public struct WindowSize: Sendable, Equatable {
    public var rows: UInt16
    public var columns: UInt16

    public init(rows: UInt16, columns: UInt16) {
        self.rows = rows
        self.columns = columns
    }

    /// The size of a terminal. The corresponding call is `ioctl(TIOCGWINSZ)`, man 4 tty_ioctl.
    public init(of terminal: FileDescriptor) throws(KernelError) {
        let size = try windowSize(terminal)
        self.init(rows: size.rows, columns: size.columns)
    }

    /// Gives a terminal this size; what runs in its foreground gets SIGWINCH. `ioctl(TIOCSWINSZ)`.
    public func apply(to terminal: FileDescriptor) throws(KernelError) {
        try setWindowSize(terminal, rows: rows, columns: columns)
    }
}
