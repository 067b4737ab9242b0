// One connection of the server. Requests are answered one after the other, each by the handler in a task of its own; the next one waits before the
// gate until this one is answered *and* its body has been taken or thrown away. What happens at an end of input:
//
//     no request     the connection is closed              body on its way   the body fails, the answer may still be sent
//     answer due     it is sent, then closed               streaming         the task is cancelled: the client has gone
//     hijacked       the end is passed on (RawConnection)
//
// NIO's own upgrade handlers do not fit: only a connection's first request may upgrade, its body is lost, the reason phrase is fixed. Chapter 12.
import NIOCore
import NIOHTTP1

/// Touched on its event loop only.
final class ServerConnection: ChannelInboundHandler, RemovableChannelHandler, GateKeeper, @unchecked Sendable {
    typealias InboundIn = HTTPServerRequestPart

    private let channel: any Channel
    private let gate: Gate
    private let handler: @Sendable (Request) async -> Response
    private let openChannels: OpenChannels
    /// The request's body, while it is on its way.
    private var body: Feed?
    /// Answers the request; nil between requests.
    private var task: Task<Void, Never>?
    private var keepAlive = true, isStreaming = false, isClosing = false
    /// To be done when the request's body has passed.
    private var afterBody: (() -> Void)?

    init(_ channel: any Channel, _ gate: Gate, _ openChannels: OpenChannels, _ handler: @escaping @Sendable (Request) async -> Response) {
        (self.channel, self.gate, self.openChannels, self.handler) = (channel, gate, openChannels, handler)
        gate.keeper = self
    }

