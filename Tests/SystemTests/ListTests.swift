// Lists, prunes and removals with the genuine command: every filter, and who wins where several want the same.
import Foundation
import Testing

@Suite("Lists and removals", .enabled(if: Machine.hasDocker, Machine.whyNoDocker), .serialized)
struct ListTests {
    static let shared = Result { try Testbed("list") }
    let bed: Testbed
    init() throws { bed = try Self.shared.get() }

    private func names(_ words: String...) throws -> [String] {
        let outcome = try run([Machine.docker ?? "docker", "ps", "--format", "{{.Names}}"] + words, environment: bed.environment)
        #expect(outcome.status == 0, "\(words): \(outcome)")
        return outcome.lines
    }

    private func make(_ name: String, _ words: String..., command: [String] = ["sleep", "1000"], verb: [String] = ["run", "-d"]) throws {
        let outcome = try run(
            [Machine.docker ?? "docker"] + verb + ["--network", "none", "--name", name] + words + ["bb"] + command, environment: bed.environment)
        #expect(outcome.status == 0, "\(outcome)")
    }

    private func removeAll() { _ = try? run(["sh", "-c", "docker ps -aq | xargs -r docker rm -f"], environment: bed.environment) }

    @Test("every filter of a list")
    func filters() throws {
        defer { removeAll() }
        try make("one", "--label", "team=x", "--label", "n=1")
        try make("two", "--label", "team=x", verb: ["create"])
        try make("three", "-v", "/tmp:/host", command: ["sh", "-c", "exit 7"])
        try make("four", "--restart", "always", command: ["sh", "-c", "exit 3"])
        #expect(try bed.docker("wait", "three").line == "7")
        #expect(try names("-a") == ["four", "three", "two", "one"])
        #expect(try names("-n", "2") == ["four", "three"] && names("-l") == ["four"])
        #expect(try names("-a", "-f", "label=team=x") == ["two", "one"] && names("-a", "-f", "label=team=x", "-f", "label=n") == ["one"])
        #expect(try names("-f", "status=created") == ["two"] && names("-f", "status=created", "-f", "status=exited") == ["three", "two"])
        #expect(try names("-a", "-f", "exited=7") == ["three"] && names("-a", "-f", "exited=0").isEmpty)
        #expect(try names("-f", "status=paused").isEmpty && names("-f", "status=dead").isEmpty)
        #expect(try eventually { try names("-f", "status=restarting") == ["four"] })
        #expect(try names("-a", "-f", "before=three") == ["two", "one"] && names("-a", "-f", "since=two") == ["four", "three"])
        #expect(try names("-a", "-f", "name=^t", "-f", "name=four") == ["four", "three", "two"])
        #expect(try names("-a", "-f", "volume=/host") == ["three"] && names("-a", "-f", "volume=/tmp") == ["three"] && names("-a", "-f", "volume=x").isEmpty)
        #expect(try names("-a", "-f", "network=none").count == 4 && names("-a", "-f", "network=bridge").isEmpty)
        #expect(try names("-a", "-f", "health=none").count == 4 && names("-a", "-f", "health=healthy").isEmpty)
        #expect(try names("-a", "-f", "ancestor=bb").count == 4 && names("-a", "-f", "ancestor=nosuch").isEmpty)
        #expect(
            try names("-a", "-f", "is-task=false").count == 4 && names("-a", "-f", "is-task=true").isEmpty && names("-a", "-f", "isolation=default").count == 4)
        #expect(try names("-a", "-f", "publish=8080").isEmpty && names("-a", "-f", "expose=80/udp").isEmpty)
        for bad in ["status=zz", "exited=x", "nosuch=1", "health=zz", "publish=80:80", "is-task=2"] {
            let outcome = try bed.docker("ps", "-f", bad)
            #expect(outcome.status == 1 && outcome.errors.contains("Error response from daemon"), "\(bad): \(outcome)")
        }
        let missing = try bed.docker("ps", "-f", "before=nosuch")
        #expect(missing.errors.contains("No such container: nosuch"), "\(missing)")
        #expect(try bed.docker("ps", "-aq", "-f", "status=zz").errors.contains("invalid filter 'status=zz'"))
    }

    @Test("prune by label and by age takes what does not run, and says how much it was")
    func prune() throws {
        defer { removeAll() }
        try make("keep", "--label", "keep", verb: ["create"])
        try make("runs")
        try make("gone", command: ["sh", "-c", "head -c 100000 /dev/zero > /big"])
        try make("soon", command: ["true"])
        #expect(try bed.docker("wait", "gone", "soon").lines == ["0", "0"])
        #expect(try bed.docker("container", "prune", "-f", "--filter", "until=1h").output.contains("Total reclaimed space: 0B"))
        #expect(try names("-a").count == 4)
        let outcome = try bed.docker("container", "prune", "-f", "--filter", "label!=keep")
        #expect(outcome.output.contains("Total reclaimed space: 100kB"), "\(outcome)")
        #expect(try Set(names("-a")) == ["keep", "runs"])
        #expect(try bed.docker("container", "prune", "-f", "--filter", "until=1s", "--filter", "label=other").status == 0)
        for bad in ["nosuch=1", "until=x"] { #expect(try bed.docker("container", "prune", "-f", "--filter", bad).status == 1, "\(bad)") }
        let events = try bed.docker(
            "events", "--since", "0", "--until", "\(Int(Date().timeIntervalSince1970) + 1)", "--filter", "event=prune", "--format",
            "{{.Type}} {{.Actor.Attributes.reclaimed}}")
        #expect(events.lines == ["container 0", "container 100000", "container 0"], "\(events)")
    }

    @Test("removal: what runs is kept without force, a link is none, an unknown one is told")
    func removal() throws {
        defer { removeAll() }
        try make("busy")
        let refused = try bed.docker("rm", "busy")
        #expect(refused.errors.contains("cannot remove container \"/busy\": container is running: stop the container before removing or force remove"))
        #expect(try bed.docker("rm", "-l", "busy").errors.contains("cannot remove the default link name"))
        #expect(try bed.docker("rm", "-fv", "busy").status == 0)
        #expect(try bed.docker("rm", "busy").errors.contains("No such container: busy"))
        #expect(try bed.docker("rm", "-f", "busy").status == 0, "the command takes a missing one as removed")
        try make("zero")
        #expect(try bed.docker("kill", "-s", "0", "zero").errors.contains("Invalid signal: 0"))
        #expect(try bed.docker("stop", "-s", "NOSUCH", "zero").errors.contains("Invalid signal: NOSUCH"))
        #expect(try bed.docker("stop", "-s", "KILL", "zero").status == 0)
        #expect(try bed.inspect("zero", "{{.State.ExitCode}}") == "137")
        #expect(try bed.docker("kill", "zero").errors.contains("is not running"))
    }

    @Test("what cannot be removed is dead: told, not startable, there after the daemon's end, and removable when nothing holds it any more")
    func dead() throws {
        let bed = try Testbed("dead")
        let docker = Machine.docker ?? "docker"
        let id = try run([docker, "create", "--network", "none", "--name", "held", "bb", "true"], environment: bed.environment).line
        let place = bed.data.appending(path: "containers/\(id)/held").path
        try run(["sh", "-c", "mkdir \(place) && mount -t tmpfs tmpfs \(place)"])
        #expect(try bed.docker("rm", "held").status == 1)
        #expect(try bed.inspect("held", "{{.State.Status}} {{.State.Dead}} {{.State.Running}}") == "dead true false")
        #expect(try bed.docker("ps", "-a", "--filter", "status=dead", "--format", "{{.Names}} {{.Status}}").line == "held Dead")
        #expect(try bed.docker("start", "held").errors.contains("marked for removal and cannot be started"))
        bed.killDaemon()
        try bed.startDaemon()
        #expect(try bed.inspect("held", "{{.State.Status}}") == "dead")
        try run(["umount", place])
        #expect(try bed.docker("rm", "held").status == 0)
        #expect(try bed.docker("ps", "-aq").output.isEmpty)
        bed.stopDaemon()
    }

    @Test("wait: in all conditions, also for one that never ran")
    func wait() throws {
        defer { removeAll() }
        try make("later", command: ["sh", "-c", "exit 9"], verb: ["create"])
        #expect(try bed.request("POST", "/v1.43/containers/later/wait").body.contains("\"StatusCode\":0"))
        let next = try begin(["curl", "-s", "-X", "POST", "--unix-socket", bed.socket, "http://engine/v1.43/containers/later/wait?condition=next-exit"])
        let removed = try begin(["curl", "-s", "-X", "POST", "--unix-socket", bed.socket, "http://engine/v1.43/containers/later/wait?condition=removed"])
        usleep(300_000)
        #expect(try bed.docker("start", "later").status == 0)
        #expect(next.wait().output.contains("\"StatusCode\":9"))
        #expect(try bed.docker("wait", "later").line == "9")
        #expect(try bed.docker("rm", "later").status == 0)
        #expect(removed.wait().output.contains("\"StatusCode\":9"))
        #expect(try bed.request("POST", "/v1.43/containers/later/wait?condition=zz").status == 404)
    }

    // MARK: Eight at once

    private func eight(_ words: @escaping (Int) -> [String]) throws -> [Outcome] {
        try (0..<8).map { number in
            try begin([Machine.docker ?? "docker"] + words(number), environment: bed.environment)
        }.map { $0.wait() }
    }

    @Test("eight create one name: one has it, seven are told whose it is")
    func sameName() throws {
        defer { removeAll() }
        let outcomes = try eight { _ in ["create", "--network", "none", "--name", "same", "bb", "true"] }
        #expect(outcomes.count { $0.status == 0 } == 1)
        let told = outcomes.filter { $0.status != 0 }
        #expect(told.allSatisfy { $0.errors.contains("Conflict. The container name \"/same\" is already in use by container \"") }, "\(told)")
        #expect(try names("-a") == ["same"])
    }

    @Test("eight start one container: it runs once, and nobody is refused; eight stop it likewise")
    func sameStart() throws {
        defer { removeAll() }
        try make("shared", "--stop-signal", "KILL", verb: ["create"])
        #expect(try eight { _ in ["start", "shared"] }.allSatisfy { $0.status == 0 })
        #expect(try eight { _ in ["stop", "-t", "5", "shared"] }.allSatisfy { $0.status == 0 })
        let events = try bed.docker(
            "events", "--since", "0", "--until", "\(Int(Date().timeIntervalSince1970) + 1)", "--filter", "container=shared", "--filter", "event=start",
            "--filter", "event=die", "--format", "{{.Action}}"
        ).lines
        #expect(events == ["start", "die"], "\(events)")
    }

    @Test("eight remove one container: one does, the others are told that it is gone or going")
    func sameRemoval() throws {
        defer { removeAll() }
        try make("victim")
        let statuses = try (0..<8).map { _ in
            try begin([
                "curl", "-s", "-X", "DELETE", "--unix-socket", bed.socket, "-w", " %{http_code}", "http://engine/v1.43/containers/victim?force=1"
            ])
        }.map { $0.wait().output }
        #expect(statuses.count { $0.hasSuffix("204") } == 1, "\(statuses)")
        let others = statuses.filter { !$0.hasSuffix("204") }
        #expect(
            others.allSatisfy {
                $0.contains("is already in progress") && $0.hasSuffix("409") || $0.contains("No such container: victim") && $0.hasSuffix("404")
            }, "\(others)")
        #expect(try names("-a").isEmpty)
    }

    @Test("eight containers are renamed to one name: one bears it")
    func sameRename() throws {
        defer { removeAll() }
        for number in 0..<8 { try make("old\(number)", verb: ["create"]) }
        let outcomes = try eight { ["rename", "old\($0)", "new"] }
        #expect(outcomes.count { $0.status == 0 } == 1)
        #expect(
            outcomes.filter { $0.status != 0 }.allSatisfy {
                $0.errors.contains("Error when allocating new name: Conflict. The container name \"/new\" is already in use")
            })
        #expect(try names("-a").sorted().filter { $0 == "new" } == ["new"] && names("-a").count == 8)
        #expect(try bed.docker("rename", "new", "new").errors.contains("same name"))
    }
}
