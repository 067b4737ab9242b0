// The server: listens on unix sockets and TCP ports, and gives each request to one function. Chapter 12.
public import Linux
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// What a client may ask of the server before it is refused.
public struct Limits: Sendable {
    /// Bytes of a request's head, the request line and all fields.
    public var headBytes = 65_536
    /// From the first byte of a head to its last. Bodies may take as long as they like: some come from a person's keyboard.
    public var headSeconds = 30.0

    public init() {}
}

/// Why a server cannot listen.
public enum ServerError: Error, Sendable, CustomStringConvertible {
    /// Another process answers at the socket.
    case inUse(String)
    /// The system refused, and why.
    case refused(String, why: String)

    public var description: String {
        switch self {
        case .inUse(let address): "listen on \(address): another process answers there"
        case .refused(let address, let why): "listen on \(address): \(why)"
        }
    }
}

/// An HTTP/1.1 server.
public final class Server: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let limits: Limits
    private let handler: @Sendable (Request) async -> Response
    private let sockets = Mutex<[FilePath]>([])
    private let openChannels = OpenChannels()

    /// - Parameters:
    ///   - threads: event loops
    ///   - limits: what a client may ask
    ///   - handler: answers a request; its task is cancelled when the client goes while a stream is being answered
    public init(threads: Int = 2, limits: Limits = Limits(), handler: @escaping @Sendable (Request) async -> Response) {
        (group, self.limits, self.handler) = (MultiThreadedEventLoopGroup(numberOfThreads: threads), limits, handler)
    }

    /// Listens on a unix socket. A socket file where nobody answers, left by a server that was killed, is replaced.
    ///
    /// - Parameter mode: the permissions of the socket file: who may write to it may connect
    /// - Throws: `ServerError`
    public func bind(unix path: FilePath, mode: UInt32 = 0o660) async throws {
        let address = "unix://\(path)"
        if let other = try? connect(path, .stream) {  // nobody there is what we hope for
            _ = consume other
            throw ServerError.inUse(address)
        }
        do {
            if exists(path) {
                guard try status(path).kind == .socket else { throw ServerError.refused(address, why: "something else has that name") }
                try remove(path)
            }
            let socket = try listen(path, .stream, backlog: 1024)
            try changeMode(path, mode)
            let same = try socket.duplicate()
            openChannels.add(try await bootstrap(isTCP: false).withBoundSocket(socket.release().rawValue).get())
            try same.borrow { (descriptor) throws(KernelError) in try setBacklog(of: descriptor, 1024) }
        } catch let error as KernelError {
            throw ServerError.refused(address, why: error.description)
        }
        sockets.withLock { $0.append(path) }
    }

    /// Listens on a TCP port.
    ///
    /// - Returns: the port; the kernel's choice if 0 was asked for
    /// - Throws: `ServerError`
    public func bind(host: String, port: Int) async throws -> Int {
        do {
            let channel = try await bootstrap(isTCP: true).bind(host: host, port: port).get()
            openChannels.add(channel)
            return channel.localAddress?.port ?? port
        } catch {
            throw ServerError.refused("tcp://\(host):\(port)", why: "\(error)")
        }
    }

    /// Ends everything: nobody can connect any more, connections are cut, the handler's tasks are cancelled and get five seconds to end,
    /// and socket files are removed.
    public func shutdown() async {
        for path in sockets.withLock({ $0 }) {
            try? remove(path)  // somebody may have removed it already
        }
        await openChannels.closeAll()
        try? await group.shutdownGracefully()  // fails only where it was shut down before
    }

    private func bootstrap(isTCP: Bool) -> ServerBootstrap {
        let (handler, limits, openChannels) = (handler, limits, openChannels)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    openChannels.add(channel)
                    let gate = Gate(limits), pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(gate)
                    try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes)))
                    try pipeline.addHandler(ServerConnection(channel, gate, openChannels, handler))
                }
            }
        guard isTCP else { return bootstrap }
        return bootstrap.serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1).childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
    }
}
