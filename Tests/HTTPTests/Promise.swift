import Synchronization

/// Something that happens once, and for which a test waits a limited time.
final class Promise: Sendable {
    private let happened = Mutex(false)

    func fulfil() { happened.withLock { $0 = true } }

    func isFulfilled(within limit: Duration) async -> Bool {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            if happened.withLock({ $0 }) { return true }
            try? await Task.sleep(for: .milliseconds(5))  // cancelled: asked again at once
        }
        return happened.withLock { $0 }
    }
}

/// Counts, from any task.
final class Counter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }
    func add(_ more: Int) { count.withLock { $0 += more } }

    /// The count, once it has been above zero and the same for a second; after 30 seconds whatever it is.
    func standsStill() async -> Int {
        var (last, same) = (0, 0)
        for _ in 0..<300 where same < 10 {
            try? await Task.sleep(for: .milliseconds(100))  // cancelled: asked again at once
            same = value == last && last > 0 ? same + 1 : 0
            last = value
        }
        return last
    }
}
