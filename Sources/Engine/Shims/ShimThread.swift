// One plain thread that serves the control sockets of all shims. NIO cannot receive descriptors by SCM_RIGHTS and knows no packets, and an epoll
// loop of this size is all that is needed: readable means a message, a hang-up means that the shim is gone. Shims that we started are our
// children, and are reaped here too, by their pidfds. Chapter 12. man 7 epoll, man 2 pidfd_open.
import Linux
import Offload
import ShimProtocol
import Synchronization

/// Starts shims, connects with those that are there, and listens to all.
final class ShimThread: Sendable {
    private enum Watched: Sendable {
        case link(ShimLink)
        case child(PidHandle)
    }
    private final class PidHandle: Sendable {
        let descriptor: Descriptor
        init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
    }
    private let poll: Poll
    private let watched = Mutex<(next: UInt64, all: [UInt64: Watched])>((1, [:]))
    private let executable: FilePath

    /// - Parameter executable: slipway-shim
    init(executable: FilePath) throws(KernelError) {
        self.executable = executable
        poll = try Poll()
        Task { await offloadAlone { self.run() } }
    }

    /// Starts a shim for a bundle, and is connected with it. Blocks for a moment.
    func start(_ bundle: FilePath, onEvent: @escaping @Sendable (ShimLink, ShimEvent) -> Void, onEnd: @escaping @Sendable (ShimLink) -> Void)
        throws(KernelError) -> ShimLink
    {
        var pair = try SocketPair(.packets)
        let far = pair.far.number
        let child = try spawn(
            Spawn(executable, ["slipway-shim", bundle.string], environment: ["SWIFT_ROOT=/"], descriptors: [(FileDescriptor(rawValue: far), 3)]))
        let near = try pair.takeNear()
        let link = ShimLink(ShimChannel(owning: near), onEvent: onEvent, onEnd: onEnd)
        try watch(.child(PidHandle(try child.descriptor.duplicate())))
        try watch(.link(link))
        return link
    }

    /// Connects with a shim that an earlier daemon has left.
    func connect(_ socket: FilePath, onEvent: @escaping @Sendable (ShimLink, ShimEvent) -> Void, onEnd: @escaping @Sendable (ShimLink) -> Void) throws
        -> ShimLink
    {
        let link = ShimLink(try ShimChannel(connectingTo: socket), onEvent: onEvent, onEnd: onEnd)
        try watch(.link(link))
        return link
    }

    private func watch(_ what: Watched) throws(KernelError) {
        let token: UInt64 = watched.withLock { watched in
            defer { watched.next += 1 }
            watched.all[watched.next] = what
            return watched.next
        }
        let descriptor =
            switch what {
            case .link(let link): link.channel.descriptor
            case .child(let child): FileDescriptor(rawValue: child.descriptor.number)
            }
        try poll.add(descriptor, .readable, token: token)
    }

    private func run() {
        while true {
            let ready: [(token: UInt64, events: Readiness)]
            do throws(KernelError) { ready = try poll.wait() } catch { preconditionFailure("the shims' thread cannot wait: \(error)") }
            for (token, _) in ready {
                guard let what = watched.withLock({ $0.all[token] }) else { continue }
                if !serve(what) { forget(token, what) }
            }
        }
    }

    /// False where it will not be heard of again.
    private func serve(_ what: Watched) -> Bool {
        switch what {
        case .link(let link): return link.receive()
        case .child(let child):
            _ = try? wait(FileDescriptor(rawValue: child.descriptor.number), noHang: true)  // reaped by whomever: it is gone, and that is all
            return false
        }
    }

    private func forget(_ token: UInt64, _ what: Watched) {
        watched.withLock { $0.all[token] = nil }
        switch what {
        case .link(let link):
            try? poll.remove(link.channel.descriptor)  // closing it takes it out as well
            link.end()
        case .child(let child): try? poll.remove(FileDescriptor(rawValue: child.descriptor.number))  // likewise
        }
    }
}

extension SocketPair {
    /// Gives the near end away; the far end is closed with the pair.
    fileprivate mutating func takeNear() throws(KernelError) -> Descriptor { try near.duplicate() }
}
