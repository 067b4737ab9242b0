// Health checks as people see them.
import Foundation
import Testing

@Suite("Health checks at work", .enabled(if: Machine.hasDocker, Machine.whyNoDocker), .serialized)
struct HealthTests {
    static let shared = Result { try Testbed("health") }
    let bed: Testbed
    init() throws { bed = try Self.shared.get() }

    private func begin(_ name: String, _ words: String..., script: String = "sleep 1000") throws {
        let all = ["run", "-d", "--network", "none", "--name", name] + words + ["bb", "sh", "-c", script]
        let outcome = try run([Machine.docker ?? "docker"] + all, environment: bed.environment)
        #expect(outcome.status == 0, "\(outcome)")
    }

    private func health(_ name: String) throws -> String { try bed.inspect(name, "{{.State.Health.Status}}") }
    private func remove(_ names: String...) { _ = try? run([Machine.docker ?? "docker", "rm", "-f"] + names, environment: bed.environment) }

    private func actions(_ name: String) throws -> [String] {
        try bed.docker(
            "events", "--since", "0", "--until", "\(Int(Date().timeIntervalSince1970) + 1)", "--filter", "container=\(name)", "--format", "{{.Action}}"
        ).lines
    }

    @Test("starting, healthy, unhealthy, and back: inspect, ps, events")
    func changes() throws {
        defer { remove("well") }
        try begin("well", "--health-cmd", "echo looked; test -e /tmp/ok", "--health-interval", "200ms", "--health-retries", "2")
        #expect(["starting", "unhealthy"].contains(try health("well")))
        let isUnwell = try eventually { try health("well") == "unhealthy" }
        #expect(isUnwell)
        #expect(try bed.inspect("well", "{{ge .State.Health.FailingStreak 2}} {{(index .State.Health.Log 0).ExitCode}}") == "true 1")
        #expect(try bed.docker("ps", "--filter", "name=well", "--format", "{{.Status}}").line.hasSuffix("(unhealthy)"))
        try bed.docker("exec", "well", "touch", "/tmp/ok")
        #expect(try eventually { try health("well") == "healthy" })
        #expect(try bed.docker("ps", "--filter", "health=healthy", "--format", "{{.Names}} {{.Status}}").line.hasSuffix("(healthy)"))
        #expect(try bed.docker("ps", "-q", "--filter", "health=none").output.isEmpty)
        #expect(try eventually { try bed.inspect("well", "{{len .State.Health.Log}} {{.State.Health.FailingStreak}}") == "5 0" })
        #expect(try bed.inspect("well", "{{(index .State.Health.Log 4).Output}}").contains("looked"))
        let told = try actions("well")
        #expect(told.filter { $0.hasPrefix("health_status") } == ["health_status: unhealthy", "health_status: healthy"], "\(told)")
        for action in ["exec_create: /bin/sh -c echo looked; test -e /tmp/ok", "exec_start: /bin/sh -c echo looked; test -e /tmp/ok", "exec_die"] {
            #expect(told.contains(action), "\(action) is not among \(told)")
        }
        #expect(try bed.docker("stop", "-t", "0", "well").status == 0)
        #expect(try bed.inspect("well", "{{.State.Status}} {{.State.Health.Status}}") == "exited unhealthy")
        #expect(try bed.docker("start", "well").status == 0)
        #expect(try eventually { try health("well") == "healthy" })
    }

