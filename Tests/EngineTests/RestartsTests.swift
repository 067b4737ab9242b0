import DockerAPI
import Foundation
import ShimProtocol
import Testing

@testable import Engine

private let noon = WallTime(nanoseconds: 1_000_000_000_000)

/// The end of a run of so many milliseconds.
private func exit(_ code: Int32, after milliseconds: Int64 = 50) -> LifeEvent<Int> {
    .exited(ExitRecord(code: code, startedAt: noon, finishedAt: WallTime(nanoseconds: noon.nanoseconds + milliseconds * 1_000_000)))
}

/// A container that goes through events one after the other.
private struct Played {
    var life: Life<Int> = .running(1, pid: 42)
    var past = Past()
    var rules: EndRules
    var effects: [LifeEffect<Int>] = []

    init(_ rule: RestartRule) { rules = EndRules(restart: rule) }

    mutating func play(_ event: LifeEvent<Int>) { (life, past, effects) = after(event, in: life, past, rules) }
    mutating func start() { play(.started(1, pid: 42, at: noon)) }

    var delay: Int? {
        effects.lazy.compactMap { if case .restart(let milliseconds) = $0 { milliseconds } else { nil } }.first
    }
    var isRestarting: Bool { if case .restarting = life { true } else { false } }
    var isResting: Bool { if case .resting = life { true } else { false } }
}

@Suite("Restart policies")
struct RestartsTests {
    @Test("delays double from 100 ms to a minute, and begin anew when a run has lasted ten seconds")
    func delays() {
        var container = Played(.always), seen: [Int] = []
        for _ in 0..<12 {
            container.play(exit(0))
            seen.append(container.delay ?? -1)
            container.start()
        }
        #expect(seen == [100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000])
        #expect(container.past.restarts.count == 12)
        container.play(exit(0, after: 9_999))
        #expect(container.delay == 60_000)
        container.start()
        container.play(exit(0, after: 10_000))
        #expect(container.delay == 100 && container.past.restarts.count == 14)
    }

    @Test("when the end is told the container is restarting already, and its shim has been let go before the timer runs")
    func order() {
        var container = Played(.always)
        container.play(exit(5))
        #expect(container.isRestarting && container.past.restarts.isPending && container.past.exitCode == 5)
        let kinds = container.effects.map { "\($0)".prefix { $0 != "(" } }
        #expect(kinds == ["save", "endHealth", "publish", "giveBack", "tellEnd", "release", "restart"])
    }

    @Test("on-failure goes on after a code other than 0, so many times")
    func onFailure() {
        var container = Played(.onFailure(most: 2))
        container.play(exit(0))
        #expect(container.isResting)
        container = Played(.onFailure(most: 2))
        for count in 1...2 {
            container.play(exit(3))
            #expect(container.isRestarting && container.past.restarts.count == count)
            container.start()
        }
        container.play(exit(3))
        #expect(container.isResting && container.past.restarts.count == 2 && container.past.exitCode == 3 && !container.past.restarts.isPending)
        container = Played(.onFailure(most: nil))
        container.past.restarts.count = 1_000
        container.play(exit(1))
        #expect(container.isRestarting)
    }

    @Test("a stop ends it; a signal that does not stop lets `always` go on and `unless-stopped` not")
    func stops() {
        for rule in [RestartRule.always, .unlessStopped, .onFailure(most: nil)] {
            var container = Played(rule)
            container.play(.stopAsked(cancels: true))
            container.play(exit(143))
            #expect(container.isResting, "\(rule)")
        }
        for (rule, goesOn) in [(RestartRule.always, true), (.unlessStopped, false), (.onFailure(most: nil), true)] {
            var container = Played(rule)
            container.play(.stopAsked(cancels: false))
            container.play(exit(129))
            #expect(container.isRestarting == goesOn, "\(rule)")
        }
    }

    @Test("between two runs a stop cancels at once and tells those who wait; another signal is remembered only")
    func stopsBetween() {
        var container = Played(.always)
        container.play(exit(5))
        container.play(.stopAsked(cancels: false))
        #expect(container.isRestarting)
        container.play(.parked(7))
        container.play(.stopAsked(cancels: true))
        #expect(container.isResting && !container.past.restarts.isPending)
        #expect(container.effects.map { "\($0)".prefix { $0 != "(" } } == ["save", "release", "tellEnd"])
    }

    @Test("a start by hand forgets all that; a start by itself that fails is the last, with the end before it as its code")
    func starts() {
        var container = Played(.always)
        container.play(exit(5))
        container.play(.startFailed(code: 128, text: "no network"))
        #expect(container.isResting && container.past.exitCode == 5 && container.past.error == "no network" && container.delay == nil)
        container.play(.startAsked)
        #expect(container.past.restarts == Restarts())
    }

    @Test("when the engine starts: always comes back, unless-stopped unless it was stopped, others stay")
    func comesBack() {
        var restarts = Restarts()
        #expect([RestartRule.never, .always, .unlessStopped, .onFailure(most: nil)].map(restarts.comesBack) == [false, true, true, false])
        restarts.isStoppedByHand = true
        #expect([RestartRule.always, .unlessStopped].map(restarts.comesBack) == [true, false])
        var container = Played(.always)
        container.life = .resting(parked: nil)
        container.play(.comesBack)
        #expect(container.isRestarting && container.delay == 0 && container.past.restarts.count == 0)
    }

    @Test("an end that an engine finds when it starts counts like one that it was told; a restart that was pending is begun by it only once")
    func foundEnded() {
        let record = ExitRecord(code: 5, startedAt: noon, finishedAt: WallTime(nanoseconds: noon.nanoseconds + 1))
        var container = Played(.onFailure(most: 1))
        container.life = .resting(parked: nil)
        container.play(.foundEnded(record))
        #expect(container.isRestarting && container.delay == 100 && container.past.restarts.count == 1)
        container.play(.foundEnded(record))
        #expect(container.isRestarting && container.effects.isEmpty && container.past.restarts.count == 1)
    }

    @Test("which signals cancel: KILL, the stop signal, any where none is configured")
    func signals() {
        var config = ContainerConfig()
        #expect([1, 9, 15].map { cancelsRestart($0, config) } == [true, true, true])
        config.StopSignal = "SIGQUIT"
        #expect([1, 9, 15, 3].map { cancelsRestart($0, config) } == [false, true, false, true])
    }

    @Test("rows of earlier versions are read, and a policy's words understood")
    func words() throws {
        let past = try JSONDecoder().decode(Past.self, from: Data(#"{"exitCode":3,"error":"","oomKilled":false}"#.utf8))
        #expect(past.exitCode == 3 && past.restarts == Restarts() && past.health == nil)
        var policy = RestartPolicy(name: "on-failure")
        #expect(RestartRule(policy) == .onFailure(most: nil))
        policy.MaximumRetryCount = 4
        #expect(RestartRule(policy) == .onFailure(most: 4) && RestartRule(nil) == .never && RestartRule(RestartPolicy(name: "no")) == .never)
    }
}
