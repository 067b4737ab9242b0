// The client's end of a connection: it gives the reply's head to whoever waits for it, and the body's chunks to the reply's stream. Reading
// stops while the reader has many chunks left to take, so that a fast engine cannot fill our memory. Chapter 13.
import NIOCore
import NIOHTTP1

enum ClientOutgoing: Sendable {
    case head(HTTPRequestHead)
    case bytes(ByteBuffer)
    case end
}

/// Touched on its event loop only.
final class ClientConnection: ChannelDuplexHandler, RemovableChannelHandler, @unchecked Sendable {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = ClientOutgoing
    typealias OutboundOut = HTTPClientRequestPart

    private let address: Address
    private var reply: EventLoopPromise<Reply>?
    private var body: AsyncThrowingStream<ByteBuffer, any Error>.Continuation?
    private var context: ChannelHandlerContext?
    private var hasEnded = false

    init(_ address: Address) { self.address = address }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// Makes the promise of the next reply.
    func expect(isHead: Bool, on channel: any Channel) -> EventLoopFuture<Reply> {
        let promise = channel.eventLoop.makePromise(of: Reply.self)
        channel.eventLoop.execute {
            if self.hasEnded { promise.fail(ClientError.ended(self.address)) } else { self.reply = promise }
        }
        return promise.futureResult
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part: HTTPClientRequestPart = switch unwrapOutboundIn(data) {
        case .head(let head): .head(head)
        case .bytes(let bytes): .body(.byteBuffer(bytes))
        case .end: .end(nil)
        }
        context.write(wrapOutboundOut(part), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            let (stream, continuation) = AsyncThrowingStream.makeStream(of: ByteBuffer.self)
            body = continuation
            reply?.succeed(Reply(status: Int(head.status.code), headers: Headers(head.headers), body: ReplyBody(stream: stream)))
            reply = nil
        case .body(let bytes): body?.yield(bytes)
        case .end:
            body?.finish()
            body = nil
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(ClientError.ended(address))
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(error)
        context.close(promise: nil)
    }

    private func end(_ error: any Error) {
        hasEnded = true
        reply?.fail(error)
        reply = nil
        body?.finish(throwing: error)
        body = nil
    }

    /// Takes HTTP off the connection; what came early is the stream's first bytes.
    func becomeStream(_ channel: any Channel) throws -> ClientStream {
        let pipeline = channel.pipeline.syncOperations
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: ByteBuffer.self)
        try pipeline.addHandler(StreamHandler(continuation))
        pipeline.removeHandler(context: try pipeline.context(handlerType: HTTPRequestEncoder.self), promise: nil)
        if let context { pipeline.removeHandler(context: context, promise: nil) }
        pipeline.removeHandler(context: try pipeline.context(handlerType: ByteToMessageHandler<HTTPResponseDecoder>.self), promise: nil)
        return ClientStream(channel: channel, inbound: ReplyBody(stream: stream))
    }
}

/// Gives raw bytes to a stream, to the end of input.
final class StreamHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let continuation: AsyncThrowingStream<ByteBuffer, any Error>.Continuation

    init(_ continuation: AsyncThrowingStream<ByteBuffer, any Error>.Continuation) { self.continuation = continuation }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { continuation.yield(unwrapInboundIn(data)) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { continuation.finish() }
    }

    func channelInactive(context: ChannelHandlerContext) { continuation.finish() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        continuation.finish(throwing: error)
        context.close(promise: nil)
    }
}
