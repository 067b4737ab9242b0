import DockerAPI
import OCI
import ShimProtocol
import Testing

@testable import Engine

private func result(_ code: Int, _ output: String = "") -> ProbeResult {
    ProbeResult(startedAt: WallTime(nanoseconds: 1), endedAt: WallTime(nanoseconds: 2), code: code, output: output)
}

@Suite("Health checks")
struct HealthStatusTests {
    private func config(_ test: [String]?, _ change: (inout HealthConfig) -> Void = { _ in }) -> ContainerConfig {
        var config = ContainerConfig(), check = HealthConfig()
        check.Test = test
        change(&check)
        config.Healthcheck = check
        return config
    }

    @Test("one success makes it healthy, so many failures in a row unhealthy, and only changes are told")
    func streaks() {
        var health = Health()
        let told = [1, 0, -1, -1, -1, -1, 0].map { code in
            let isTold = health.take(result(code), retries: 3, isStarting: false)
            return "\(isTold) \(health.status) \(health.failingStreak)"
        }
        #expect(
            told == [
                "false starting 1", "true healthy 0", "false healthy 1", "false healthy 2", "true unhealthy 3", "false unhealthy 4", "true healthy 0"
            ])
    }

    @Test("in the start period failures do not count as long as nothing has succeeded")
    func startPeriod() {
        var health = Health()
        let early = (0..<10).map { _ in health.take(result(1), retries: 1, isStarting: true) }
        #expect(!early.contains(true) && health.status == .starting && health.failingStreak == 0)
        _ = health.take(result(0), retries: 1, isStarting: true)
        let isTold = health.take(result(1), retries: 1, isStarting: true)
        #expect(isTold && health.status == .unhealthy)
    }

    @Test("the last five results are kept, oldest first; Docker's form has null for none")
    func log() {
        var health = Health()
        #expect(HealthState(health).Log == nil)
        for code in 1...7 { _ = health.take(result(code, "o\(code)"), retries: 100, isStarting: false) }
        #expect(health.results.map(\.code) == [3, 4, 5, 6, 7])
        let state = HealthState(health)
        #expect(state.Status == "starting" && state.FailingStreak == 7 && state.Log?.last?.Output == "o7" && state.Log?.first?.ExitCode == 3)
    }

    @Test("words of the command, and Docker's defaults")
    func checks() throws {
        #expect(HealthCheck(ContainerConfig()) == nil && HealthCheck(config(nil)) == nil && HealthCheck(config([])) == nil)
        #expect(HealthCheck(config(["NONE"])) == nil)
        #expect(HealthCheck(config(["CMD", "a", "b"]))?.command == ["a", "b"])
        var withShell = config(["CMD-SHELL", "x y"])
        #expect(HealthCheck(withShell)?.command == ["/bin/sh", "-c", "x y"])
        withShell.Shell = ["/bin/ash", "-ec"]
        #expect(HealthCheck(withShell)?.command == ["/bin/ash", "-ec", "x y"])
        let check = try #require(HealthCheck(config(["CMD", "a"]) { $0.Timeout = 0 }))
        #expect(check.intervalNanoseconds == 30_000_000_000 && check.timeoutNanoseconds == 30_000_000_000 && check.startPeriodNanoseconds == 0)
        #expect(check.retries == 3 && check.startIntervalNanoseconds == 5_000_000_000)
    }

    @Test("within the start period the pauses are shorter, until it is healthy or the period is over")
    func pauses() throws {
        let check = try #require(
            HealthCheck(
                config(["CMD", "a"]) { ($0.Interval, $0.StartPeriod, $0.StartInterval) = (10_000_000_000, 60_000_000_000, 2_000_000_000) }))
        #expect(check.pauseNanoseconds(.starting, sinceStart: 1) == 2_000_000_000)
        #expect(check.pauseNanoseconds(.healthy, sinceStart: 1) == 10_000_000_000)
        #expect(check.pauseNanoseconds(.starting, sinceStart: 60_000_000_000) == 10_000_000_000)
    }

    @Test("the image's check is completed member by member; one that is asked for wins")
    func merging() {
        var image = ImageConfiguration.RunDefaults(), theirs = ImageConfiguration.Healthcheck()
        (theirs.test, theirs.interval, theirs.retries) = (["CMD", "image"], 7_000_000, 9)
        image.healthcheck = theirs
        let inherited = merged(ContainerConfig(), with: image, id: "x").Healthcheck
        #expect(inherited?.Test == ["CMD", "image"] && inherited?.Interval == 7_000_000 && inherited?.Retries == 9)
        let mixed = merged(config(["CMD", "mine"]) { ($0.Interval, $0.Retries) = (0, 2) }, with: image, id: "x").Healthcheck
        #expect(mixed?.Test == ["CMD", "mine"] && mixed?.Interval == 7_000_000 && mixed?.Retries == 2)
        #expect(HealthCheck(merged(config(["NONE"]), with: image, id: "x")) == nil)
    }

    @Test("a probe's frames are put together, and cut at 4096 bytes")
    func output() throws {
        let pair = try StreamPair(), stream = ProbeStream(try pair.takeNear())
        var bytes = Frame.header(.output, count: 3) + Array("one".utf8) + Frame.header(.error, count: 4) + Array(" two".utf8)
        for byte in bytes { stream.take([byte]) }
        #expect(stream.text == "one two")
        bytes = Frame.header(.output, count: 5_000) + [UInt8](repeating: 0x78, count: 5_000)
        stream.take(bytes)
        #expect(stream.text.utf8.count == 4_096 + 3 && stream.text.hasSuffix("x..."))
    }

    @Test(
        "durations in Go's words",
        arguments: [
            (1_000_000_000, "1s"), (1_500_000_000, "1.5s"), (90_000_000_000, "1m30s"), (60_000_000_000, "1m0s"), (3_600_000_000_000, "1h0m0s"),
            (500_000_000, "500ms"), (1_500_000, "1.5ms"), (0, "0s")
        ])
    func durations(nanoseconds: Int64, text: String) {
        #expect(durationText(nanoseconds) == text)
    }

    @Test("what cannot be is refused in Docker's words")
    func rules() throws {
        func refusal(_ change: (inout HealthConfig) -> Void) throws -> String? {
            var check = HealthConfig()
            change(&check)
            do throws(EngineError) { try checkHealth(check) } catch { return error.message }
            return nil
        }
        #expect(try refusal { $0.Interval = 999_999 } == "Interval in Healthcheck cannot be less than 1ms")
        #expect(try refusal { $0.StartPeriod = 5 } == "StartPeriod in Healthcheck cannot be less than 1ms")
        #expect(try refusal { $0.Retries = -1 } == "Retries in Healthcheck cannot be negative")
        #expect(try refusal { $0.Test = ["SHELL", "x"] } == "Unknown type 'SHELL' in Healthcheck (try 'CMD')")
        #expect(try refusal { ($0.Test, $0.Interval, $0.Timeout) = (["CMD", "x"], 1_000_000, 0) } == nil)
    }
}

