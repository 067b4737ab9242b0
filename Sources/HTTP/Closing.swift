// How a connection is closed without losing what was written last. Chapter 12.
import NIOCore

/// Closes once all that was written has left.
func closeFlushed(_ channel: any Channel) {
    channel.writeAndFlush(ByteBuffer()).assumeIsolated().whenComplete { _ in channel.close(promise: nil) }
}

/// Ends the output once all that was written has left, and closes two seconds later, if the other side does not do so first. To close with input
/// unread would make the kernel reset the connection, and the other side might lose what we sent last.
///
/// - Parameter hasEnded: whether the other side has ended already
func closeGently(_ channel: any Channel, hasEnded: Bool) {
    guard !hasEnded else { return closeFlushed(channel) }
    channel.writeAndFlush(ByteBuffer()).assumeIsolated().whenComplete { _ in
        channel.close(mode: .output, promise: nil)
        let limit = channel.eventLoop.assumeIsolated().scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
        channel.closeFuture.assumeIsolated().whenComplete { _ in limit.cancel() }
    }
}
