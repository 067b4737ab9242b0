// Joining two byte streams: what one end reads the other writes, no faster than it can, and the end of one direction is passed on while the
// other direction goes on. Both channels live on one event loop. The trap: closing a channel's output after its input has ended closes all of
// it at once, unsent bytes included, so every close waits for an empty flush. Chapter 12.
import NIOCore
import NIOPosix

/// One end of a relay. Touched on its event loop only.
final class RawHandler: ChannelDuplexHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var context: ChannelHandlerContext?
    private var partner: RawHandler?
    private var early: [ByteBuffer] = []
    private var inputEnded = false, outputEnded = false, wantsRead = false
    /// Fulfilled when this end is closed.
    private(set) var closed: EventLoopFuture<Void>?

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        closed = context.channel.closeFuture
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        partner = nil
    }

    /// Joins two ends; what came early is passed on first.
    static func join(_ one: RawHandler, _ other: RawHandler) {
        one.partner = other
        other.partner = one
        for end in [one, other] {
            for bytes in end.early { end.partner?.send(bytes) }
            end.early = []
            if end.inputEnded { end.partner?.endOutput() }
            if end.context == nil { end.partner?.close() }
        }
        one.readOn()
        other.readOn()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        if let partner { partner.send(bytes) } else { early.append(bytes) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        partner?.context?.flush()
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if let partner, partner.context?.channel.isWritable == true { context.read() } else { wantsRead = true }
    }

    private func readOn() {
        guard wantsRead, partner?.context?.channel.isWritable == true else { return }
        wantsRead = false
        context?.read()
    }

    private func send(_ bytes: ByteBuffer) {
        context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        partner?.readOn()
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            inputEnded = true
            partner?.endOutput()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        inputEnded = true
        partner?.close()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    /// Closes the sending direction once all that was sent has left; the whole channel if the other direction has ended too.
    private func endOutput() {
        guard let context, !outputEnded else { return }
        outputEnded = true
        let channel = context.channel
        channel.writeAndFlush(ByteBuffer()).assumeIsolated().whenComplete { _ in
            if self.inputEnded { channel.close(promise: nil) } else { channel.close(mode: .output, promise: nil) }
        }
    }

    /// Closes the whole once all that was sent has left; a peer that takes nothing gets ten seconds.
    private func close() {
        guard let context else { return }
        let channel = context.channel
        let limit = channel.eventLoop.assumeIsolated().scheduleTask(in: .seconds(10)) { channel.close(promise: nil) }
        channel.writeAndFlush(ByteBuffer()).assumeIsolated().whenComplete { _ in
            limit.cancel()
            channel.close(promise: nil)
        }
    }
}

/// A client's connection after its request was answered with 101 (or 200): raw bytes both ways.
public struct HijackedConnection: Sendable {
    let channel: any Channel
    let handler: RawHandler

    /// Joins the client with a connected stream socket until that socket has ended and all was sent, or the client has gone.
    /// - Parameter socket: the number of a socket that belongs to the relay from now on
    public func relay(to socket: CInt) async throws {
        let raw = RawHandler()
        let other: any Channel
        do {
            other = try await ClientBootstrap(group: channel.eventLoop)
                .channelOption(.allowRemoteHalfClosure, value: true)
                .channelInitializer { channel in channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(raw) } }
                .withConnectedSocket(socket).get()
        } catch {
            channel.close(promise: nil)
            throw error
        }
        let handler = handler
        try await channel.eventLoop.submit { RawHandler.join(handler, raw) }.get()
        try await channel.closeFuture.get()
        try await other.closeFuture.get()
    }

    /// Sends bytes and closes.
    public func finish(with bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
        try await channel.close().get()
    }
}
