// The client: one connection to an engine, over a unix socket or TCP, used for request after request until one of them takes it for itself
// (attach, exec). It asks for one thing at a time, which is all that a command line needs; what must go on at once uses clients of its own.
// Chapter 13.
import NIOCore
import NIOHTTP1
import NIOPosix

/// Where an engine listens.
public enum Address: Sendable, Equatable, CustomStringConvertible {
    case unix(path: String)
    case tcp(host: String, port: Int)

    /// Reads `unix:///path` and `tcp://host:port`; nil for anything else.
    public init?(_ text: String) {
        if text.hasPrefix("unix://"), text.count > 7 {
            self = .unix(path: String(text.dropFirst(7)))
        } else if text.hasPrefix("tcp://") || text.hasPrefix("http://"), let start = text.range(of: "://", in: text) {
            let rest = text[start...].prefix { $0 != "/" }
            let cut = rest.lastIndex(of: ":")
            let host = cut.map { rest[..<$0] } ?? rest
            guard let port = cut.map({ Int(rest[rest.index(after: $0)...]) }) ?? 2375, !host.isEmpty else { return nil }
            self = .tcp(host: String(host), port: port)
        } else {
            return nil
        }
    }

    public var description: String {
        switch self {
        case .unix(let path): "unix://\(path)"
        case .tcp(let host, let port): "tcp://\(host):\(port)"
        }
    }
}

extension String {
    /// Where the text after the first `needle` begins.
    fileprivate func range(of needle: String, in text: String) -> String.Index? {
        var index = text.startIndex
        while index < text.endIndex {
            if text[index...].hasPrefix(needle) { return text.index(index, offsetBy: needle.count) }
            index = text.index(after: index)
        }
        return nil
    }
}

/// Why a request got no reply.
public enum ClientError: Error, Sendable, CustomStringConvertible {
    /// Nobody listens, or we may not connect.
    case cannotConnect(Address, why: String, isPermission: Bool)
    /// The connection ended in the middle.
    case ended(Address)

    public var description: String {
        switch self {
        case .cannotConnect(let address, let why, _): "connect to \(address): \(why)"
        case .ended(let address): "\(address): the connection ended before the reply was whole"
        }
    }
}

/// A reply whose body is still on its way.
public struct Reply: Sendable {
    public let status: Int
    public let headers: Headers
    /// The body in chunks as they come.
    public let body: ReplyBody

    /// The whole body.
    public func bytes() async throws -> [UInt8] {
        var all: [UInt8] = []
        for try await part in body { all += part }
        return all
    }
}

/// Chunks of a reply.
public struct ReplyBody: AsyncSequence, Sendable {
    public typealias Element = [UInt8]
    let stream: AsyncThrowingStream<ByteBuffer, any Error>

    /// Takes chunks one by one.
    public struct AsyncIterator: AsyncIteratorProtocol {
        var inner: AsyncThrowingStream<ByteBuffer, any Error>.Iterator
        public mutating func next() async throws -> [UInt8]? { try await inner.next().map { Array($0.readableBytesView) } }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(inner: stream.makeAsyncIterator()) }
}

/// A connection to an engine.
public final class Client: Sendable {
    /// Where it leads.
    public let address: Address
    private let channel: any Channel
    private let handler: ClientConnection
    /// The host header; engines on unix sockets do not look at it.
    private let host: String

    /// Connects. Throws `ClientError.cannotConnect`.
    public init(_ address: Address) async throws {
        self.address = address
        let handler = ClientConnection(address)
        self.handler = handler
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(10))
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(HTTPRequestEncoder())
                    try pipeline.addHandler(ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes)))
                    try pipeline.addHandler(handler)
                }
            }
        do {
            switch address {
            case .unix(let path): (channel, host) = (try await bootstrap.connect(unixDomainSocketPath: path).get(), "docker")
            case .tcp(let name, let port): (channel, host) = (try await bootstrap.connect(host: name, port: port).get(), "\(name):\(port)")
            }
        } catch let error as IOError {
            throw ClientError.cannotConnect(address, why: error.description, isPermission: error.errnoCode == 13)
        } catch {
            throw ClientError.cannotConnect(address, why: "\(error)", isPermission: false)
        }
    }

    /// Sends a request and gives its reply as soon as the head is there.
    /// - Parameter body: chunks; with more than one, or an unknown number, they are sent chunked
    public func request(_ method: String, _ target: String, headers: Headers = [:], body: [UInt8]? = nil) async throws -> Reply {
        var head = head(method, target, headers)
        head.headers.replaceOrAdd(name: "Content-Length", value: "\(body?.count ?? 0)")
        if method == "GET" || method == "HEAD" { head.headers.remove(name: "Content-Length") }
        let reply = handler.expect(isHead: method == "HEAD", on: channel)
        channel.write(ClientOutgoing.head(head), promise: nil)
        if let body, !body.isEmpty { channel.write(ClientOutgoing.bytes(ByteBuffer(bytes: body)), promise: nil) }
        channel.writeAndFlush(ClientOutgoing.end, promise: nil)
        return try await reply.get()
    }

    /// Sends a request whose body comes in chunks, each sent when the last has left.
    public func upload<Chunks: AsyncSequence & Sendable>(
        _ method: String, _ target: String, headers: Headers = [:], chunks: Chunks
    ) async throws -> Reply where Chunks.Element == [UInt8] {
        var head = head(method, target, headers)
        head.headers.replaceOrAdd(name: "Transfer-Encoding", value: "chunked")
        let reply = handler.expect(isHead: false, on: channel)
        channel.write(ClientOutgoing.head(head), promise: nil)
        for try await chunk in chunks {
            // An engine that has refused stops reading: its answer is what counts then.
            do { try await channel.writeAndFlush(ClientOutgoing.bytes(ByteBuffer(bytes: chunk))).get() } catch { return try await reply.get() }
        }
        channel.writeAndFlush(ClientOutgoing.end, promise: nil)
        return try await reply.get()
    }

    /// Asks for the connection itself. Where the engine agrees (101, or 200 without a length), the client is used up and the stream is given.
    public func upgrade(_ method: String, _ target: String, headers: Headers = [:], body: [UInt8] = []) async throws -> (reply: Reply, stream: ClientStream?) {
        var headers = headers
        headers["Connection"] = "Upgrade"
        headers["Upgrade"] = "tcp"
        let reply = try await request(method, target, headers: headers, body: body)
        guard reply.status == 101 else { return (reply, nil) }
        let handler = handler, channel = channel
        return (reply, try await channel.eventLoop.submit { try handler.becomeStream(channel) }.get())
    }

    /// Closes the connection.
    public func close() async {
        try? await channel.close().get()  // it may have been closed from the other side
    }

    private func head(_ method: String, _ target: String, _ headers: Headers) -> HTTPRequestHead {
        var all = headers.fields
        all.replaceOrAdd(name: "Host", value: host)
        return HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method), uri: target, headers: all)
    }
}

/// Raw bytes both ways, after an upgrade.
public struct ClientStream: Sendable {
    let channel: any Channel
    /// What comes from the engine, to its end.
    public let inbound: ReplyBody

    /// Sends bytes and waits until they have left.
    public func write(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get() }

    /// Tells the engine that no more will come; what it sends still arrives.
    public func finishWriting() async throws {
        try await channel.writeAndFlush(ByteBuffer()).get()
        try await channel.close(mode: .output).get()
    }

    /// Ends both directions.
    public func close() async {
        try? await channel.close().get()  // it may have been closed from the other side
    }
}
