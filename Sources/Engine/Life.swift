// A container's life as a value, and the one pure function that changes it. A case carries what is alive in that state, so nothing can ask a
// container that has ended for its process. What must be done to the world comes out as a list of effects, which `Container` carries out.
//
//                  startFailed ┐
//                        ┌─────┴─────┐ started           exited, supervisorDied
//     parked, shimGone ──►  resting  ├──────────► running ──────────┐
//                        └─────▲─────┘                              │
//                              └────────────────────────────────────┘
//            resting, removalBegan ──► removing
//
// `created` and `exited` are both `resting`: which of them people see depends on whether it ever ran, and that is in `Past`. Chapter 12.
public import ShimProtocol

/// What was, the last time: all that remains of a run.
public struct Past: Codable, Sendable, Equatable {
    /// When it last started; nil where it never has.
    public var startedAt: WallTime?
    /// When it last ended.
    public var finishedAt: WallTime?
    /// How it last ended: the exit status, 128+n where signal n ended it; 127, 126 or 128 where it could not be started.
    public var exitCode: Int32 = 0
    /// Why it could not be started, or what went wrong at its end.
    public var error = ""
    /// The kernel killed something in it because its memory limit was reached.
    public var oomKilled = false

    public init() {}
}

/// What is alive of a container. `Shim` is a handle of its supervisor.
public enum Life<Shim: Sendable>: Sendable {
    /// Nothing of it runs; a shim may be parked, waiting for `start`.
    case resting(parked: Shim?)
    case running(Shim, pid: Int32)
    /// On its way out: nobody may use it any more.
    case removing
}

/// What can happen to a container.
public enum LifeEvent<Shim: Sendable>: Sendable {
    /// A shim waits for `start`.
    case parked(Shim)
    /// The parked shim has died, which changes nothing but that.
    case shimGone
    case started(Shim, pid: Int32, at: WallTime)
    /// It could not be started: the code that `wait` reports, and Docker's words.
    case startFailed(code: Int32, text: String)
    case exited(ExitRecord)
    /// Its shim died while it ran; the time is when we noticed.
    case supervisorDied(at: WallTime)
    case removalBegan
}

/// What must be done to the world after a change.
public enum LifeEffect<Shim: Sendable>: Sendable {
    /// Write `Past` to the database.
    case save
    /// Tell those who wait for the end, with this code.
    case tellEnd(code: Int32)
    /// Publish an event by its action; `exitCode` where it has one.
    case publish(action: String, exitCode: Int32?)
    /// Let the shim go: it has nothing to do any more.
    case release(Shim)
    /// Close the streams of clients that still wait for the next run.
    case closeAttachments
    /// Give back networks and volumes of the run that has ended.
    case giveBack
    /// Kill whatever is left in the container's cgroup, and remove it.
    case clearCgroup
    /// Remove the container, which was made with `--rm`.
    case removeSelf
}

/// The code of a container whose supervisor died: nobody can know the true one any more.
public let supervisorDiedCode: Int32 = 137

/// Applies an event. Pure.
/// - Parameters:
///   - life: what is alive now
///   - past: what was
///   - autoRemove: whether it was made with `--rm`
/// - Returns: the new life and past, and what to do, in this order. An event that cannot be in this state changes nothing.
public func after<Shim>(
    _ event: LifeEvent<Shim>, in life: Life<Shim>, _ past: Past, autoRemove: Bool
) -> (life: Life<Shim>, past: Past, effects: [LifeEffect<Shim>]) {
    var past = past
    switch (life, event) {
    case (.resting, .parked(let shim)): return (.resting(parked: shim), past, [])
    case (.resting, .shimGone): return (.resting(parked: nil), past, [])
    case (.resting, .started(let shim, let pid, let time)):
        past.startedAt = time
        (past.exitCode, past.error, past.oomKilled) = (0, "", false)
        return (.running(shim, pid: pid), past, [.save, .publish(action: "start", exitCode: nil)])
    case (.resting(let shim), .startFailed(let code, let text)):
        (past.exitCode, past.error) = (code, text)
        let release = shim.map { [LifeEffect.release($0)] } ?? []
        return (.resting(parked: nil), past, [.save] + release + [.giveBack, .closeAttachments, .tellEnd(code: code)] + (autoRemove ? [.removeSelf] : []))
    case (.running(let shim, _), .exited(let record)):
        let effects: [LifeEffect<Shim>] = end(&past, record, autoRemove: autoRemove)
        return (.resting(parked: nil), past, effects + [.release(shim)])
    case (.running, .supervisorDied(let time)):
        let record = ExitRecord(
            code: supervisorDiedCode, startedAt: past.startedAt ?? time, finishedAt: time, error: "supervisor died")
        let effects: [LifeEffect<Shim>] = end(&past, record, autoRemove: autoRemove)
        return (.resting(parked: nil), past, [.clearCgroup] + effects)
    case (.resting(let shim), .removalBegan):
        return (.removing, past, shim.map { [.release($0)] } ?? [])
    default: return (life, past, [])
    }
}

private func end<Shim>(_ past: inout Past, _ record: ExitRecord, autoRemove: Bool) -> [LifeEffect<Shim>] {
    past.startedAt = record.startedAt
    past.finishedAt = record.finishedAt
    past.exitCode = record.code
    past.oomKilled = record.oomKilled
    past.error = record.error ?? ""
    let memory: [LifeEffect<Shim>] = record.oomKilled ? [.publish(action: "oom", exitCode: nil)] : []
    return memory + [.save, .publish(action: "die", exitCode: record.code), .giveBack, .tellEnd(code: record.code)] + (autoRemove ? [.removeSelf] : [])
}
