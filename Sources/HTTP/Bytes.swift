// Bytes on their way: the body of a request or a reply, or what comes over a connection of one's own. They are taken chunk by chunk, and while
// nobody takes them the channel is not read, so that a fast sender cannot fill our memory. Chapter 12.
import NIOCore

/// Chunks of bytes as they arrive, to be read once.
public struct Bytes: AsyncSequence, Sendable {
    typealias Producer = NIOThrowingAsyncSequenceProducer<[UInt8], any Error, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark, FeedDelegate>
    let chunks: Producer
    /// Done when somebody begins to read.
    var begin: (@Sendable () -> Void)?

    /// Takes chunks one by one; `next` throws where the sender went before it had finished.
    public struct AsyncIterator: AsyncIteratorProtocol {
        var inner: Producer.AsyncIterator
        public mutating func next() async throws -> [UInt8]? { try await inner.next() }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        begin?()
        return AsyncIterator(inner: chunks.makeAsyncIterator())
    }

    /// All of them in one piece.
    ///
    /// - Parameter limit: more bytes than this are an error
    /// - Throws: `BodyFailure`
    public func collect(upTo limit: Int = 16 << 20) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in self {
            bytes += chunk
            guard bytes.count <= limit else { throw BodyFailure(description: "body is larger than \(limit) bytes") }
        }
        return bytes
    }
}

/// Why a body could not be read to its end.
public struct BodyFailure: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String
    /// Of a reply's body: what happened to its connection.
    public internal(set) var cause: ClientError?
}

/// The end of `Bytes` on the channel's side. Used on its event loop only.
struct Feed: Sendable {
    let bytes: Bytes
    private let source: Bytes.Producer.Source

    /// - Parameter readOn: done on the channel's loop when the reader wants more, or will not read any more
    init(_ channel: any Channel, readOn: @escaping @Sendable () -> Void) {
        let made = NIOThrowingAsyncSequenceProducer.makeSequence(
            elementType: [UInt8].self, failureType: (any Error).self,
            backPressureStrategy: NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark(lowWatermark: 2, highWatermark: 8),
            finishOnDeinit: true, delegate: FeedDelegate(channel, readOn))
        (source, bytes) = (made.source, Bytes(chunks: made.sequence))
    }

    /// Adds a chunk; false where the channel should not be read until `readOn`.
    func yield(_ buffer: ByteBuffer) -> Bool {
        if case .stopProducing = source.yield(Array(buffer.readableBytesView)) { false } else { true }
    }

    func finish() { source.finish() }

    func fail(_ why: String, because cause: ClientError? = nil) { source.finish(BodyFailure(description: why, cause: cause)) }
}

/// Tells the channel's side what the reader does. Of a closed channel the loop may have ended too, and must not be asked.
final class FeedDelegate: NIOAsyncSequenceProducerDelegate {
    private let channel: any Channel
    private let readOn: @Sendable () -> Void

    init(_ channel: any Channel, _ readOn: @escaping @Sendable () -> Void) { (self.channel, self.readOn) = (channel, readOn) }

    func produceMore() { if channel.isActive { channel.eventLoop.execute(readOn) } }
    func didTerminate() { produceMore() }
}
