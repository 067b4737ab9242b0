// The server behind 127.0.0.11: sockets inside the namespaces of all containers on user-defined networks, served by one plain thread of the
// daemon. A socket stays in the namespace in which it was made, whoever uses it, so the thread itself never leaves the host's: what it
// forwards goes out as from any program of the host. A container costs two sockets and a share of the names of its networks.
//
//     container ──53──► 127.0.0.11 ──redirect──► 127.0.0.11:41234 ┄┄ NameService ──► the host's resolvers
//
// Containers are strangers to each other and to us: each may have so many queries and connections under way and no more; what is beyond that
// is dropped or waits in the kernel. When the daemon is dead the sockets are too, and the next one opens others. Chapter 09, chapter 12.
import Linux
import Networks
import Offload
import Synchronization

/// A container's two sockets for queries, at 127.0.0.11 and ports that the kernel chose. Made by a thread inside the container's namespace.
final class NameSockets: Sendable {
    let udp: Descriptor, tcp: Descriptor
    let udpPort: UInt16, tcpPort: UInt16

    /// 127.0.0.11, where containers look for their name server.
    static let address: UInt32 = 0x7f00_000b

    /// Makes both in the network namespace of the calling thread, whose loopback must be up.
    /// - Parameter address: for tests beside each other, another one of 127.0.0.0/8
    init(address: UInt32 = NameSockets.address) throws(KernelError) {
        udp = try bind(.udp, to: InternetName(address: address, port: 0))
        tcp = try bind(.tcp, to: InternetName(address: address, port: 0))
        udpPort = try udp.borrow { (socket) throws(KernelError) in try boundName(of: socket).port }
        tcpPort = try tcp.borrow { (socket) throws(KernelError) in try boundName(of: socket).port }
        for socket in [FileDescriptor(rawValue: udp.number), FileDescriptor(rawValue: tcp.number)] { try setNonBlocking(socket) }
        try setBacklog(of: FileDescriptor(rawValue: tcp.number), 16)
    }
}

/// Limits of one container, so that nobody's flood costs the others or the daemon's memory.
struct NameLimits: Sendable {
    /// Queries under way to servers outside; further ones are dropped, and the asker asks again.
    var forwards = 100
    /// Connections; further ones wait in the kernel.
    var connections = 16
    /// The same for all containers together: each costs a descriptor, of which a process has a thousand by default, and the daemon needs some.
    var allForwards = 256, allConnections = 128
    /// Queries under way of one connection; further ones are not read.
    var pipelined = 16
    /// The longest query that is taken over TCP, and how much of an answer may wait for a slow reader.
    var queryBytes = 4096, waitingBytes = 131_072
    /// How long a server may take before the next is asked. A client waits for five seconds, by man 5 resolv.conf.
    var serverNanoseconds: UInt64 = 2_000_000_000
    /// How long a connection may be silent.
    var idleNanoseconds: UInt64 = 10_000_000_000
    /// Datagrams taken from one socket before the others have their turn.
    var turn = 32
}

/// Serves names to containers. Safe to use from several threads; its effects are there when a call returns.
final class NameService: Sendable {
    private let poll: SharedPoll
    private let loop: Mutex<NameLoop>

    /// Starts the thread.
    convenience init() throws(KernelError) { try self.init(limits: NameLimits()) }

    init(limits: NameLimits) throws(KernelError) {
        let poll = try SharedPoll()
        let wake = try Pipe()
        self.poll = poll
        loop = Mutex(try NameLoop(poll, limits, wake: wake))
        Task { await offloadAlone { self.run() } }
    }

    /// Begins to serve a container.
    /// - Parameters:
    ///   - container: its id; one that is served already gets these sockets instead of its old ones
    ///   - sockets: made inside its namespace
    ///   - table: the names that it sees
    ///   - servers: who is asked for other names, in this order, from the host's namespace
    func open(_ container: String, _ sockets: NameSockets, table: NameTable, servers: [InternetName]) throws(KernelError) {
        try loop.withLock { (loop) throws(KernelError) in try loop.open(container, sockets, table, servers) }
    }

    /// Gives a container another table; nothing where it is not served.
    func update(_ container: String, table: NameTable) { loop.withLock { $0.update(container, table) } }

    /// Stops serving a container and closes its sockets, which would keep its namespace alive.
    func close(_ container: String) { loop.withLock { $0.close(container) } }

    /// The containers that are served.
    var containers: Set<String> { loop.withLock { $0.containers } }

    /// Closes everything, and ends the thread.
    func end() { loop.withLock { $0.end() } }

    /// Queries and connections under way: for tests.
    var underWay: (forwards: Int, connections: Int) { loop.withLock { ($0.forwards.count, $0.connections.count) } }

    private func run() {
        var wait: CInt = -1
        while wait != NameLoop.ended {
            let ready: [(token: UInt64, events: Readiness)]
            do throws(KernelError) { ready = try poll.set.wait(milliseconds: wait) } catch { preconditionFailure("the name service cannot wait: \(error)") }
            wait = loop.withLock { loop in
                for (token, events) in ready { loop.serve(token, events) }
                return loop.tick()
            }
        }
    }
}

/// The set of descriptors to wait for: used by the loop, waited for outside its lock.
final class SharedPoll: Sendable {
    let set: Poll
    init() throws(KernelError) { set = try Poll() }
}

/// An open socket, in tables.
final class NameSocket: Sendable {
    let descriptor: Descriptor
    var number: FileDescriptor { FileDescriptor(rawValue: descriptor.number) }
    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
}
