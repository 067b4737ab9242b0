// An owned file descriptor. Ownership is in the type: a `Descriptor` cannot be copied, and closes when it goes out of scope, so that no
// path out of a function leaks one. Functions take swift-system's `FileDescriptor`, a plain number, which `borrow` lends for the time of a
// closure. man 2 close: a close is never repeated, whatever it says. Chapter 00.
import CLinux
import Glibc
@_exported public import SystemPackage

/// Owns a file descriptor and closes it at the end of its life.
public struct Descriptor: ~Copyable, Sendable {
    private let descriptor: FileDescriptor

    /// Takes over a descriptor that nobody else will close.
    public init(owning descriptor: FileDescriptor) {
        self.descriptor = descriptor
    }

    init(_ raw: CInt) {
        descriptor = FileDescriptor(rawValue: raw)
    }

    deinit {
        _ = Glibc.close(descriptor.rawValue)
    }

    /// Lends the number for the time of `body`, which must not keep or close it.
    public borrowing func borrow<Result: ~Copyable, Failure: Error>(
        _ body: (FileDescriptor) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(descriptor)
    }

    /// The number, for messages and for calls that only name a descriptor; valid for as long as this value lives.
    public var number: CInt { descriptor.rawValue }

    /// Gives the number away: the caller closes it.
    public consuming func release() -> FileDescriptor {
        let released = descriptor
        discard self
        return released
    }

    /// A second descriptor for the same open file, close-on-exec. The corresponding call is `fcntl(F_DUPFD_CLOEXEC)`.
    public borrowing func duplicate() throws(KernelError) -> Descriptor {
        try Linux.duplicate(descriptor)
    }
}

/// A second descriptor for the same open file, close-on-exec and at least 3. The corresponding call is `fcntl(F_DUPFD_CLOEXEC)`.
public func duplicate(_ descriptor: FileDescriptor) throws(KernelError) -> Descriptor {
    Descriptor(try call("fcntl", "\(descriptor.rawValue) F_DUPFD_CLOEXEC") { fcntl(descriptor.rawValue, F_DUPFD_CLOEXEC, 3) })
}

/// Makes `target` (such as 0, 1, 2) mean the same open file as `descriptor`, and survive execve. man 2 dup3.
public func duplicate(_ descriptor: FileDescriptor, onto target: CInt) throws(KernelError) {
    guard descriptor.rawValue != target else { return try keepOnExec(descriptor) }
    try call("dup3", "\(descriptor.rawValue) onto \(target)") { slipway_dup3(descriptor.rawValue, target, 0) }
}

/// Lets a descriptor survive execve. The corresponding call is `fcntl(F_SETFD, 0)`.
public func keepOnExec(_ descriptor: FileDescriptor) throws(KernelError) {
    try call("fcntl", "\(descriptor.rawValue) F_SETFD 0") { fcntl(descriptor.rawValue, F_SETFD, 0) }
}

/// Makes reads and writes return EAGAIN instead of waiting. The corresponding call is `fcntl(F_SETFL, O_NONBLOCK)`.
public func setNonBlocking(_ descriptor: FileDescriptor, _ on: Bool = true) throws(KernelError) {
    let flags = try call("fcntl", "\(descriptor.rawValue) F_GETFL") { fcntl(descriptor.rawValue, F_GETFL) }
    try call("fcntl", "\(descriptor.rawValue) F_SETFL") { fcntl(descriptor.rawValue, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) }
}

/// Closes every descriptor from `first` up. man 2 close_range.
public func closeDescriptors(from first: CInt) throws(KernelError) {
    try call("close_range", "\(first)…") { slipway_close_range(UInt32(first), .max, 0) }
}

/// Makes every descriptor from `first` up close at the next execve. man 2 close_range, `CLOSE_RANGE_CLOEXEC`.
public func closeOnExec(from first: CInt) throws(KernelError) {
    try call("close_range", "\(first)… CLOEXEC") { slipway_close_range(UInt32(first), .max, 1 << 2) }
}

/// A pipe; both ends are close-on-exec. man 2 pipe2. Noncopyable members cannot stand in a tuple, hence a type.
public struct Pipe: ~Copyable {
    /// The end to read from.
    public var reading: Descriptor
    /// The end to write to.
    public var writing: Descriptor

    /// Makes a pipe.
    public init() throws(KernelError) {
        var pair: (CInt, CInt) = (-1, -1)
        try call("pipe2", "") {
            unsafe withUnsafeMutableBytes(of: &pair) { unsafe slipway_pipe2($0.baseAddress?.assumingMemoryBound(to: CInt.self), O_CLOEXEC) }
        }
        reading = Descriptor(pair.0)
        writing = Descriptor(pair.1)
    }
}