@Suite("Ports that a list is asked for")
struct PortFilterTests {
    private func filter(_ text: String) throws -> PortFilter? { try PortFilter(try #require(Filters(text))) }
    private func port(_ inside: Int, _ outside: Int?, _ kind: String = "tcp") -> PortSummary {
        PortSummary(IP: nil, PrivatePort: inside, PublicPort: outside, Type: kind)
    }

    @Test("one published or exposed port of any that are named is enough")
    func matches() throws {
        #expect(try filter("{}") == nil)
        let one = try #require(try filter(#"{"publish":["8080"]}"#))
        #expect(one.matches(port(80, 8080)) && !one.matches(port(8080, nil)) && !one.matches(port(80, 8080, "udp")))
        let range = try #require(try filter(#"{"expose":["80-90/udp"],"publish":["1"]}"#))
        #expect(range.matches(port(85, nil, "udp")) && !range.matches(port(85, nil)) && range.matches(port(7, 1)) && !range.matches(port(91, nil, "udp")))
    }

    @Test("what is no port is refused")
    func refusals() {
        #expect(throws: EngineError(.invalid, "filter for 'publish' should not contain ':': 80:80")) { try filter(#"{"publish":["80:80"]}"#) }
        #expect(throws: EngineError.self) { try filter(#"{"expose":["x"]}"#) }
        #expect(throws: EngineError.self) { try filter(#"{"expose":["9-8"]}"#) }
        #expect(throws: EngineError.self) { try filter(#"{"expose":["70000"]}"#) }
    }
}
