// A container's life as a value, and the one pure function that changes it. A case carries what is alive in that state, so nothing can ask a
// container that has ended for its process. What must be done to the world comes out as a list of effects, which `Container` carries out.
//
//                  startFailed ┐
//                        ┌─────┴─────┐ started                       exited, supervisorDied
//     parked, shimGone ──►  resting  ├──────────────────► running ───────────┬─┐
//                        └─▲──────▲──┘                       ▲               │ │ its policy wants it to go on
//                          │      └──────────────────────────┼───────────────┘ ▼
//                          └── stopAsked, startFailed ── restarting ◄──────────┴── comesBack (resting)
//            resting, restarting, removalBegan ──► removing
//
// `created` and `exited` are both `resting`: which of them people see depends on whether it ever ran, and that is in `Past`. That one is
// paused is no state of its own: it runs, and `Container` remembers that it does not move. Chapter 12; Engine API, "Restart policies".
public import ShimProtocol

/// What was, the last time: all that remains of a run, and what has to be remembered for the next.
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
    /// What its restart policy has done so far, and whether it may go on.
    public var restarts = Restarts()
    /// What its health check said last.
    public var health: HealthStatus?

    public init() {}

    /// Rows of earlier versions lack the newer members.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        startedAt = try values.decodeIfPresent(WallTime.self, forKey: .startedAt)
        finishedAt = try values.decodeIfPresent(WallTime.self, forKey: .finishedAt)
        exitCode = try values.decodeIfPresent(Int32.self, forKey: .exitCode) ?? 0
        error = try values.decodeIfPresent(String.self, forKey: .error) ?? ""
        oomKilled = try values.decodeIfPresent(Bool.self, forKey: .oomKilled) ?? false
        restarts = try values.decodeIfPresent(Restarts.self, forKey: .restarts) ?? Restarts()
        health = try values.decodeIfPresent(HealthStatus.self, forKey: .health)
    }
}

/// What is alive of a container. `Shim` is a handle of its supervisor.
public enum Life<Shim: Sendable>: Sendable {
    /// Nothing of it runs; a shim may be parked, waiting for `start`.
    case resting(parked: Shim?)
    case running(Shim, pid: Int32)
    /// It has ended, and will be started again by itself.
    case restarting(parked: Shim?)
    /// On its way out: nobody may use it any more.
    case removing
}

/// What can happen to a container.
public enum LifeEvent<Shim: Sendable>: Sendable {
    /// A shim waits for `start`.
    case parked(Shim)
    /// The parked shim has died, which changes nothing but that.
    case shimGone
    /// Somebody starts it by hand: what its policy remembers begins anew.
    case startAsked
    case started(Shim, pid: Int32, at: WallTime)
    /// It could not be started: the code that `wait` reports, and Docker's words.
    case startFailed(code: Int32, text: String)
    /// Somebody stops it or sends it a signal, which may cancel the next automatic restart.
    case stopAsked(cancels: Bool)
    case exited(ExitRecord)
    /// An engine that starts finds that a run has ended of which it knew nothing.
    case foundEnded(ExitRecord)
    /// Its shim died while it ran; the time is when we noticed.
    case supervisorDied(at: WallTime)
    /// The engine has been started, and the policy wants it to run.
    case comesBack
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
    /// Start to look how it does, and stop looking.
    case watchHealth, endHealth
    /// Start it again after so long.
    case restart(afterMilliseconds: Int)
    /// Remove the container, which was made with `--rm`.
    case removeSelf
}

/// What holds for a container when it ends.
public struct EndRules: Sendable, Equatable {
    /// It was made with `--rm`.
    public var removesItself: Bool
    public var restart: RestartRule

    public init(removesItself: Bool = false, restart: RestartRule = .never) { (self.removesItself, self.restart) = (removesItself, restart) }
}

/// The code of a container whose supervisor died: nobody can know the true one any more.
public let supervisorDiedCode: Int32 = 137

