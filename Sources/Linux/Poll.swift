// Waiting for many descriptors at once. man 7 epoll. Chapter 11.
import CLinux
import Glibc

/// What to wait for, and what happened.
public struct Readiness: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// `EPOLLIN`
    public static let readable = Readiness(rawValue: 0x001)
    /// `EPOLLOUT`
    public static let writable = Readiness(rawValue: 0x004)
    /// `EPOLLERR`: always reported
    public static let failed = Readiness(rawValue: 0x008)
    /// `EPOLLHUP`: always reported
    public static let hungUp = Readiness(rawValue: 0x010)
    /// `EPOLLRDHUP`: the other end will write no more
    public static let peerClosed = Readiness(rawValue: 0x2000)
    /// `EPOLLET`: told once for each change
    public static let edge = Readiness(rawValue: 1 << 31)
}

/// A set of descriptors to wait for, each with a token of the caller's.
public struct Poll: ~Copyable, Sendable {
    private let queue: Descriptor

    /// An empty set.
    public init() throws(KernelError) {
        queue = Descriptor(try call("epoll_create1", "") { slipway_epoll_create() })
    }

    /// The set's own descriptor: readable when one in it is ready.
    public var number: CInt { queue.number }

    private func control(_ operation: CInt, _ descriptor: FileDescriptor, _ events: Readiness, _ token: UInt64) throws(KernelError) {
        let number = queue.number
        try call("epoll_ctl", "\(descriptor.rawValue)") { slipway_epoll_ctl(number, operation, descriptor.rawValue, events.rawValue, token) }
    }

    /// Adds a descriptor.
    public func add(_ descriptor: FileDescriptor, _ events: Readiness, token: UInt64) throws(KernelError) {
        try control(1, descriptor, events, token)
    }

    /// Changes what a descriptor is waited for.
    public func modify(_ descriptor: FileDescriptor, _ events: Readiness, token: UInt64) throws(KernelError) {
        try control(3, descriptor, events, token)
    }

    /// Takes a descriptor out; one that was closed has left by itself.
    public func remove(_ descriptor: FileDescriptor) throws(KernelError) {
        try control(2, descriptor, [], 0)
    }

    /// Waits until something is ready or the time is over (-1: for ever); empty then, and also after a signal.
    public func wait(milliseconds: CInt = -1) throws(KernelError) -> [(token: UInt64, events: Readiness)] {
        var (events, tokens) = ([UInt32](repeating: 0, count: 64), [UInt64](repeating: 0, count: 64))
        let number = queue.number
        do throws(KernelError) {
            let count = try callOnce("epoll_wait", "") { unsafe slipway_epoll_wait(number, &events, &tokens, 64, milliseconds) }
            return (0..<Int(count)).map { (tokens[$0], Readiness(rawValue: events[$0])) }
        } catch {
            guard error.errno == EINTR else { throw error }
            return []
        }
    }
}

/// Watches files for change: a queue to read or poll, which never blocks. man 7 inotify.
public struct FileWatch: ~Copyable, Sendable {
    private let queue: Descriptor

    /// An empty watch.
    public init() throws(KernelError) {
        queue = Descriptor(try call("inotify_init1", "") { slipway_inotify_create() })
    }

    /// Readable when something happened.
    public var number: CInt { queue.number }

    /// Watches a path. `mask` is of the `IN_` words of man 7 inotify; the default is modified, moved, deleted, attributes.
    public func add(_ path: FilePath, mask: UInt32 = 0x2 | 0x4 | 0x400 | 0x800) throws(KernelError) {
        let number = queue.number
        try call("inotify_add_watch", "\(path)") { unsafe path.cString { unsafe slipway_inotify_add(number, $0, mask) } }
    }

    /// Throws the queued notices away.
    public func drain() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while unsafe Glibc.read(queue.number, &buffer, buffer.count) > 0 {}
    }
}
