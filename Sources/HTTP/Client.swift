// The client: one connection to an engine or a registry, over a unix socket or TCP, with TLS where asked, used for request after request until
// one of them takes it for itself (attach, exec). It asks for one thing at a time; what must go on at once uses clients of its own.
// A task that is cancelled while it waits closes its connection: what the other side would still send is of no use to anybody. Chapters 08 and 13.
import NIOCore
import NIOHTTP1
import NIOPosix

/// A reply whose body is still on its way.
public struct Reply: Sendable {
    public let status: Int
    public let headers: Headers
    /// The body in chunks as they come, to be read once; it must be read (or dropped) before the next request.
    public let body: Bytes

    /// The whole body.
    public func bytes() async throws -> [UInt8] { try await body.collect(upTo: .max) }
}

/// A connection to an engine or a registry.
public final class Client: Sendable {
    /// Where it leads.
    public let address: Address
    private let channel: any Channel
    private let handler: ClientConnection
    private let proxy: Proxy?

    /// Connects. A handshake of TLS begins then; what it meets, the first request tells.
    ///
    /// - Throws: `ClientError.cannotConnect`; `CancellationError`
    public init(_ address: Address, _ settings: ConnectionSettings = ConnectionSettings()) async throws {
        (self.address, proxy) = (address, settings.tls == nil ? settings.proxy : nil)
        (channel, handler) = try await connect(to: address, settings)
    }

    /// Sends a request and gives its reply as soon as the head is there.
    ///
    /// - Parameters:
    ///   - target: path and query, escaped
    ///   - body: nil for none
    public func request(_ method: String, _ target: String, headers: Headers = [:], body: [UInt8]? = nil) async throws -> Reply {
        var headers = headers
        if let body { headers["Content-Length"] = "\(body.count)" } else if method != "GET" && method != "HEAD" { headers["Content-Length"] = "0" }
        let reply = handler.expect()
        channel.write(ClientOutgoing.head(head(method, target, headers)), promise: nil)
        if let body, !body.isEmpty { channel.write(ClientOutgoing.bytes(ByteBuffer(bytes: body)), promise: nil) }
        channel.writeAndFlush(ClientOutgoing.end, promise: nil)
        return try await withTaskCancellationHandler {
            try await reply.get()
        } onCancel: {
            abandon()
        }
    }

    /// Sends a request whose body comes in chunks, each sent when the last has left.
    public func upload<Chunks: AsyncSequence>(_ method: String, _ target: String, headers: Headers = [:], chunks: Chunks) async throws -> Reply
    where Chunks.Element == [UInt8] {
        var headers = headers
        headers["Transfer-Encoding"] = "chunked"
        let reply = handler.expect()
        channel.write(ClientOutgoing.head(head(method, target, headers)), promise: nil)
        for try await chunk in chunks {
            // An engine that has refused may stop reading: its answer is what counts then.
            do { try await channel.writeAndFlush(ClientOutgoing.bytes(ByteBuffer(bytes: chunk))).get() } catch { return try await reply.get() }
        }
        channel.writeAndFlush(ClientOutgoing.end, promise: nil)
        return try await reply.get()
    }

    /// Asks for the connection itself. Where the engine agrees (101) the stream is given, and the client is used up.
    public func upgrade(_ method: String, _ target: String, headers: Headers = [:], body: [UInt8] = []) async throws -> (
        reply: Reply, stream: HijackedConnection?
    ) {
        var headers = headers
        headers["Connection"] = "Upgrade"
        headers["Upgrade"] = "tcp"
        let reply = try await request(method, target, headers: headers, body: body)
        guard reply.status == 101 else { return (reply, nil) }
        let handler = handler
        return (reply, try await channel.eventLoop.submit { try handler.takeOver() }.get())
    }

    /// Closes the connection.
    public func close() async {
        try? await channel.close().get()  // it may have been closed from the other side
    }

    /// Closes the connection without waiting for it.
    public func abandon() { channel.close(promise: nil) }

    /// Whether another request can be sent: the last reply has been read to its end, and neither side has closed.
    public var isReusable: Bool {
        get async {
            let handler = handler
            return (try? await channel.eventLoop.submit { handler.isReusable }.get()) ?? false  // fails where the loop has ended
        }
    }

    /// Closes the connection after a time, unless it is used again before that.
    public func rest(atMost limit: Duration) {
        let handler = handler
        channel.eventLoop.execute { handler.rest(TimeAmount(limit)) }
    }

    private func head(_ method: String, _ target: String, _ headers: Headers) -> HTTPRequestHead {
        var headers = headers, target = target
        if let proxy {
            target = "http://\(address.hostAndPort)\(target)"
            headers["Proxy-Authorization"] = proxy.authorization
        }
        // Engines on unix sockets do not look at it, but HTTP/1.1 wants one.
        if headers["Host"] == nil { headers["Host"] = if case .tcp = address { String(address.description.dropFirst(6)) } else { "docker" } }
        return HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method), uri: target, headers: headers.forNIO)
    }
}
