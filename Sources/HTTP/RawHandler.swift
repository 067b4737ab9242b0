// A connection without HTTP: raw bytes both ways, given to a reader (`Bytes`) or joined with a second connection. Of two joined ends each reads
// no faster than the other can write, and the end of one direction is passed on while the other goes on.
// The trap (tried): closing a channel's output after its input has ended closes all of it at once, unsent bytes included; so every close waits
// for an empty flush. Chapter 12.
import NIOCore

/// Touched on its event loop only.
final class RawHandler: ChannelDuplexHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Who gets what comes in.
    private enum Reader {
        /// Nobody yet: what came early waits, and the kernel keeps the rest.
        case nobody
        case feed(Feed)
        case partner(RawHandler)
        /// What comes is thrown away.
        case discard
    }

    private let channel: any Channel
    private let whenGone: () -> Void
    private var reader = Reader.nobody
    private var early: ByteBuffer
    private var context: ChannelHandlerContext?
    private var inputEnded: Bool
    private var outputEnded = false, wantsRead = true, isHeld = false, isGone = false
    /// Set once the connection is being ended: succeeds when all that was sent has left.
    private var finished: EventLoopFuture<Void>?
    /// Whether this end is a relay's client: it is finished with its partner, and not only told that the input has ended.
    private var isClient = false

    /// - Parameters:
    ///   - early: what came before
    ///   - whenGone: done when the other side has closed the connection
    init(_ channel: any Channel, early: ByteBuffer = ByteBuffer(), hasEnded: Bool = false, whenGone: @escaping () -> Void = {}) {
        (self.channel, self.early, inputEnded, self.whenGone) = (channel, early, hasEnded, whenGone)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    // MARK: In

    /// Gives the input to a reader's feed.
    func start(_ feed: Feed) {
        guard case .nobody = reader else { return feed.fail("the connection is in use") }
        reader = .feed(feed)
        takeEarly()
    }

    /// Another chunk is wanted.
    func feedOn() {
        isHeld = false
        readOn()
    }

    private func takeEarly() {
        if early.readableBytes > 0 { pass(early) }
        early = ByteBuffer()
        if inputEnded || isGone { passEnd() }
        readOn()
    }

    private func pass(_ bytes: ByteBuffer) {
        switch reader {
        case .nobody: early.writeImmutableBuffer(bytes)
        case .feed(let feed): if !feed.yield(bytes) { isHeld = true }
        case .partner(let partner): partner.send(bytes)
        case .discard: break
        }
    }

    /// The input has ended, or the connection is gone.
    private func passEnd() {
        switch reader {
        case .nobody: break
        // NIO tells of the end of input only while our output is open; behind that, the end comes as the end of the connection.
        case .feed(let feed): if inputEnded || outputEnded { feed.finish() } else { feed.fail("connection was cut") }
        case .partner(let partner): partner.partnerEnded(isGone)
        case .discard: if finished != nil { closeFlushed(channel) }
        }
    }

    private func partnerEnded(_ isGone: Bool) {
        if isClient {
            guard case .partner(let partner) = reader else { return }
            finish().assumeIsolated().whenComplete { _ in partner.channel.close(promise: nil) }
        } else if isGone {
            abandoned()
        } else {
            endOutput()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { pass(unwrapInboundIn(data)) }

    func read(context: ChannelHandlerContext) {
        wantsRead = true
        readOn()
    }

    private func readOn() {
        let isFree =
            switch reader {
            case .nobody: false
            case .feed: !isHeld
            case .partner(let partner): partner.channel.isWritable
            case .discard: true
            }
        guard wantsRead, isFree else { return }
        wantsRead = false
        context?.read()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if case .partner(let partner) = reader { partner.readOn() }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            inputEnded = true
            passEnd()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        isGone = true
        passEnd()
        if finished == nil { whenGone() }
        // Whoever comes to read later still gets what came early.
        if case .nobody = reader {} else { reader = .discard }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    // MARK: Out

    private func send(_ bytes: ByteBuffer) { channel.writeAndFlush(bytes, promise: nil) }

    /// Ends the sending direction once all that was sent has left.
    func endOutput() {
        guard !outputEnded else { return }
        outputEnded = true
        let channel = channel
        channel.writeAndFlush(ByteBuffer()).assumeIsolated().whenComplete { _ in channel.close(mode: .output, promise: nil) }
    }

    /// The partner is gone: what it sent still leaves, within ten seconds.
    private func abandoned() {
        (reader, outputEnded) = (.discard, true)
        let channel = channel
        let limit = channel.eventLoop.assumeIsolated().scheduleTask(in: .seconds(10)) { channel.close(promise: nil) }
        channel.closeFuture.assumeIsolated().whenComplete { _ in limit.cancel() }
        closeFlushed(channel)
        readOn()
    }

    /// Ends the output, and closes the connection when the other side has ended its own, or two seconds later.
    ///
    /// - Returns: succeeds when all that was sent has left.
    func finish() -> EventLoopFuture<Void> {
        if let finished { return finished }
        let flushed = channel.writeAndFlush(ByteBuffer())
        (reader, outputEnded, finished) = (.discard, true, flushed)
        closeGently(channel, hasEnded: inputEnded)
        readOn()
        return flushed
    }

    // MARK: Joining

    /// Joins a client and a socket of one event loop. What came early is passed on first. The socket's channel is closed when all is over.
    static func join(client: RawHandler, _ socket: RawHandler) {
        client.isClient = true
        (client.reader, socket.reader) = (.partner(socket), .partner(client))
        client.takeEarly()
        socket.takeEarly()
    }
}
