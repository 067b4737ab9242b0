// What the server hands to its handler and gets back. A request's body is a sequence with back-pressure; a response's body is bytes, a stream
// that its writer fills, or the connection itself ("hijacked", Docker's word), which is joined to a socket. RFC 9112. Chapter 12.
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
    public let body: RequestBody

    /// Whether the client asks for the connection itself.
    public var asksForUpgrade: Bool { headers.list("connection").contains("upgrade") && headers["upgrade"] != nil }

    init(head: HTTPRequestHead, body: RequestBody) {
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        (method, path, headers, self.body) = (head.method.rawValue, String(parts.first ?? ""), Headers(head.headers), body)
        segments = path.split(separator: "/").map { percentDecoded($0) ?? String($0) }
        query = Query(parts.count > 1 ? parts[1] : "")
    }
}

/// Why a body ended early.
public struct BodyFailure: Error, CustomStringConvertible {
    public let description: String
}

/// A request's body: chunks as they arrive. Nothing more is read from the client while they are not taken.
public struct RequestBody: AsyncSequence, Sendable {
    public typealias Element = [UInt8]
    typealias Source = NIOThrowingAsyncSequenceProducer<ByteBuffer, any Error, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark, BodyDelegate>
    let source: Source

    /// Takes chunks one by one.
    public struct AsyncIterator: AsyncIteratorProtocol {
        var inner: Source.AsyncIterator
        public mutating func next() async throws -> [UInt8]? { try await inner.next().map { Array($0.readableBytesView) } }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(inner: source.makeAsyncIterator()) }

    /// The whole body; a longer one than `limit` bytes is an error.
    public func collect(upTo limit: Int = 16 << 20) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await part in self {
            bytes += part
            guard bytes.count <= limit else { throw BodyFailure(description: "the request's body is larger than \(limit) bytes") }
        }
        return bytes
    }
}

/// What to answer.
public struct Response: Sendable {
    /// Where the bytes of a response come from.
    public enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// The head is sent at once, then what the closure writes; it is cancelled when the client vanishes.
        case stream(@Sendable (ResponseWriter) async throws -> Void)
        /// The head is sent, then the connection carries raw bytes.
        case hijack(@Sendable (HijackedConnection) async throws -> Void)
    }

    /// Status code.
    public var status: Int
    /// Header fields; the length is added by the server.
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
    let isSilent: Bool

    /// Sends a chunk and waits until the kernel has it. Throws when the client has gone.
    public func write(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty, !isSilent else { return }
        try await channel.writeAndFlush(Outgoing.bytes(ByteBuffer(bytes: bytes))).get()
    }

    /// Sends a text.
    public func write(_ text: String) async throws { try await write(Array(text.utf8)) }
}

/// What passes from the handler's task to the connection.
enum Outgoing: Sendable {
    case head(HTTPResponseHead)
    case bytes(ByteBuffer)
    case end
}
