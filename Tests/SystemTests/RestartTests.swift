// Restart policies as people see them: the genuine command against a daemon of its own. What is slow by nature (delays that double) is left to the
// pure rules' tests; here the states, their order, and who may do what to a container that is between two runs.
import Foundation
import Testing

@Suite("Restart policies at work", .enabled(if: Machine.hasDocker, Machine.whyNoDocker), .serialized)
struct RestartTests {
    static let shared = Result { try Testbed("restart") }
    let bed: Testbed
    init() throws { bed = try Self.shared.get() }

    /// Starts a container, without a network.
    @discardableResult
    private func begin(_ name: String, policy: String, _ script: String, _ more: String...) throws -> Outcome {
        let words = ["run", "-d", "--network", "none", "--name", name, "--restart", policy] + more + ["bb", "sh", "-c", script]
        return try run([Machine.docker ?? "docker"] + words, environment: bed.environment)
    }

    private func state(_ name: String) throws -> String { try bed.inspect(name, "{{.State.Status}} {{.RestartCount}} {{.State.ExitCode}}") }

    /// The whole state, for a complaint.
    private func seen(_ name: String, in bed: Testbed? = nil) -> String { (try? (bed ?? self.bed).inspect(name, "{{.RestartCount}} {{json .State}}")) ?? "" }

    /// A container whose next restart is far enough away to look at it: its delays have doubled some times.
    private func resting(_ name: String, policy: String = "always", _ more: String...) throws {
        let words = ["run", "-d", "--network", "none", "--name", name, "--restart", policy] + more + ["bb", "sh", "-c", "exit 5"]
        try run([Machine.docker ?? "docker"] + words, environment: bed.environment)
        let isThere = try eventually(within: 60) {
            try bed.inspect(name, "{{.State.Restarting}} {{ge .RestartCount 6}}") == "true true"
        }
        #expect(isThere, "\(seen(name))")
    }

    private func remove(_ names: String...) { _ = try? run([Machine.docker ?? "docker", "rm", "-f"] + names, environment: bed.environment) }

    @Test("on-failure:3 restarts three times and then rests with its code; on-failure with code 0 does not restart")
    func onFailure() throws {
        defer { remove("fails", "works") }
        #expect(try begin("fails", policy: "on-failure:3", "echo once; exit 5").status == 0)
        #expect(try eventually(within: 30) { try state("fails") == "exited 3 5" }, "\(seen("fails"))")
        #expect(try bed.docker("logs", "fails").lines == ["once", "once", "once", "once"])
        try begin("works", policy: "on-failure", "exit 0")
        #expect(try bed.docker("wait", "works").line == "0")
        #expect(try state("works") == "exited 0 0")
        let events = try bed.docker(
            "events", "--since", "0", "--until", "\(Int(Date().timeIntervalSince1970) + 1)", "--filter", "container=fails", "--filter", "type=container",
            "--format", "{{.Action}}"
        ).lines
        #expect(events == ["create"] + Array(repeating: ["start", "die"], count: 4).joined(), "\(events)")
    }

