// How a connection comes about: the socket, a tunnel through a proxy where there is one, TLS where asked, and HTTP on top. A task that is
// cancelled meanwhile closes what there is; a lookup of a name cannot be interrupted, so it is only left behind. chapter 08
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// How to connect, and how patient to be.
public struct ConnectionSettings: Sendable {
    /// TLS, or nil for none.
    public var tls: TLS?
    /// How long a connection may take to come about, and then a server of TLS to say its first word.
    public var connectTimeout: Duration = .seconds(10)
    /// How long the other side may be silent while something is due; nil for as long as it likes.
    public var idleTimeout: Duration?
    /// The proxy in between, if any.
    public var proxy: Proxy?

    public init() {}
}

/// The channels of a connection that is coming about: one for each address of a name that is tried.
private final class Opening: Sendable {
    private let state = Mutex<(channels: [any Channel], isCancelled: Bool)>(([], false))

    /// Whether to go on with this one.
    func began(_ channel: any Channel) -> Bool {
        state.withLock { state in
            state.channels.append(channel)
            return !state.isCancelled
        }
    }

    func cancel() {
        let channels = state.withLock { state in
            state.isCancelled = true
            return state.channels
        }
        for channel in channels { channel.close(promise: nil) }
    }
}

/// Connects, and puts HTTP on the connection.
func connect(to address: Address, _ settings: ConnectionSettings) async throws -> (any Channel, ClientConnection) {
    let opening = Opening()
    do {
        let made = try await withTaskCancellationHandler {
            try await bootstrap(settings, opening).connect(to: settings.proxy?.address ?? address) { channel in
                prepare(channel, address, settings)
            }
        } onCancel: {
            opening.cancel()
        }
        if Task.isCancelled { made.0.close(promise: nil) }
        try Task.checkCancellation()
        return made
    } catch {
        try Task.checkCancellation()
        throw ClientError(connecting: error, to: settings.proxy?.address ?? address)
    }
}

private func bootstrap(_ settings: ConnectionSettings, _ opening: Opening) -> ClientBootstrap {
    ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connectTimeout(TimeAmount(settings.connectTimeout))
        // Whoever takes megabytes gets them in pieces that are worth their price.
        .channelOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1_024, initial: 16_384, maximum: 262_144))
        // TLS has an end of its own, and after that nothing may come.
        .channelOption(.allowRemoteHalfClosure, value: settings.tls == nil)
        .channelInitializer { channel in
            opening.began(channel) ? channel.eventLoop.makeSucceededVoidFuture() : channel.eventLoop.makeFailedFuture(CancellationError())
        }
}

extension ClientBootstrap {
    fileprivate typealias Made = (any Channel, ClientConnection)

    fileprivate func connect(to address: Address, _ prepare: @escaping @Sendable (any Channel) -> EventLoopFuture<Made>) async throws -> Made {
        switch address {
        case .unix(let path): try await connect(unixDomainSocketPath: path, channelInitializer: prepare)
        case .tcp(let host, let port): try await connect(host: host, port: port, channelInitializer: prepare)
        }
    }
}

private func prepare(_ channel: any Channel, _ address: Address, _ settings: ConnectionSettings) -> EventLoopFuture<(any Channel, ClientConnection)> {
    channel.eventLoop.makeCompletedFuture {
        let pipeline = channel.pipeline.syncOperations
        if let tls = settings.tls {
            if let proxy = settings.proxy { try pipeline.addHandler(Tunnel(to: address, through: proxy)) }
            try pipeline.addHandler(Greeting(address, within: TimeAmount(settings.connectTimeout)))
            try pipeline.addHandler(tls.handler(for: address.host))
        }
        return (channel, try ClientConnection.add(to: channel, address, silence: settings.idleTimeout.map { TimeAmount($0) }))
    }
}
