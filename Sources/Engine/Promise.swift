// A value that comes later, awaited by any number of tasks. `wait` requests, replies of shims and the mailbox stand on it. Who is cancelled
// stops waiting; the value still comes for the others. Chapter 12.
import Synchronization

/// A value that is set once.
public final class Promise<Value: Sendable>: Sendable {
    private enum State {
        case open(waiting: [Int: CheckedContinuation<Value?, Never>], next: Int)
        case set(Value)
    }
    private let state = Mutex(State.open(waiting: [:], next: 0))

    public init() {}

    /// One that has its value already.
    init(fulfilled value: Value) { _ = fulfil(value) }

    /// Sets the value; only the first call counts.
    /// - Returns: whether this was the first.
    @discardableResult
    public func fulfil(_ value: Value) -> Bool {
        let woken: [CheckedContinuation<Value?, Never>]? = state.withLock { state in
            guard case .open(let waiting, _) = state else { return nil }
            state = .set(value)
            return Array(waiting.values)
        }
        for continuation in woken ?? [] { continuation.resume(returning: value) }
        return woken != nil
    }

    /// The value if it is set already.
    public var current: Value? {
        state.withLock { state in if case .set(let value) = state { value } else { nil } }
    }

    /// Waits for the value, whatever happens to the calling task.
    var value: Value {
        get async {
            // Without a ticket nobody can take the waiter out, so it always gets the value.
            guard let value = await wait(ticket: { _ in }) else { preconditionFailure("a waiter that was not cancelled got nothing") }
            return value
        }
    }

    /// Waits for the value; nil where the calling task was cancelled meanwhile.
    public var valueUnlessCancelled: Value? {
        get async {
            let ticket = Mutex<(number: Int?, isCancelled: Bool)>((nil, false))
            return await withTaskCancellationHandler {
                await wait { number in
                    let late = ticket.withLock { ticket in
                        ticket.number = number
                        return ticket.isCancelled
                    }
                    if late { self.giveUp(number) }
                }
            } onCancel: {
                let number = ticket.withLock { ticket in
                    ticket.isCancelled = true
                    return ticket.number
                }
                if let number { self.giveUp(number) }
            }
        }
    }

    private func wait(ticket: (Int) -> Void) async -> Value? {
        await withCheckedContinuation { (continuation: CheckedContinuation<Value?, Never>) in
            var number = -1
            let ready: Value? = state.withLock { state in
                switch state {
                case .set(let value): return value
                case .open(var waiting, let next):
                    number = next
                    waiting[next] = continuation
                    state = .open(waiting: waiting, next: next + 1)
                    return nil
                }
            }
            if let ready { continuation.resume(returning: ready) } else { ticket(number) }
        }
    }

    private func giveUp(_ number: Int) {
        let continuation: CheckedContinuation<Value?, Never>? = state.withLock { state in
            guard case .open(var waiting, let next) = state else { return nil }
            let found = waiting.removeValue(forKey: number)
            state = .open(waiting: waiting, next: next)
            return found
        }
        continuation?.resume(returning: nil)
    }
}
