// The way through a proxy to a server of https: the proxy is asked to CONNECT, and from its 2xx on it only carries bytes. Until then this
// handler keeps from the handlers behind it that there is a connection, so that TLS begins with the right partner. RFC 9110 §9.3.6. chapter 08
import NIOCore

/// Stands before TLS. Touched on its event loop only.
final class Tunnel: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let address: Address, proxy: Proxy
    private var answer = ByteBuffer()

    init(to address: Address, through proxy: Proxy) { (self.address, self.proxy) = (address, proxy) }

    func channelActive(context: ChannelHandlerContext) {
        let authorization = proxy.authorization.map { "Proxy-Authorization: \($0)\r\n" } ?? ""
        let request = "CONNECT \(address.hostAndPort) HTTP/1.1\r\nHost: \(address.hostAndPort)\r\n\(authorization)\r\n"
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        answer.writeImmutableBuffer(unwrapInboundIn(data))
        let bytes = answer.readableBytesView
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else {
            if bytes.count > 16_384 { refuse(context, "its answer has no end") }
            return
        }
        let words = String(decoding: bytes.prefix { $0 != 0x0D }, as: UTF8.self).split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].hasPrefix("HTTP/1."), words[1].hasPrefix("2") else { return refuse(context, words.last.map(String.init) ?? "") }
        answer.moveReaderIndex(forwardBy: end.upperBound - bytes.startIndex)
        context.fireChannelActive()
        if answer.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(answer)) }
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    private func refuse(_ context: ChannelHandlerContext, _ why: String) {
        context.fireErrorCaught(ClientError.cannotConnect(address, why: "proxy \(proxy.address.hostAndPort): \(why)", isPermission: false))
        context.close(promise: nil)
    }
}
