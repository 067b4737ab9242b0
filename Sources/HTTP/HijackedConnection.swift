// A connection that HTTP has left: after 101 (or 200, for clients that did not ask for an upgrade) attach and exec carry raw bytes both ways.
// Chapter 12.
public import Linux
import NIOCore
import NIOPosix

/// Raw bytes both ways. Either relay it, or read and write it.
public struct HijackedConnection: Sendable {
    let channel: any Channel
    let handler: RawHandler

    /// What the other side sends, from the first byte behind the head to the end of its output. To be read once.
    public var inbound: Bytes {
        let channel = channel, handler = handler
        let feed = Feed(channel) { handler.feedOn() }
        var bytes = feed.bytes
        bytes.begin = { channel.eventLoop.execute { handler.start(feed) } }
        return bytes
    }

    /// Sends bytes and waits until the kernel has them.
    ///
    /// - Throws: when the other side has gone.
    public func write(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    /// Says that no more will be written; the other direction goes on.
    public func finishWriting() async {
        let handler = handler
        channel.eventLoop.execute { handler.endOutput() }
        try? await channel.writeAndFlush(ByteBuffer()).get()  // only to wait: where the other side has gone, nothing waits for it
    }

    /// Ends both directions once all that was written has left.
    public func finish() async {
        let handler = handler
        try? await channel.eventLoop.flatSubmit { handler.finish() }.get()  // where the other side has gone, there is nobody to tell
    }

    /// Joins the client with a connected stream socket, in both directions, the ends of each passed on.
    ///
    /// Returns when the socket's side has ended and all that it sent has left for the client, or when the client has gone; the socket is closed then.
    /// - Parameter socket: belongs to the relay from now on
    /// - Throws: where the descriptor is no connected socket
    public func relay(to socket: Linux.FileDescriptor) async throws {
        let handler = handler
        let partner = try await ClientBootstrap(group: channel.eventLoop)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .withConnectedSocket(socket.rawValue) { partner in
                partner.eventLoop.makeCompletedFuture {
                    let end = RawHandler(partner)
                    try partner.pipeline.syncOperations.addHandler(end)
                    return (partner, end)
                }
            }
        try await channel.eventLoop.submit { RawHandler.join(client: handler, partner.1) }.get()
        try await partner.0.closeFuture.get()
        await finish()
    }
}
