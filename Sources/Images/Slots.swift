// So many at once, in the order in which they came: three downloads of a pull, two unpacking helpers of an engine. A task that is cancelled
// while it waits gives up its place.

import Synchronization

/// A number of places.
final class Slots: Sendable {
    private struct State {
        var free: Int
        var queue: [(ticket: Int, continuation: CheckedContinuation<Bool, Never>)] = []
        var nextTicket = 0
    }
    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(free: count)) }

    /// Places that nobody has: for tests.
    var free: Int { state.withLock { $0.free } }

    /// Runs `body` in a place, as soon as there is one.
    ///
    /// - Parameter waiting: called once where there is none at once
    func within<Result: Sendable>(waiting: () -> Void = {}, _ body: () async throws(ImagesError) -> Result) async throws(ImagesError) -> Result {
        guard await enter(waiting) else { throw .cancelled }
        defer { leave() }
        return try await body()
    }

    /// Whether a place was got; false where the task was cancelled.
    private func enter(_ waiting: () -> Void) async -> Bool {
        let ticket: Int? = state.withLock { state in
            guard state.free == 0 else {
                state.free -= 1
                return nil
            }
            state.nextTicket += 1
            return state.nextTicket
        }
        guard let ticket else { return true }
        waiting()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let known: Bool? = state.withLock { state in
                    if Task.isCancelled { return false }
                    guard state.free == 0 else {
                        state.free -= 1
                        return true
                    }
                    state.queue.append((ticket, continuation))
                    return nil
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            let left = state.withLock { state in
                state.queue.firstIndex { $0.ticket == ticket }.map { state.queue.remove(at: $0) }
            }
            left?.continuation.resume(returning: false)
        }
    }

    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard !state.queue.isEmpty else {
                state.free += 1
                return nil
            }
            return state.queue.removeFirst().continuation
        }
        next?.resume(returning: true)
    }
}