    @Test("between two runs: its state and its status text, and what may not be done to it")
    func between() throws {
        defer { remove("odd", "even") }
        try resting("odd")
        #expect(
            try bed.inspect("odd", "{{.State.Status}} {{.State.Running}} {{.State.Restarting}} {{.State.Pid}} {{.State.ExitCode}}")
                == "restarting true true 0 5")
        let listed = try bed.docker("ps", "--filter", "name=odd", "--format", "{{.State}} {{.Status}}").line
        #expect(listed.hasPrefix("restarting Restarting (5) ") && listed.hasSuffix(" ago"), "\(listed)")
        #expect(try bed.request("POST", "/v1.43/containers/odd/start").status == 304)
        let removal = try bed.docker("rm", "odd")
        #expect(removal.status == 1 && removal.errors.contains("container is restarting: stop the container before removing or force remove"), "\(removal)")
        let attachment = try bed.request("POST", "/v1.43/containers/odd/attach?stream=1&stdout=1")
        #expect(attachment.body.contains("is restarting, wait until the container is running"), "\(attachment)")
        let exec = try bed.docker("exec", "odd", "true")
        #expect(exec.status == 1 && exec.errors.contains("is restarting, wait until"), "\(exec)")
        #expect(try bed.docker("rename", "odd", "even").status == 0)
        #expect(try bed.docker("rm", "-f", "even").status == 0)
        #expect(try bed.docker("ps", "-aq", "--filter", "name=^even$").output.isEmpty)
    }

    @Test("stop and kill of one that is between two runs end that, without a signal")
    func stopBetween() throws {
        defer { remove("stopped", "killed") }
        for (name, words) in [("stopped", ["stop", "stopped"]), ("killed", ["kill", "killed"])] {
            try resting(name)
            let count = try bed.inspect(name, "{{.RestartCount}}")
            let waiter = try bed.beginDocker("wait", name)
            usleep(200_000)
            #expect(try run([Machine.docker ?? "docker"] + words, environment: bed.environment).status == 0)
            #expect(try bed.inspect(name, "{{.State.Status}} {{.State.Running}} {{.State.Restarting}} {{.State.ExitCode}}") == "exited false false 5")
            #expect(waiter.wait().line == "5")
            #expect(try bed.inspect(name, "{{.RestartCount}}") >= count)
            let events = try bed.docker(
                "events", "--since", "0", "--until", "\(Int(Date().timeIntervalSince1970) + 1)", "--filter", "container=\(name)", "--filter", "event=kill",
                "--filter", "event=stop", "--format", "{{.Action}}"
            ).lines
            #expect(events == (name == "stopped" ? ["stop"] : []), "\(events)")
        }
        usleep(1_000_000)
        #expect(try bed.inspect("stopped", "{{.State.Status}}") == "exited" && bed.inspect("killed", "{{.State.Status}}") == "exited")
    }

    @Test("a stop by hand lasts until it is started by hand; a signal that is not the stop signal does not")
    func signals() throws {
        defer { remove("plain", "picky", "shy") }
        try begin("plain", policy: "always", "trap 'exit 3' USR1; while :; do sleep 0.05; done")
        try begin("picky", policy: "always", "trap 'exit 3' USR1; while :; do sleep 0.05; done", "--stop-signal", "QUIT")
        try begin("shy", policy: "unless-stopped", "trap 'exit 3' USR1; while :; do sleep 0.05; done", "--stop-signal", "QUIT")
        usleep(300_000)
        for name in ["plain", "picky", "shy"] { #expect(try bed.docker("kill", "-s", "USR1", name).status == 0) }
        #expect(try eventually { try state("plain") == "exited 0 3" }, "any signal ends it where no stop signal is configured: \(seen("plain"))")
        #expect(try eventually { try state("picky") == "running 1 0" }, "\(seen("picky"))")
        #expect(try eventually { try state("shy") == "exited 0 3" }, "\(seen("shy"))")
        #expect(try bed.docker("start", "plain").status == 0)
        #expect(try state("plain") == "running 0 0")
    }

    @Test("restart by hand counts anew, and --rm survives it")
    func restartByHand() throws {
        defer { remove("again", "temporary") }
        try resting("again")
        #expect(try bed.docker("restart", "-t", "1", "again").status == 0)
        #expect(try Int(bed.inspect("again", "{{.RestartCount}}")) ?? 99 < 6)
        try run(
            [Machine.docker ?? "docker", "run", "-d", "--rm", "--network", "none", "--name", "temporary", "bb", "sleep", "1000"], environment: bed.environment)
        #expect(try bed.docker("restart", "-t", "0", "temporary").status == 0)
        #expect(try bed.inspect("temporary", "{{.State.Status}}") == "running")
        #expect(try bed.docker("kill", "temporary").status == 0)
        #expect(try eventually { try bed.docker("ps", "-aq", "--filter", "name=temporary").output.isEmpty })
    }

    @Test("wait ends at each end, logs -f and attach with their run, though it is started again")
    func streams() throws {
        defer { remove("flow") }
        try begin("flow", policy: "always", "echo begin; while ! [ -e /tmp/go ]; do sleep 0.05; done; rm /tmp/go; echo end; exit 4")
        let waiter = try bed.beginDocker("wait", "flow"), logs = try bed.beginDocker("logs", "-f", "flow"), attached = try bed.beginDocker("attach", "flow")
        usleep(700_000)
        #expect(try bed.docker("exec", "flow", "touch", "/tmp/go").status == 0)
        #expect(waiter.wait().line == "4")
        #expect(logs.wait().lines.prefix(2) == ["begin", "end"])
        let outcome = attached.wait()
        #expect(outcome.status == 4 && outcome.lines == ["end"], "\(outcome)")
        #expect(try eventually { try state("flow") == "running 1 0" })
    }

    @Test("a start that fails is not tried again; one that cannot be started by itself rests with the reason")
    func failingStart() throws {
        defer { remove("lost") }
        let outcome = try run(
            [Machine.docker ?? "docker", "run", "-d", "--network", "none", "--name", "lost", "--restart", "always", "bb", "/nosuch"],
            environment: bed.environment)
        #expect(outcome.status == 127, "\(outcome)")
        usleep(500_000)
        #expect(try bed.inspect("lost", "{{.State.Status}} {{.RestartCount}} {{.State.ExitCode}} {{.State.Restarting}}") == "created 0 127 false")
    }

    @Test("when the engine comes back: always and unless-stopped run again, unless-stopped that was stopped does not, a pending restart goes on")
    func engineStart() throws {
        let bed = try Testbed("reboot")
        func begin(_ name: String, _ policy: String, _ script: String = "sleep 1000") throws {
            try run(
                [Machine.docker ?? "docker", "run", "-d", "--network", "none", "--name", name, "--restart", policy, "bb", "sh", "-c", script],
                environment: bed.environment)
        }
        try begin("always", "always")
        try begin("unless", "unless-stopped")
        try begin("alwaysStopped", "always")
        try begin("unlessStopped", "unless-stopped")
        try begin("onfailure", "on-failure")
        try begin("no", "no")
        try begin("pending", "always", "exit 5")
        try bed.docker("stop", "-t", "0", "alwaysStopped", "unlessStopped")
        let isPending = try eventually(within: 60) { try bed.inspect("pending", "{{.State.Restarting}} {{ge .RestartCount 5}}") == "true true" }
        #expect(isPending)
        bed.killDaemon()
        // As after a reboot: nothing of it runs any more.
        try run(
            ["sh", "-c", "for p in $(ps -eo pid,args | grep '[s]lipway-shim.*\(bed.folder.lastPathComponent)' | awk '{print $1}'); do kill -9 $p; done"])
        try bed.startDaemon()
        for name in ["always", "unless", "alwaysStopped", "onfailure"] {
            #expect(try eventually { try bed.inspect(name, "{{.State.Status}}") == "running" }, "\(name): \(seen(name, in: bed))")
        }
        #expect(try bed.inspect("unlessStopped", "{{.State.Status}}") == "exited")
        #expect(try bed.inspect("no", "{{.State.Status}} {{.State.ExitCode}}") == "exited 137")
        let goesOn = try eventually(within: 60) { try bed.inspect("pending", "{{ge .RestartCount 7}}") == "true" }
        #expect(goesOn, "\(seen("pending", in: bed))")
        bed.stopDaemon()
    }

    @Test("a policy that is changed holds from the next end on", .enabled(if: Machine.hasDocker))
    func update() throws {
        defer { remove("changed") }
        try begin("changed", policy: "no", "while ! [ -e /tmp/go ]; do sleep 0.05; done; rm /tmp/go; exit 6")
        #expect(try bed.docker("update", "--restart", "on-failure:2", "changed").status == 0)
        #expect(try bed.inspect("changed", "{{.HostConfig.RestartPolicy.Name}}") == "on-failure")
        #expect(try bed.docker("exec", "changed", "touch", "/tmp/go").status == 0)
        #expect(try eventually { try state("changed") == "running 1 0" }, "\(seen("changed"))")
        #expect(try bed.docker("update", "--restart", "no", "changed").status == 0)
        #expect(try bed.docker("exec", "changed", "touch", "/tmp/go").status == 0)
        #expect(try eventually { try state("changed") == "exited 1 6" }, "\(seen("changed"))")
    }
}
