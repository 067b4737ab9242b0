// The client: one connection to an engine, over a unix socket or TCP, used for request after request until one of them takes it for itself
// (attach, exec). It asks for one thing at a time; what must go on at once uses clients of its own. Chapter 13.
import NIOCore
import NIOHTTP1
import NIOPosix

/// Where an engine listens.
public enum Address: Sendable, Equatable, CustomStringConvertible {
    case unix(path: String)
    case tcp(host: String, port: Int)

    /// Reads `unix:///path`, `tcp://host:port` and `http://host:port` (port 2375 if none is given); nil for anything else.
    public init?(_ text: String) {
        for scheme in ["unix://", "tcp://", "http://"] where text.hasPrefix(scheme) {
            let rest = text.dropFirst(scheme.count)
            guard scheme != "unix://" else {
                guard !rest.isEmpty else { return nil }
                self = .unix(path: String(rest))
                return
            }
            let name = rest.prefix { $0 != "/" }
            // The colons of a literal IPv6 address stand in brackets.
            let colon = name.lastIndex(of: ":").flatMap { name[$0...].contains("]") ? nil : $0 }
            var host = colon.map { name[..<$0] } ?? name
            if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
            guard let port = colon.map({ UInt16(name[name.index(after: $0)...]) }) ?? 2375, !host.isEmpty else { return nil }
            self = .tcp(host: String(host), port: Int(port))
            return
        }
        return nil
    }

    public var description: String {
        switch self {
        case .unix(let path): "unix://\(path)"
        case .tcp(let host, let port): host.contains(":") ? "tcp://[\(host)]:\(port)" : "tcp://\(host):\(port)"
        }
    }
}

/// Why a request got no reply.
public enum ClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Nobody listens, or we may not connect.
    case cannotConnect(Address, why: String, isPermission: Bool)
    /// The connection ended before the reply was whole.
    case ended(Address)
    /// What came is no HTTP.
    case malformed(Address)

    public var description: String {
        switch self {
        case .cannotConnect(let address, let why, _): "connect to \(address): \(why)"
        case .ended(let address): "read from \(address): the connection ended before the reply was whole"
        case .malformed(let address): "read from \(address): the reply is not HTTP"
        }
    }
}

/// A reply whose body is still on its way.
public struct Reply: Sendable {
    public let status: Int
    public let headers: Headers
    /// The body in chunks as they come, to be read once; it must be read (or dropped) before the next request.
    public let body: Bytes

    /// The whole body.
    public func bytes() async throws -> [UInt8] { try await body.collect(upTo: .max) }
}

/// A connection to an engine.
public final class Client: Sendable {
    /// Where it leads.
    public let address: Address
    private let channel: any Channel
    private let handler: ClientConnection

    /// Connects.
    ///
    /// - Throws: `ClientError.cannotConnect`
    public init(_ address: Address) async throws {
        self.address = address
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(10))
            .channelOption(.allowRemoteHalfClosure, value: true)
        do {
            switch address {
            case .unix(let path): (channel, handler) = try await bootstrap.connect(unixDomainSocketPath: path) { ClientConnection.make($0, address) }
            case .tcp(let host, let port): (channel, handler) = try await bootstrap.connect(host: host, port: port) { ClientConnection.make($0, address) }
            }
        } catch let error as IOError {
            throw ClientError.cannotConnect(address, why: error.description, isPermission: error.errnoCode == 13)
        } catch {
            throw ClientError.cannotConnect(address, why: "\(error)", isPermission: false)
        }
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
        return try await reply.get()
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

    private func head(_ method: String, _ target: String, _ headers: Headers) -> HTTPRequestHead {
        var headers = headers
        // Engines on unix sockets do not look at it, but HTTP/1.1 wants one.
        if headers["Host"] == nil { headers["Host"] = if case .tcp = address { String(address.description.dropFirst(6)) } else { "docker" } }
        return HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method), uri: target, headers: headers.forNIO)
    }
}