    @Test("a probe that takes too long is killed with what it has started, and told so; long output is cut")
    func timeout() throws {
        defer { remove("slow", "loud") }
        try begin(
            "slow", "--health-cmd", "echo begun; sleep 777 & sleep 888", "--health-interval", "300ms", "--health-timeout", "500ms", "--health-retries", "1")
        #expect(try eventually(within: 30) { try health("slow") == "unhealthy" })
        #expect(try bed.inspect("slow", "{{(index .State.Health.Log 0).ExitCode}}") == "-1")
        #expect(try bed.inspect("slow", "{{(index .State.Health.Log 0).Output}}").contains("Health check exceeded timeout (500ms): begun"))
        // At any moment one probe at most is under way.
        let isKilled = try eventually {
            try bed.docker("exec", "slow", "sh", "-c", "ps | grep -c 'sleep [78]'").line.first.map { "0123".contains($0) } ?? false
        }
        #expect(isKilled)
        try begin("loud", "--health-cmd", "yes 1234567 | head -c 9000", "--health-interval", "300ms")
        #expect(try eventually { try health("loud") == "healthy" })
        let output = try bed.inspect("loud", "{{(index .State.Health.Log 0).Output}}")
        #expect(output.utf8.count == 4_099 && output.hasSuffix("..."), "\(output.utf8.count)")
    }

    @Test("while a container is paused nobody asks how it does, and it does as before; paused ones can be stopped and removed")
    func paused() throws {
        defer { remove("still") }
        try begin("still", "--health-cmd", "true", "--health-interval", "200ms")
        #expect(try eventually { try health("still") == "healthy" })
        #expect(try bed.docker("pause", "still").status == 0)
        usleep(500_000)  // what was under way may end as it likes
        func last() throws -> String { try bed.inspect("still", "{{range .State.Health.Log}}{{.Start}} {{end}}") }
        let before = try last()
        usleep(1_000_000)
        #expect(try last() == before)
        #expect(try bed.inspect("still", "{{.State.Status}} {{.State.Running}} {{.State.Paused}}") == "paused true true")
        #expect(try bed.docker("ps", "--filter", "status=paused", "--format", "{{.Status}}").line.hasSuffix("(Paused)"))
        #expect(try bed.docker("start", "still").errors.contains("cannot start a paused container, try unpause instead"))
        #expect(try bed.docker("rm", "still").errors.contains("container is paused and must be unpaused first"))
        #expect(try bed.docker("exec", "still", "true").errors.contains("is paused, unpause the container before exec"))
        #expect(try bed.docker("unpause", "still").status == 0)
        #expect(try eventually { try last() != before })
        #expect(try bed.docker("pause", "still").status == 0)
        #expect(try bed.docker("stop", "-t", "3", "still").status == 0)
        #expect(try bed.docker("start", "still").status == 0 && bed.docker("pause", "still").status == 0)
        #expect(try bed.docker("rm", "-f", "still").status == 0)
    }

    @Test("--no-healthcheck, and without a check there is no health")
    func none() throws {
        defer { remove("none", "off") }
        try begin("none")
        try begin("off", "--no-healthcheck")
        for name in ["none", "off"] { #expect(try bed.inspect(name, "{{.State.Health}}") == "<nil>") }
        #expect(try Set(bed.docker("ps", "--filter", "health=none", "--format", "{{.Names}}").lines).isSuperset(of: ["none", "off"]))
        let refused = try run(
            [Machine.docker ?? "docker", "create", "--health-cmd", "true", "--health-interval", "1us", "bb"], environment: bed.environment)
        #expect(refused.status == 1 && refused.errors.contains("cannot be less than 1ms"), "\(refused)")
    }

    @Test("a daemon that was killed and returns knows how a container does, and goes on looking")
    func daemonDies() throws {
        let bed = try Testbed("health-dies")
        try run(
            [
                Machine.docker ?? "docker", "run", "-d", "--network", "none", "--name", "kept", "--health-cmd", "test -e /tmp/ok", "--health-interval",
                "200ms", "--health-retries", "1", "bb", "sh", "-c", "touch /tmp/ok; sleep 1000"
            ], environment: bed.environment)
        #expect(try eventually { try bed.inspect("kept", "{{.State.Health.Status}}") == "healthy" })
        usleep(300_000)
        bed.killDaemon()
        try bed.startDaemon()
        #expect(try bed.inspect("kept", "{{.State.Health.Status}}") == "healthy")
        try bed.docker("exec", "kept", "rm", "/tmp/ok")
        #expect(try eventually { try bed.inspect("kept", "{{.State.Health.Status}}") == "unhealthy" })
        bed.stopDaemon()
    }
}