    // MARK: In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Only a chunked body can let the next request past the gate. It is not answered: its client asks again on a new connection.
        guard task == nil || body != nil || isClosing else { return keepAlive = false }
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head)
        case .body(let bytes): if let body, task != nil, !body.yield(bytes) { gate.isHeld = true }
        case .end:
            body?.finish()
            body = nil
            gate.allow(.nothing)
            gate.isHeld = false
            afterBody?()
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        let gate = gate, feed = Feed(channel) { gate.isHeld = false }
        (body, isStreaming, keepAlive) = (feed, false, head.isKeepAlive)
        let length = head.headers.first(name: "Content-Length").flatMap { Int($0) } ?? 0
        gate.allow(head.headers.contains(name: "Transfer-Encoding") ? .all : length > 0 ? .body(left: length) : .nothing)
        let request = Request(head, feed.bytes), handler = handler
        // After a refused upgrade the decoder reads no more requests.
        if request.headers["Upgrade"] != nil { keepAlive = false }
        if request.headers.words(of: "Expect").contains("100-continue") {
            channel.writeAndFlush(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n"), promise: nil)
        }
        openChannels.began()
        task = Task {
            await self.send(handler(request), head)
            self.openChannels.ended()
        }
    }

    func inputEnded() {
        if let body {
            self.body = nil
            body.fail("client went before its request was whole")
            keepAlive = false
            afterBody?()
        }
        if isClosing { closeFlushed(channel) } else if task == nil { close() } else if isStreaming { task?.cancel() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        body?.fail("client went before its request was whole")
        body = nil
        task?.cancel()
        afterBody?()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else { return context.close(promise: nil) }
        if let body {
            self.body = nil
            body.fail("request body is malformed: \(error)")
            keepAlive = false
            gate.allow(.discarding)
            afterBody?()
        } else {
            headRefused(status: 400, why: "malformed request")
        }
    }

    func headRefused(status: Int, why: String) {
        gate.allow(.discarding)
        guard task == nil, !isClosing else { return }
        let response = Response(status: status), text = why + "\n"
        let head = response.head(["Content-Type": "text/plain; charset=utf-8", "Connection": "close", "Content-Length": "\(text.utf8.count)"])
        channel.writeAndFlush(ByteBuffer(string: head + text), promise: nil)
        close()
    }

    // MARK: Out

    private func send(_ response: Response, _ request: HTTPRequestHead) async {
        do {
            switch response.body {
            case .none: try await send(response, [], request)
            case .bytes(let bytes): try await send(response, bytes, request)
            case .stream(let produce): try await send(response, request, produce)
            case .hijack(let use):
                let connection = try await hijack(response.head(response.headers))
                try await use(connection)
                return await connection.finish()
            }
            try await channel.eventLoop.submit { self.answered() }.get()
        } catch {
            channel.close(promise: nil)
        }
    }

    private func send(_ response: Response, _ bytes: [UInt8], _ request: HTTPRequestHead) async throws {
        var headers = response.headers
        if !response.isBodiless, request.method != .HEAD || headers["Content-Length"] == nil { headers["Content-Length"] = "\(bytes.count)" }
        if try await channel.eventLoop.submit({ !self.keepAlive }).get() { headers["Connection"] = "close" }
        var buffer = ByteBuffer(string: response.head(headers))
        if !response.isBodiless && request.method != .HEAD { buffer.writeBytes(bytes) }
        try await channel.writeAndFlush(buffer).get()
    }

    private func send(_ response: Response, _ request: HTTPRequestHead, _ produce: @Sendable (ResponseWriter) async throws -> Void) async throws {
        var headers = response.headers
        let isOld = request.version == .http1_0
        if !isOld { headers["Transfer-Encoding"] = "chunked" }
        let close = try await channel.eventLoop.submit {
            if isOld { self.keepAlive = false }
            self.isStreaming = true
            if self.gate.hasEnded { self.task?.cancel() }
            return !self.keepAlive
        }.get()
        if close { headers["Connection"] = "close" }
        try await channel.writeAndFlush(ByteBuffer(string: response.head(headers))).get()
        let writer = ResponseWriter(channel: channel, framing: request.method == .HEAD ? .silent : isOld ? .bare : .chunked)
        try await produce(writer)
        try await writer.finish()
    }

    /// The answer is out: on to the next request, once this one's body is out of the way.
    private func answered() {
        task = nil
        guard !isClosing else { return }
        guard body == nil else {
            // Clients that are still sending look at the answer only afterwards.
            let limit = channel.eventLoop.assumeIsolated().scheduleTask(in: .seconds(30)) { self.channel.close(promise: nil) }
            gate.isHeld = false
            afterBody = {
                limit.cancel()
                self.afterBody = nil
                self.next()
            }
            return
        }
        next()
    }

    private func next() {
        guard keepAlive, !gate.hasEnded || !gate.isEmpty else { return close() }
        gate.allow(.head)
        gate.pass()
        // All that came with the end of input has been answered, but for a head that will never be whole.
        if gate.hasEnded, task == nil { close() }
    }

    private func close() {
        guard !isClosing else { return }
        isClosing = true
        gate.allow(.discarding)
        closeGently(channel, hasEnded: gate.hasEnded)
    }

    // MARK: The connection itself

    private func hijack(_ head: String) async throws -> HijackedConnection {
        let promise = channel.eventLoop.makePromise(of: HijackedConnection.self)
        channel.eventLoop.execute {
            guard self.body != nil else { return promise.completeWith(Result { try self.takeOver(head) }) }
            self.afterBody = {
                self.afterBody = nil
                promise.completeWith(Result { try self.takeOver(head) })
            }
        }
        return try await promise.futureResult.get()
    }

    /// Takes HTTP off the connection; what came early waits in the new handler.
    private func takeOver(_ head: String) throws -> HijackedConnection {
        let pipeline = channel.pipeline.syncOperations, task = task
        let raw = RawHandler(channel, early: gate.takeRest(), hasEnded: gate.hasEnded) { task?.cancel() }
        channel.writeAndFlush(ByteBuffer(string: head), promise: nil)
        try pipeline.addHandler(raw)
        pipeline.removeHandler(context: try pipeline.context(handler: self), promise: nil)
        pipeline.removeHandler(context: try pipeline.context(handlerType: ByteToMessageHandler<HTTPRequestDecoder>.self), promise: nil)
        pipeline.removeHandler(context: try pipeline.context(handler: gate), promise: nil)
        return HijackedConnection(channel: channel, handler: raw)
    }
}
