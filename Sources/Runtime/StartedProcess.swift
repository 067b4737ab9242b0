// What a caller hands in and gets back: the three streams, and a process that runs.  Chapter 06.

public import Linux

/// What becomes the process's standard input, output and error. With a terminal they are not used: the terminal is all three.
public struct StandardStreams: Sendable {
    /// Standard input.
    public let input: FileDescriptor
    /// Standard output.
    public let output: FileDescriptor
    /// Standard error.
    public let error: FileDescriptor

    /// Streams of the caller's; they stay open, and stay the caller's.
    public init(input: FileDescriptor, output: FileDescriptor, error: FileDescriptor) {
        self.input = input
        self.output = output
        self.error = error
    }

    /// The caller's own.
    public static let inherited = StandardStreams(input: .standardInput, output: .standardOutput, error: .standardError)
}

/// A process in a container, as its parent holds it.
public struct StartedProcess: ~Copyable, Sendable {
    /// Its number on the host.
    public let process: ProcessID
    /// A pidfd: readable once the process has ended, and `wait` on it reaps.
    public let descriptor: Descriptor
    private var console: Descriptor?

    init(process: ProcessID, descriptor: consuming Descriptor, console: consuming Descriptor?) {
        self.process = process
        self.descriptor = descriptor
        self.console = console
    }

    /// The terminal's master, if the process has a terminal; the second time nil.
    public mutating func takeConsole() -> Descriptor? {
        let taken = console.take()
        return taken
    }
}
