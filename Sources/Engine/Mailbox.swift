// One event at a time for each container. An actor would not do: at each `await` inside it another call may slip in, so that a start and a
// removal of the same container would interleave half-way. Here whoever comes waits until the one before is through, first come, first served;
// and what was begun is finished even where its client has gone. Chapter 12.
import Synchronization

/// A queue of work for one container.
final class Mailbox: Sendable {
    private struct State {
        var isBusy = false
        var turns: [Promise<Void>] = []
    }
    private let state = Mutex(State())

    /// Runs `work` when all that came before has ended. It runs in a task of its own, which the caller's cancellation does not reach.
    func perform<Result: Sendable>(_ work: @escaping @Sendable () async throws -> Result) async throws -> Result {
        try await Task {
            await self.enter()
            defer { self.leave() }
            return try await work()
        }.value
    }

    /// Puts work into the queue and goes on at once, in the order of the calls from one thread.
    func post(_ work: @escaping @Sendable () async -> Void) {
        let turn = claim()
        Task {
            await turn.value
            await work()
            self.leave()
        }
    }

    private func enter() async {
        await claim().value
    }

    /// A place in the queue, taken now.
    private func claim() -> Promise<Void> {
        let promise = Promise<Void>()
        let isFirst = state.withLock { state in
            if state.isBusy {
                state.turns.append(promise)
                return false
            }
            state.isBusy = true
            return true
        }
        if isFirst { promise.fulfil(()) }
        return promise
    }

    private func leave() {
        let next: Promise<Void>? = state.withLock { state in
            if state.turns.isEmpty {
                state.isBusy = false
                return nil
            }
            return state.turns.removeFirst()
        }
        next?.fulfil(())
    }
}
