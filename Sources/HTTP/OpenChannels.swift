// What a server has open, so that it can end: its listening sockets and connections, and how many requests are being answered. Chapter 12.
import NIOCore
import Synchronization

/// Channels and tasks that are alive.
final class OpenChannels: Sendable {
    private struct Alive {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var tasks = 0, isClosing = false
    }

    private let alive = Mutex(Alive())

    /// Remembers a channel until it is closed. One that comes too late is closed at once.
    func add(_ channel: any Channel) {
        let isLate = alive.withLock { alive in
            alive.channels[ObjectIdentifier(channel)] = channel
            return alive.isClosing
        }
        channel.closeFuture.whenComplete { _ in _ = self.alive.withLock { $0.channels.removeValue(forKey: ObjectIdentifier(channel)) } }
        if isLate { channel.close(promise: nil) }
    }

    func began() { alive.withLock { $0.tasks += 1 } }
    func ended() { alive.withLock { $0.tasks -= 1 } }

    /// Closes every channel, and waits up to five seconds for the tasks to end, which are cancelled by that.
    func closeAll() async {
        let channels = alive.withLock { alive in
            alive.isClosing = true
            return Array(alive.channels.values)
        }
        for channel in channels { channel.close(promise: nil) }
        let end = ContinuousClock.now + .seconds(5)
        while alive.withLock({ $0.tasks > 0 || !$0.channels.isEmpty }), ContinuousClock.now < end {
            try? await Task.sleep(for: .milliseconds(2))  // cancelled: asked again at once, until the time is over
        }
    }
}
