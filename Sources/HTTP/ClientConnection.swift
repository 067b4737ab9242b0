// The client's end of a connection: it gives the reply's head to whoever waits for it, and the body's chunks to the reply's `Bytes`. As on the
// server a gate stands before the decoder, so that the first raw bytes behind a 101 are not taken for HTTP. Chapter 13.
import NIOCore
import NIOHTTP1

/// What passes from a caller's task to the connection.
enum ClientOutgoing: Sendable {
    case head(HTTPRequestHead)
    case bytes(ByteBuffer)
    case end
}

/// Touched on its event loop only.
final class ClientConnection: ChannelDuplexHandler, RemovableChannelHandler, GateKeeper, @unchecked Sendable {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = ClientOutgoing
    typealias OutboundOut = HTTPClientRequestPart

    private let channel: any Channel
    private let address: Address
    private let gate: Gate
    /// Who waits for a head.
    private var waiting: EventLoopPromise<Reply>?
    /// The reply's body, while it is on its way.
    private var body: Feed?
    /// A body of unknown length ends with the connection.
    private var endsWithConnection = false

    private init(_ channel: any Channel, _ address: Address, _ gate: Gate) {
        (self.channel, self.address, self.gate) = (channel, address, gate)
        gate.keeper = self
    }

    static func make(_ channel: any Channel, _ address: Address) -> EventLoopFuture<(any Channel, ClientConnection)> {
        channel.eventLoop.makeCompletedFuture {
            let gate = Gate(Limits()), pipeline = channel.pipeline.syncOperations, connection = ClientConnection(channel, address, gate)
            try pipeline.addHandler(gate)
            try pipeline.addHandler(HTTPRequestEncoder())
            try pipeline.addHandler(ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes)))
            try pipeline.addHandler(connection)
            return (channel, connection)
        }
    }

    /// The reply to the request that is sent next.
    func expect() -> EventLoopFuture<Reply> {
        let promise = channel.eventLoop.makePromise(of: Reply.self)
        channel.eventLoop.execute {
            guard self.channel.isActive, !self.gate.hasEnded, self.waiting == nil else { return promise.fail(ClientError.ended(self.address)) }
            self.waiting = promise
            self.gate.allow(.head)
        }
        return promise.futureResult
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part: HTTPClientRequestPart =
            switch unwrapOutboundIn(data) {
            case .head(let head): .head(head)
            case .bytes(let bytes): .body(.byteBuffer(bytes))
            case .end: .end(nil)
            }
        context.write(wrapOutboundOut(part), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            let gate = gate, feed = Feed(channel) { gate.isHeld = false }
            body = feed
            let headers = Headers(head.headers), status = Int(head.status.code)
            endsWithConnection = headers["Content-Length"] == nil && headers["Transfer-Encoding"] == nil
            gate.allow(status == 101 ? .nothing : .all)
            waiting?.succeed(Reply(status: status, headers: headers, body: feed.bytes))
            waiting = nil
        case .body(let bytes): if let body, !body.yield(bytes) { gate.isHeld = true }
        case .end:
            body?.finish()
            body = nil
            gate.isHeld = false
        }
    }

    func inputEnded() {
        if endsWithConnection { body?.finish() }
        end(.ended(address))
        if gate.passing != .nothing { channel.close(promise: nil) }
    }

    func headRefused(status: Int, why: String) {
        end(.malformed(address))
        channel.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.ended(address))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(error is HTTPParserError ? .malformed(address) : .ended(address))
        context.close(promise: nil)
    }

    private func end(_ error: ClientError) {
        waiting?.fail(error)
        waiting = nil
        body?.fail(error.description)
        body = nil
    }

    /// Takes HTTP off the connection; what came early is the stream's first bytes.
    func takeOver() throws -> HijackedConnection {
        let pipeline = channel.pipeline.syncOperations
        let raw = RawHandler(channel, early: gate.takeRest(), hasEnded: gate.hasEnded)
        try pipeline.addHandler(raw)
        pipeline.removeHandler(context: try pipeline.context(handler: self), promise: nil)
        pipeline.removeHandler(context: try pipeline.context(handlerType: ByteToMessageHandler<HTTPResponseDecoder>.self), promise: nil)
        pipeline.removeHandler(context: try pipeline.context(handlerType: HTTPRequestEncoder.self), promise: nil)
        pipeline.removeHandler(context: try pipeline.context(handler: gate), promise: nil)
        return HijackedConnection(channel: channel, handler: raw)
    }
}
