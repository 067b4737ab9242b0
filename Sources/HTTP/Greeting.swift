// Limits how long a server of TLS may take to say anything at all: one that speaks plain HTTP may wait for the end of a request that it will
// never find in our greeting. It stands before TLS, and goes when the first bytes come. chapter 08
import NIOCore

/// Touched on its event loop only.
final class Greeting: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let address: Address, limit: TimeAmount
    private var deadline: Scheduled<Void>?

    init(_ address: Address, within limit: TimeAmount) { (self.address, self.limit) = (address, limit) }

    func channelActive(context: ChannelHandlerContext) {
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: limit) { [address, limit] in
            context.fireErrorCaught(ClientError.stalled(address, seconds: Double(limit.nanoseconds) / 1e9))
            context.close(promise: nil)
        }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireChannelRead(data)
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }
}
