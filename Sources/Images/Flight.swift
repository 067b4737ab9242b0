// One flight: its passengers, what it reported last, and how it ended. See Flights.swift for the rules.

import Synchronization

/// Work in common.
final class Flight<Value: Sendable, Report: Sendable>: Sendable {
    typealias Outcome = Result<Value, ImagesError>

    private struct State {
        var watchers: [Int: @Sendable (Report) -> Void] = [:]
        var waiting: [Int: CheckedContinuation<Outcome, Never>] = [:]
        var nextSeat = 0
        var latest: Report?
        var outcome: Outcome?
        var task: Task<Void, Never>?
        /// Everybody has left: nobody may board any more.
        var isEmpty = false

        mutating func seat(_ watch: @escaping @Sendable (Report) -> Void) -> Int {
            nextSeat += 1
            watchers[nextSeat] = watch
            return nextSeat
        }
    }

    /// Where it comes from, for passengers who know another source.
    let owner: String
    private let state = Mutex(State())
    private let forget: @Sendable (Flight) -> Void
    private let land: @Sendable (Value) async -> Void

    init(owner: String, forget: @escaping @Sendable (Flight) -> Void, land: @escaping @Sendable (Value) async -> Void) {
        (self.owner, self.forget, self.land) = (owner, forget, land)
    }

    /// The seat of whoever begins it.
    func first(_ watch: @escaping @Sendable (Report) -> Void) -> Int { state.withLock { $0.seat(watch) } }

    /// A seat, and the latest report to its watcher; nil where the flight is over.
    func board(_ watch: @escaping @Sendable (Report) -> Void) -> Int? {
        state.withLock { state in
            guard !state.isEmpty else { return nil }
            if case .failure = state.outcome { return nil }
            // Told under the lock, or a newer report could overtake it.
            if let latest = state.latest { watch(latest) }
            return state.seat(watch)
        }
    }

    /// Begins the work.
    func takeOff(_ fly: @escaping @Sendable (@escaping @Sendable (Report) -> Void) async throws(ImagesError) -> Value) {
        let task = Task {
            do throws(ImagesError) { await self.end(.success(try await fly { self.report($0) })) } catch { await self.end(.failure(error)) }
        }
        let isUnwanted = state.withLock { state in
            state.task = task
            return state.isEmpty
        }
        if isUnwanted { task.cancel() }
    }

    private func report(_ report: Report) {
        state.withLock { state in
            state.latest = report
            for watch in state.watchers.values { watch(report) }
        }
    }

    private func end(_ outcome: Outcome) async {
        if case .failure = outcome { forget(self) }
        let (waiting, isEmpty) = state.withLock { state in
            state.outcome = state.isEmpty ? .failure(.cancelled) : outcome
            defer { state.waiting = [:] }
            return (state.waiting, state.isEmpty)
        }
        for continuation in waiting.values { continuation.resume(returning: outcome) }
        if isEmpty, case .success(let value) = outcome { await land(value) }
    }

    func outcome(of seat: Int) async -> Outcome {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let known: Outcome? = state.withLock { state in
                    if let outcome = state.outcome { return outcome }
                    if Task.isCancelled { return .failure(.cancelled) }
                    state.waiting[seat] = continuation
                    return nil
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: seat) }?.resume(returning: .failure(.cancelled))
        }
    }

    func leave(_ seat: Int) async {
        let last: (task: Task<Void, Never>?, outcome: Outcome?)? = state.withLock { state in
            state.watchers[seat] = nil
            guard state.watchers.isEmpty, !state.isEmpty else { return nil }
            state.isEmpty = true
            defer { state.task = nil }
            defer { if state.outcome != nil { state.outcome = .failure(.cancelled) } }
            return (state.task, state.outcome)
        }
        guard let last else { return }
        forget(self)
        last.task?.cancel()
        // Also of one that has ended: until its last line is done it keeps what it made, a pinned blob for example.
        await last.task?.value
        if case .success(let value) = last.outcome { await land(value) }
    }
}