/// Applies an event. Pure.
/// - Parameters:
///   - life: what is alive now
///   - past: what was
///   - rules: what holds at its end
/// - Returns: the new life and past, and what to do, in this order. An event that cannot be in this state changes nothing.
public func after<Shim>(
    _ event: LifeEvent<Shim>, in life: Life<Shim>, _ past: Past, _ rules: EndRules
) -> (life: Life<Shim>, past: Past, effects: [LifeEffect<Shim>]) {
    var past = past
    switch (life, event) {
    case (.resting, .parked(let shim)): return (.resting(parked: shim), past, [])
    case (.restarting, .parked(let shim)): return (.restarting(parked: shim), past, [])
    case (.resting, .shimGone): return (.resting(parked: nil), past, [])
    case (.restarting, .shimGone): return (.restarting(parked: nil), past, [])
    case (.resting, .startAsked):
        past.restarts = Restarts()
        return (life, past, [])
    case (.resting, .started(let shim, let pid, let time)), (.restarting, .started(let shim, let pid, let time)):
        past.startedAt = time
        (past.exitCode, past.error, past.oomKilled, past.restarts.isPending) = (0, "", false, false)
        return (.running(shim, pid: pid), past, [.save, .publish(action: "start", exitCode: nil), .watchHealth])
    case (.resting(let shim), .startFailed(let code, let text)), (.restarting(let shim), .startFailed(let code, let text)):
        if !past.restarts.isPending || past.exitCode == 0 { past.exitCode = code }
        (past.error, past.restarts.isPending) = (text, false)
        let end: [LifeEffect<Shim>] = [.giveBack, .closeAttachments, .tellEnd(code: past.exitCode)] + (rules.removesItself ? [.removeSelf] : [])
        return (.resting(parked: nil), past, [.save] + releasing(shim) + end)
    case (.running, .stopAsked(let cancels)):
        remember(&past, cancels)
        return (life, past, rules.restart == .never ? [] : [.save])  // without a policy nobody asks before the end, which saves it
    case (.restarting(let shim), .stopAsked(let cancels)):
        remember(&past, cancels)
        guard cancels else { return (life, past, [.save]) }
        past.restarts.isPending = false
        return (.resting(parked: nil), past, [.save] + releasing(shim) + [.tellEnd(code: past.exitCode)])
    case (.running(let shim, _), .exited(let record)): return ended(past, record, rules, shim)
    case (.resting, .foundEnded(let record)): return ended(past, record, rules, nil)
    case (.running, .supervisorDied(let time)), (.resting, .supervisorDied(let time)):
        let record = ExitRecord(
            code: supervisorDiedCode, startedAt: past.startedAt ?? time, finishedAt: time, error: "supervisor died")
        let next: (life: Life<Shim>, past: Past, effects: [LifeEffect<Shim>]) = ended(past, record, rules, nil)
        return (next.life, next.past, [.clearCgroup] + next.effects)
    case (.resting(let shim), .comesBack):
        past.restarts = Restarts()
        past.restarts.isPending = true
        return (.restarting(parked: shim), past, [.save, .restart(afterMilliseconds: 0)])
    case (.resting(let shim), .removalBegan), (.restarting(let shim), .removalBegan): return (.removing, past, releasing(shim))
    default: return (life, past, [])
    }
}

private func remember(_ past: inout Past, _ cancels: Bool) {
    past.restarts.isStoppedByHand = true
    past.restarts.isCancelled = past.restarts.isCancelled || cancels
}

private func releasing<Shim>(_ shim: Shim?) -> [LifeEffect<Shim>] { shim.map { [.release($0)] } ?? [] }

private func ended<Shim>(
    _ old: Past, _ record: ExitRecord, _ rules: EndRules, _ shim: Shim?
) -> (life: Life<Shim>, past: Past, effects: [LifeEffect<Shim>]) {
    var past = old
    (past.startedAt, past.finishedAt) = (record.startedAt, record.finishedAt)
    (past.exitCode, past.oomKilled, past.error) = (record.code, record.oomKilled, record.error ?? "")
    past.restarts.isPending = false
    let ranSeconds = (record.finishedAt.nanoseconds - record.startedAt.nanoseconds) / 1_000_000_000
    let goesOn = past.restarts.goesOn(rules.restart, exitCode: record.code, ranSeconds: ranSeconds)
    let memory: [LifeEffect<Shim>] = record.oomKilled ? [.publish(action: "oom", exitCode: nil)] : []
    let end: [LifeEffect<Shim>] = [.save, .endHealth, .publish(action: "die", exitCode: record.code), .giveBack, .tellEnd(code: record.code)]
    if goesOn { return (.restarting(parked: nil), past, memory + end + releasing(shim) + [.restart(afterMilliseconds: past.restarts.delayMilliseconds)]) }
    return (.resting(parked: nil), past, memory + end + (rules.removesItself ? [.removeSelf] : []) + releasing(shim))
}
