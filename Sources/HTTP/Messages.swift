// What the server hands to its handler and gets back. A request's body is a sequence with back-pressure; a response's body is bytes, a stream
// that its writer fills, or the connection itself ("hijacked", Docker's word), which may be joined to a socket. RFC 9112. Chapter 12.
import NIOCore
import NIOHTTP1

/// A request as it came; the body may still be on its way.
public struct Request: Sendable {
    /// `GET`, `POST`, …
    public let method: String
    /// The path as sent, without the query.
    public let path: String
    /// The path's parts between slashes, percent escapes decoded.
    public let segments: [String]
    /// What follows the question mark.
    public let query: Query
    /// Header fields.
    public let headers: Headers
    /// The body, to be read once.
    public let body: Bytes

    /// Whether the client asks for the connection itself.
    public var asksForUpgrade: Bool { headers["Upgrade"] != nil && headers.words(of: "Connection").contains("upgrade") }

    init(_ head: HTTPRequestHead, _ body: Bytes) {
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        (method, path, headers, self.body) = (head.method.rawValue, String(parts.first ?? ""), Headers(head.headers), body)
        segments = path.split(separator: "/").map { percentDecoded($0) ?? String($0) }
        query = Query(parts.count > 1 ? parts[1] : "")
    }
}

/// What to answer.
public struct Response: Sendable {
    /// Where the bytes of a response come from.
    public enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// The head is sent at once, then what the closure writes, chunked. Its task is cancelled when the client vanishes; if it throws, the
        /// connection is cut, so that the client sees that something is missing.
        case stream(@Sendable (ResponseWriter) async throws -> Void)
        /// The head is sent, then the connection carries raw bytes. It is closed when the closure returns.
        case hijack(@Sendable (HijackedConnection) async throws -> Void)
    }

    /// Status code.
    public var status: Int
    /// Header fields; the server adds how long the body is.
    public var headers: Headers
    /// What follows the head.
    public var body: Body

    public init(status: Int, headers: Headers = [:], body: Body = .none) {
        (self.status, self.headers, self.body) = (status, headers, body)
    }
}

/// Writes the chunks of a streamed response.
public struct ResponseWriter: Sendable {
    let channel: any Channel
    let framing: Framing

    /// How a stream's bytes are marked off.
    enum Framing {
        case chunked
        /// HTTP/1.0: the end of the connection is the end.
        case bare
        /// The answer to HEAD has no body.
        case silent
    }

    /// Sends a chunk and waits until the kernel has it.
    ///
    /// - Throws: when the client has gone.
    public func write(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty else { return }
        switch framing {
        case .silent: return
        case .bare: try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
        case .chunked:
            var buffer = ByteBuffer(string: String(bytes.count, radix: 16) + "\r\n")
            buffer.writeBytes(bytes)
            buffer.writeString("\r\n")
            try await channel.writeAndFlush(buffer).get()
        }
    }

    /// Sends a text as `write(_:)` does.
    public func write(_ text: String) async throws { try await write(Array(text.utf8)) }

    func finish() async throws {
        guard framing == .chunked else { return }
        try await channel.writeAndFlush(ByteBuffer(string: "0\r\n\r\n")).get()
    }
}

extension Response {
    /// The status line and the fields, with the empty line that ends them.
    func head(_ headers: Headers) -> String {
        // Docker's clients see the genuine engine's word here.
        let reason = status == 101 ? "UPGRADED" : HTTPResponseStatus(statusCode: status).reasonPhrase
        return "HTTP/1.1 \(status) \(reason)\r\n\(headers.wire)\r\n"
    }

    /// 204, 304 and 1xx have no body whatever is given.
    var isBodiless: Bool { status == 204 || status == 304 || status < 200 }
}
