// The event loop: one thread, one epoll set, and for every descriptor a function to call when it is ready. Readiness is level-triggered:
// it is told again until it is dealt with, so a handler may read once and return, and every descriptor gets its turn.
//
// epoll reports errors and hang-ups whether asked for or not. A descriptor from which nothing is wanted at present is therefore taken out
// of the set: left in, a peer that has gone would turn the loop at full speed. man 7 epoll. Chapter 11.
import Linux

/// Calls handlers when their descriptors are ready or their time has come.
final class Loop {
    private let poll: Poll
    private var handlers: [UInt64: (Readiness) -> Void] = [:]
    private var timers: [UInt64: (due: UInt64, act: () -> Void)] = [:]
    private var lastToken: UInt64 = 0
    private var isStopped = false

    init() throws(KernelError) { poll = try Poll() }

    /// Serves events until `stop`.
    func run() throws(KernelError) {
        while !isStopped {
            let events = try poll.wait(milliseconds: millisecondsToNextTimer())
            // A handler may end another's watch within the same batch: tokens are never used twice, so that one's event finds nobody.
            for (token, readiness) in events { handlers[token]?(readiness) }
            runTimers()
        }
    }

    /// Makes `run` return after the present batch.
    func stop() { isStopped = true }

    private func newToken() -> UInt64 {
        lastToken += 1
        return lastToken
    }

    // MARK: Timers

    /// Calls `act` once, after so many milliseconds. Returns what `cancel` takes.
    @discardableResult
    func after(milliseconds: Int, _ act: @escaping () -> Void) -> UInt64 {
        let token = newToken()
        timers[token] = (monotonicNanoseconds() + UInt64(milliseconds) * 1_000_000, act)
        return token
    }

    func cancel(_ timer: UInt64) { timers[timer] = nil }

    private func millisecondsToNextTimer() -> Int32 {
        guard let due = timers.values.map(\.due).min() else { return -1 }
        let now = monotonicNanoseconds()
        return due <= now ? 0 : Int32(clamping: (due - now) / 1_000_000 + 1)
    }

    private func runTimers() {
        guard !timers.isEmpty else { return }
        let now = monotonicNanoseconds()
        for (token, timer) in timers where timer.due <= now {
            timers[token] = nil
            timer.act()
        }
    }

    // MARK: Watches

    fileprivate func change(_ descriptor: FileDescriptor, token: UInt64, from old: Readiness?, to new: Readiness?) throws(KernelError) {
        switch (old, new) {
        case (nil, let events?): try poll.add(descriptor, events, token: token)
        case (_?, let events?): try poll.modify(descriptor, events, token: token)
        case (_?, nil): try poll.remove(descriptor)
        case (nil, nil): break
        }
    }

    /// Watches a descriptor, which must stay open for as long as the watch is not ended.
    func watch(_ descriptor: FileDescriptor, _ events: Readiness?, _ handler: @escaping (Readiness) -> Void) throws(KernelError) -> Watch {
        let token = newToken()
        try change(descriptor, token: token, from: nil, to: events)
        handlers[token] = handler
        return Watch(self, descriptor, token, events)
    }

    fileprivate func forget(_ token: UInt64) { handlers[token] = nil }
}

/// One descriptor's place in the loop.
final class Watch {
    private let loop: Loop
    private let descriptor: FileDescriptor
    private let token: UInt64
    private var events: Readiness?

    fileprivate init(_ loop: Loop, _ descriptor: FileDescriptor, _ token: UInt64, _ events: Readiness?) {
        (self.loop, self.descriptor, self.token, self.events) = (loop, descriptor, token, events)
    }

    /// Asks for these events from now on; nil for none at all, not even errors.
    func want(_ wanted: Readiness?) {
        guard wanted != events else { return }
        do throws(KernelError) {
            try loop.change(descriptor, token: token, from: events, to: wanted)
            events = wanted
        } catch {
            preconditionFailure("the loop lost a descriptor: \(error)")
        }
    }

    /// Leaves the loop; to be called before the descriptor is closed.
    func end() {
        want(nil)
        loop.forget(token)
    }
}
