// One connection of the server: requests come in, one after the other, each is given to the handler in a task of its own, and the next waits
// until that one is answered. It sits behind NIO's HTTP decoder, which stops by itself at the end of a request that asks for an upgrade and
// keeps what comes after it. Chapter 12.
import NIOCore
import NIOHTTP1

/// Tells the connection when more of a body is wanted.
final class BodyDelegate: NIOAsyncSequenceProducerDelegate, @unchecked Sendable {
    private let channel: any Channel
    private weak let connection: ServerConnection?

    init(_ connection: ServerConnection, _ channel: any Channel) {
        (self.connection, self.channel) = (connection, channel)
    }

    func produceMore() {
        channel.eventLoop.execute { self.connection?.resume() }
    }

    func didTerminate() {
        channel.eventLoop.execute { self.connection?.discardBody() }
    }
}

/// Touched on its event loop only.
final class ServerConnection: ChannelDuplexHandler, RemovableChannelHandler, @unchecked Sendable {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Outgoing
    typealias OutboundOut = HTTPServerResponsePart
    typealias Source = NIOThrowingAsyncSequenceProducer<ByteBuffer, any Error, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark, BodyDelegate>.Source

    private let handler: @Sendable (Request) async -> Response
    private var context: ChannelHandlerContext?
    private var body: Source?
    private var task: Task<Void, Never>?
    private var waiting: [HTTPServerRequestPart] = []
    private var isHeld = false, wantsRead = false, isUpgrading = false, isGone = false, hasEnded = false

