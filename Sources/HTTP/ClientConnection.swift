// The client's end of a connection: it gives the reply's head to whoever waits for it, and the body's chunks to the reply's `Bytes`. As on the
// server a gate stands before the decoder, so that the first raw bytes behind a 101 are not taken for HTTP. While something is due and somebody
// takes it, silence is limited; a reader who takes nothing may be as slow as it likes. Chapter 13.
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
    private var keepAlive = true
    /// Why there is no connection any more.
    private var trouble: ClientError?
    /// How long the other side may be silent while something is due.
    private let silence: TimeAmount?
    private var lastHeard = NIODeadline.now()
    private var watch: Scheduled<Void>?, retirement: Scheduled<Void>?

    private init(_ channel: any Channel, _ address: Address, _ gate: Gate, _ silence: TimeAmount?) {
        (self.channel, self.address, self.gate, self.silence) = (channel, address, gate, silence)
        gate.keeper = self
    }

    /// Adds the handlers of HTTP to a channel, on its loop.
    static func add(to channel: any Channel, _ address: Address, silence: TimeAmount?) throws -> ClientConnection {
        let gate = Gate(Limits()), pipeline = channel.pipeline.syncOperations, connection = ClientConnection(channel, address, gate, silence)
        try pipeline.addHandler(gate)
        try pipeline.addHandler(HTTPRequestEncoder())
        let decoder = HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes, informationalResponseStrategy: .forward)
        try pipeline.addHandler(ByteToMessageHandler(decoder))
        try pipeline.addHandler(connection)
        return connection
    }

    /// The reply to the request that is sent next.
    func expect() -> EventLoopFuture<Reply> {
        let promise = channel.eventLoop.makePromise(of: Reply.self)
        channel.eventLoop.execute {
            guard self.isOpen, self.waiting == nil else { return promise.fail(self.trouble ?? .ended(self.address)) }
            self.waiting = promise
            self.retirement?.cancel()
            self.gate.allow(.head)
            self.lastHeard = .now()
            self.watchSilence(since: .now())
        }
        return promise.futureResult
    }

    private var isOpen: Bool { channel.isActive && !gate.hasEnded }

    /// Whether another request may follow.
    var isReusable: Bool { isOpen && keepAlive && waiting == nil && body == nil }

    /// Closes the connection after a time, unless something is asked before.
    func rest(_ limit: TimeAmount) {
        retirement?.cancel()
        retirement = channel.eventLoop.assumeIsolated().scheduleTask(in: limit) { self.channel.close(promise: nil) }
    }

    // MARK: Silence

    private func watchSilence(since start: NIODeadline) {
        guard let silence else { return }
        watch?.cancel()
        watch = channel.eventLoop.assumeIsolated().scheduleTask(deadline: start + silence) { self.lookForSilence(silence) }
    }

    /// Time in which nobody took what came does not count.
    private func lookForSilence(_ limit: TimeAmount) {
        guard waiting != nil || body != nil else { return }
        if gate.isHeld { lastHeard = .now() }
        guard NIODeadline.now() - lastHeard >= limit else { return watchSilence(since: lastHeard) }
        end(.stalled(address, seconds: Double(limit.nanoseconds) / 1e9))
        channel.close(promise: nil)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part: HTTPClientRequestPart =
            switch unwrapOutboundIn(data) {
            case .head(let head): .head(head)
            case .bytes(let bytes): .body(.byteBuffer(bytes))
            case .end: .end(nil)
            }
        lastHeard = .now()
        context.write(wrapOutboundOut(part), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastHeard = .now()
        switch unwrapInboundIn(data) {
        // 100 and 103 only announce the reply.
        case .head(let head) where (100..<200).contains(head.status.code) && head.status != .switchingProtocols: gate.allow(.head)
        case .head(let head):
            let gate = gate
            let feed = Feed(channel) {
                if gate.isHeld { self.lastHeard = .now() }
                gate.isHeld = false
            }
            body = feed
            let headers = Headers(head.headers), status = Int(head.status.code)
            endsWithConnection = headers["Content-Length"] == nil && headers["Transfer-Encoding"] == nil
            keepAlive = head.isKeepAlive && !endsWithConnection
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
        end(error is HTTPParserError ? .malformed(address) : ClientError(error, address) ?? .ended(address))
        context.close(promise: nil)
    }

    private func end(_ error: ClientError) {
        trouble = trouble ?? error
        watch?.cancel()
        waiting?.fail(error)
        waiting = nil
        body?.fail(error.description, because: error)
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
