// The server: listens on unix sockets and TCP ports, and gives each request to one function. Chapter 12.
import NIOCore
import NIOHTTP1
import NIOPosix

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
    private let handler: @Sendable (Request) async -> Response

    /// - Parameters:
    ///   - threads: event loops
    ///   - handler: answers a request; its task is cancelled when the client goes
    public init(threads: Int = 2, handler: @escaping @Sendable (Request) async -> Response) {
        group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        self.handler = handler
    }

    private var bootstrap: ServerBootstrap {
        let handler = handler
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    let connection = ServerConnection(handler)
                    try pipeline.addHandler(HTTPResponseEncoder())
                    try pipeline.addHandler(EndOfInput(connection))
                    try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes)))
                    try pipeline.addHandler(HTTPServerProtocolErrorHandler())
                    try pipeline.addHandler(connection)
                }
            }
    }

    /// Listens on a unix socket; a socket file that nobody answers at is replaced.
    public func bind(unix path: String) async throws {
        if (try? await ClientBootstrap(group: group).connect(unixDomainSocketPath: path).get().close().get()) != nil {  // nobody there is what we hope for
            throw ServerError.inUse("unix://\(path)")
        }
        do {
            _ = try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        } catch {
            throw ServerError.refused("unix://\(path)", why: "\(error)")
        }
    }

    /// Listens on a TCP port; returns the port (as asked, or the one that 0 became).
    public func bind(host: String, port: Int) async throws -> Int {
        do {
            return try await bootstrap.serverChannelOption(.socketOption(.so_reuseaddr), value: 1).bind(host: host, port: port).get().localAddress?.port ?? port
        } catch {
            throw ServerError.refused("tcp://\(host):\(port)", why: "\(error)")
        }
    }

    /// Closes everything.
    public func shutdown() async throws { try await group.shutdownGracefully() }
}