    init(_ handler: @escaping @Sendable (Request) async -> Response) {
        self.handler = handler
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    // MARK: In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if task != nil && body == nil {
            waiting.append(part)
            hold()
        } else {
            take(part, context.channel)
        }
    }

    private func take(_ part: HTTPServerRequestPart, _ channel: any Channel) {
        switch part {
        case .head(let head): begin(head, channel)
        case .body(let bytes):
            if let body, case .stopProducing = body.yield(contentsOf: CollectionOfOne(bytes)) { hold() }
        case .end:
            body?.finish()
            body = nil
            if isUpgrading { hold() } else { resume() }  // what comes now belongs to whoever takes the connection
        }
    }

    private func begin(_ head: HTTPRequestHead, _ channel: any Channel) {
        let made = NIOThrowingAsyncSequenceProducer.makeSequence(
            elementType: ByteBuffer.self, failureType: (any Error).self,
            backPressureStrategy: NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark(lowWatermark: 2, highWatermark: 8),
            finishOnDeinit: true, delegate: BodyDelegate(self, channel))
        body = made.source
        let request = Request(head: head, body: RequestBody(source: made.sequence)), handler = handler
        isUpgrading = request.asksForUpgrade
        task = Task {
            let response = await handler(request)
            await self.send(response, to: head, channel)
        }
    }

    func read(context: ChannelHandlerContext) {
        if isHeld { wantsRead = true } else { context.read() }
    }

    private func hold() { isHeld = true }

    func resume() {
        isHeld = false
        guard wantsRead else { return }
        wantsRead = false
        context?.read()
    }

    /// Nobody reads the body: what still comes is thrown away.
    func discardBody() { if !isUpgrading || body != nil { resume() } }

    /// The client will send no more. While a request is being answered this means that it has gone, unless it asked for the connection.
    func inputEnded() {
        hasEnded = true
        guard !isUpgrading else { return }
        if task == nil { context?.close(promise: nil) } else { vanish() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        vanish()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        vanish()
        context.close(promise: nil)
    }

    private func vanish() {
        isGone = true
        body?.finish(BodyFailure(description: "the client has gone"))
        body = nil
        task?.cancel()
    }

    // MARK: Out

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part: HTTPServerResponsePart = switch unwrapOutboundIn(data) {
        case .head(let head): .head(head)
        case .bytes(let bytes): .body(.byteBuffer(bytes))
        case .end: .end(nil)
        }
        context.write(wrapOutboundOut(part), promise: promise)
    }

    private func send(_ response: Response, to request: HTTPRequestHead, _ channel: any Channel) async {
        var head = HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: response.status), headers: response.headers.fields)
        let isHead = request.method == .HEAD, isEmpty = response.status == 204 || response.status == 304
        do {
            switch response.body {
            case .none, .bytes:
                let bytes = if case .bytes(let bytes) = response.body { bytes } else { [UInt8]() }
                if !isEmpty { head.headers.replaceOrAdd(name: "Content-Length", value: "\(isHead ? 0 : bytes.count)") }
                channel.write(Outgoing.head(head), promise: nil)
                if !bytes.isEmpty && !isHead && !isEmpty { channel.write(Outgoing.bytes(ByteBuffer(bytes: bytes)), promise: nil) }
                try await channel.writeAndFlush(Outgoing.end).get()
            case .stream(let produce):
                head.headers.replaceOrAdd(name: "Transfer-Encoding", value: "chunked")
                try await channel.writeAndFlush(Outgoing.head(head)).get()
                try await produce(ResponseWriter(channel: channel, isSilent: isHead))
                try await channel.writeAndFlush(Outgoing.end).get()
            case .hijack(let use):
                let head = head
                try await use(try await channel.eventLoop.flatSubmit { self.hijack(head, channel) }.get())
                return
            }
            channel.eventLoop.execute { self.finished(keepAlive: request.isKeepAlive) }
        } catch {
            channel.close(promise: nil)
        }
    }

    private func finished(keepAlive: Bool) {
        task = nil
        guard let context else { return }
        guard keepAlive, !isGone, body == nil else { return context.close(promise: nil) }
        let parts = waiting
        waiting = []
        resume()
        for part in parts {
            if task != nil && body == nil { waiting.append(part) } else { take(part, context.channel) }
        }
    }

    // MARK: The connection itself

    /// Takes HTTP off the connection: the raw handler in, all that speaks HTTP parts out, the head written as bytes, and last the decoder out,
    /// which passes on what came early.
    private func hijack(_ head: HTTPResponseHead, _ channel: any Channel) -> EventLoopFuture<HijackedConnection> {
        let pipeline = channel.pipeline.syncOperations
        let raw = RawHandler(), left = channel.eventLoop.makePromise(of: Void.self)
        do {
            try pipeline.addHandler(raw)
            pipeline.removeHandler(context: try pipeline.context(handlerType: HTTPResponseEncoder.self), promise: nil)
            pipeline.removeHandler(context: try pipeline.context(handlerType: HTTPServerProtocolErrorHandler.self), promise: nil)
            if let context { pipeline.removeHandler(context: context, promise: nil) }
            channel.writeAndFlush(rawHead(head), promise: nil)
            pipeline.removeHandler(context: try pipeline.context(handlerType: EndOfInput.self), promise: nil)
            pipeline.removeHandler(context: try pipeline.context(handlerType: ByteToMessageHandler<HTTPRequestDecoder>.self), promise: left)
        } catch {
            left.fail(error)
        }
        return left.futureResult.map {
            if self.hasEnded { channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed) } else if self.wantsRead { channel.read() }
            return HijackedConnection(channel: channel, handler: raw)
        }
    }

    private func rawHead(_ head: HTTPResponseHead) -> ByteBuffer {
        let fields = head.headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        return ByteBuffer(string: "HTTP/1.1 \(head.status.code) \(head.status.code == 101 ? "UPGRADED" : head.status.reasonPhrase)\r\n\(fields)\r\n")
    }
}

/// Stands before the HTTP decoder and keeps the end of input from it: the decoder would throw away what came early.
final class EndOfInput: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    private let connection: ServerConnection

    init(_ connection: ServerConnection) { self.connection = connection }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { connection.inputEnded() } else { context.fireUserInboundEventTriggered(event) }
    }
}
