import ShimProtocol
import Testing

@testable import Engine

private let noon = WallTime(nanoseconds: 1_000_000_000_000), later = WallTime(nanoseconds: 1_000_500_000_000)

private func record(_ code: Int32, oom: Bool = false) -> ExitRecord { ExitRecord(code: code, startedAt: noon, finishedAt: later, oomKilled: oom) }

/// The effects by name, for comparison.
private func names(_ effects: [LifeEffect<Int>]) -> [String] {
    effects.map { effect in
        switch effect {
        case .save: "save"
        case .tellEnd(let code): "tell \(code)"
        case .publish(let action, let code): "publish \(action)" + (code.map { " \($0)" } ?? "")
        case .release(let shim): "release \(shim)"
        case .closeAttachments: "close"
        case .giveBack: "give back"
        case .clearCgroup: "clear"
        case .watchHealth: "watch"
        case .endHealth: "unwatch"
        case .restart(let milliseconds): "restart \(milliseconds)"
        case .removeSelf: "remove"
        }
    }
}

@Suite("A container's life")
struct LifeTests {
    @Test("start of a parked one: it runs, its past is that of the new run")
    func starts() {
        var past = Past()
        (past.exitCode, past.error, past.oomKilled) = (9, "old", true)
        let next = after(.started(1, pid: 42, at: noon), in: Life<Int>.resting(parked: 1), past, EndRules())
        guard case .running(1, pid: 42) = next.life else { Issue.record("it does not run"); return }
        #expect(next.past.startedAt == noon && next.past.exitCode == 0 && next.past.error.isEmpty && !next.past.oomKilled)
        #expect(names(next.effects) == ["save", "publish start", "watch"])
    }

    @Test("its exit is saved before anybody is told, and its shim let go last")
    func exits() {
        let next = after(.exited(record(7)), in: Life<Int>.running(1, pid: 42), Past(), EndRules())
        guard case .resting(parked: nil) = next.life else { Issue.record("it does not rest"); return }
        #expect(next.past.exitCode == 7 && next.past.finishedAt == later)
        #expect(names(next.effects) == ["save", "unwatch", "publish die 7", "give back", "tell 7", "release 1"])
    }

    @Test("a death for lack of memory is told as such, before the end")
    func outOfMemory() {
        let next = after(.exited(record(137, oom: true)), in: Life<Int>.running(1, pid: 42), Past(), EndRules())
        #expect(next.past.oomKilled)
        #expect(names(next.effects).first == "publish oom")
    }

    @Test("with --rm it removes itself when it has ended, and when it could not be started")
    func autoRemove() {
        let ended = after(.exited(record(0)), in: Life<Int>.running(1, pid: 42), Past(), EndRules(removesItself: true))
        #expect(names(ended.effects).contains("remove"))
        let failed = after(.startFailed(code: 127, text: "no"), in: Life<Int>.resting(parked: 1), Past(), EndRules(removesItself: true))
        #expect(names(failed.effects) == ["save", "release 1", "give back", "close", "tell 127", "remove"])
    }

    @Test("one that could not be started stays as it was, with code and text")
    func startFails() {
        let next = after(.startFailed(code: 127, text: "not found"), in: Life<Int>.resting(parked: 1), Past(), EndRules())
        #expect(next.past.startedAt == nil && next.past.exitCode == 127 && next.past.error == "not found")
    }

    @Test("when its shim dies while it runs, what is left of it is killed first; the code is 137")
    func supervisorDies() {
        let next = after(.supervisorDied(at: later), in: Life<Int>.running(1, pid: 42), Past(), EndRules())
        #expect(names(next.effects) == ["clear", "save", "unwatch", "publish die 137", "give back", "tell 137"])
        #expect(next.past.error == "supervisor died" && next.past.exitCode == 137)
    }

    @Test("a parked shim that dies changes nothing that anybody sees")
    func parkedShimDies() {
        let next = after(.shimGone, in: Life<Int>.resting(parked: 1), Past(), EndRules(removesItself: true))
        #expect(next.effects.isEmpty && next.past == Past())
    }

    @Test("events that cannot be in a state change nothing: a second exit, a start while it is removed")
    func impossible() {
        #expect(after(.exited(record(3)), in: Life<Int>.resting(parked: nil), Past(), EndRules(removesItself: true)).effects.isEmpty)
        let next = after(.started(1, pid: 2, at: noon), in: Life<Int>.removing, Past(), EndRules())
        guard case .removing = next.life else { Issue.record("it came back"); return }
        #expect(next.effects.isEmpty)
    }
}
