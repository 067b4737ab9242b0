// Pause, unpause and update as clients see them: what stands still and goes on, what Docker refuses to do to it meanwhile, how it ends, what of it a
// daemon that comes back knows, and limits that change while a container runs.
import Foundation
import Glibc
import Testing

@Suite("Pause and update", .enabled(if: Machine.isSandbox, Machine.why), .serialized)
struct PauseTests {
    static let shared = Result { () throws -> Testbed in try Testbed("pause") }
    let bed: Testbed
    init() throws { bed = try Self.shared.get() }

    private let counting = "i=0; while :; do echo $i; i=$((i+1)); sleep 0.05; done"

    private func lines(_ name: String) throws -> Int { try bed.slipway("logs", name).lines.count }
    private func client(_ client: Client, _ words: String...) throws -> Outcome { try run(client.words + words, environment: bed.environment, seconds: 40) }

    @Test("stands still and goes on; ps, inspect and info say so; the events are told", arguments: Client.present)
    func pausing(_ who: Client) throws {
        let name = "p-\(who)", since = Date.now.timeIntervalSince1970
        try bed.slipway("run", "-d", "--name", name, "bb", "sh", "-c", counting)
        defer { _ = try? bed.slipway("rm", "-f", name) }
        #expect(try eventually { try lines(name) > 2 })
        let paused = try client(who, "pause", name)
        #expect(paused.status == 0 && paused.line == name, "\(paused)")
        usleep(200_000)  // what was on its way is in the log now
        let count = try lines(name)
        usleep(400_000)
        #expect(try lines(name) == count)
        #expect(try bed.inspect(name, "{{.State.Status}} {{.State.Paused}} {{.State.Running}}") == "paused true true")
        #expect(try client(who, "ps", "--format", "{{.Status}}", "--filter", "name=\(name)").line.hasSuffix(" (Paused)"))
        #expect(try client(who, "ps", "-q", "--filter", "status=paused").lines.count == 1)
        let info = try bed.request("GET", "/info").body
        #expect(info.contains("\"ContainersPaused\":1"), "\(info)")
        #expect(try client(who, "unpause", name).status == 0)
        #expect(try eventually { try lines(name) > count + 2 })
        #expect(try bed.inspect(name, "{{.State.Status}} {{.State.Paused}}") == "running false")
        let events = try bed.request("GET", "/events?since=\(since)&until=\(Date.now.timeIntervalSince1970)").body
        #expect(events.contains("\"Action\":\"pause\"") && events.contains("\"Action\":\"unpause\""), "\(events)")
    }

    @Test("what cannot be done to it is refused in Docker's words")
    func refusals() throws {
        try bed.slipway("run", "-d", "--name", "still", "bb", "sleep", "1000")
        defer { _ = try? bed.slipway("rm", "-f", "still") }
        let id = try bed.inspect("still", "{{.Id}}")
        func ask(_ method: String, _ path: String, _ body: String? = nil) throws -> String {
            let reply = try bed.request(method, path, body: body)
            return "\(reply.status) \(reply.body.split(separator: "\"").dropFirst(3).first ?? "")"
        }
        #expect(try ask("POST", "/containers/still/unpause") == "500 Container \(id) is not paused")
        #expect(try bed.request("POST", "/containers/still/pause").status == 204)
        #expect(try ask("POST", "/containers/still/pause") == "409 container \(id) is already paused")
        #expect(try ask("POST", "/containers/still/start") == "409 cannot start a paused container, try unpause instead")
        #expect(try ask("POST", "/containers/still/exec", #"{"Cmd":["true"]}"#) == "409 container \(id) is paused, unpause the container before exec")
        #expect(try bed.request("DELETE", "/containers/still").body.contains("container is paused and must be unpaused first"))
        #expect(try bed.request("POST", "/containers/still/attach?stream=1&stdout=1").body.contains("is paused, unpause the container before attach"))
        #expect(try bed.request("POST", "/containers/still/unpause").status == 204)
        try bed.slipway("kill", "still")
        #expect(try ask("POST", "/containers/still/pause") == "409 container \(id) is not running")
        #expect(try ask("POST", "/containers/still/unpause") == "500 Container \(id) is not paused")
        #expect(try bed.request("POST", "/containers/nosuch/pause").status == 404)
    }

    @Test("ends by kill, stop, restart and rm -f all the same", arguments: ["kill", "stop", "restart", "rm"])
    func ending(how: String) throws {
        try bed.slipway("run", "-d", "--name", "end-\(how)", "bb", "sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.05; done")
        defer { _ = try? bed.slipway("rm", "-f", "end-\(how)") }
        usleep(300_000)  // the trap is set
        try bed.slipway("pause", "end-\(how)")
        let outcome = try how == "rm" ? bed.slipway("rm", "-f", "end-rm") : bed.slipway(how, "end-\(how)", seconds: 30)
        #expect(outcome.status == 0, "\(outcome)")
        let state = try bed.slipway("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}} {{.State.Paused}}", "end-\(how)").line
        #expect(state == ["kill": "exited 137 false", "stop": "exited 7 false", "restart": "running 0 false", "rm": ""][how], "\(state)")
    }

    @Test("a daemon that was killed finds it paused, and can let it go on")
    func returns() throws {
        try bed.slipway("run", "-d", "--name", "kept", "bb", "sh", "-c", counting)
        defer { _ = try? bed.slipway("rm", "-f", "kept") }
        #expect(try eventually { try lines("kept") > 2 })
        try bed.slipway("pause", "kept")
        bed.killDaemon()
        try bed.startDaemon()
        #expect(try bed.inspect("kept", "{{.State.Status}} {{.State.Running}}") == "paused true")
        let count = try lines("kept")
        #expect(try bed.slipway("unpause", "kept").status == 0)
        #expect(try eventually { try lines("kept") > count + 2 })
    }

    @Test("whose supervisor dies while it stands still ends, as one that runs would, and leaves no cgroup")
    func supervisorDies() throws {
        try bed.slipway("run", "-d", "--name", "orphan", "bb", "sleep", "1000")
        defer { _ = try? bed.slipway("rm", "-f", "orphan") }
        let id = try bed.inspect("orphan", "{{.Id}}"), pid = try bed.inspect("orphan", "{{.State.Pid}}")
        try bed.slipway("pause", "orphan")
        let status = try String(contentsOf: URL(filePath: "/proc/\(pid)/status"), encoding: .utf8)
        let shim = try #require(status.split(separator: "\n").first { $0.hasPrefix("PPid:") }.flatMap { Int32($0.filter(\.isNumber)) })
        kill(shim, SIGKILL)
        #expect(try eventually { try bed.inspect("orphan", "{{.State.Status}} {{.State.ExitCode}} {{.State.Paused}}") == "exited 137 false" })
        #expect(eventually { kill(Int32(pid) ?? 0, 0) != 0 }, "its process is gone")
        #expect(try eventually { try !leftCgroups().contains { $0.hasSuffix(id) } })
        #expect(try bed.slipway("start", "orphan").status == 0)
        #expect(try bed.inspect("orphan", "{{.State.Status}}") == "running")
    }

    // MARK: Update

    private func limit(_ name: String, _ file: String) throws -> String {
        let id = try bed.inspect(name, "{{.Id}}")
        return try run(["sh", "-c", "cat $(find /sys/fs/cgroup -type d -name \(id) | grep /\(file.prefix { $0 != "." })/)/\(file)"]).line
    }

    @Test("new limits hold at once, last over a restart of both, and stand in inspect", arguments: Client.present)
    func update(_ who: Client) throws {
        let name = "u-\(who)"
        try bed.slipway("run", "-d", "--name", name, "--memory", "32m", "bb", "sleep", "1000")
        defer { _ = try? bed.slipway("rm", "-f", name) }
        let words = ["--memory", "64m", "--memory-swap", "128m", "--cpu-shares", "512", "--pids-limit", "33", "--restart", "on-failure:3"]
        let outcome = try run(who.words + ["update"] + words + [name], environment: bed.environment, seconds: 30)
        #expect(outcome.status == 0 && outcome.line == name, "\(outcome)")
        #expect(try limit(name, "memory.limit_in_bytes") == "67108864" && limit(name, "memory.memsw.limit_in_bytes") == "134217728")
        #expect(try limit(name, "cpu.shares") == "512" && limit(name, "pids.max") == "33")
        let template = "{{.HostConfig.Memory}} {{.HostConfig.CpuShares}} {{.HostConfig.PidsLimit}} {{.HostConfig.RestartPolicy.Name}}"
        #expect(try bed.inspect(name, template) == "67108864 512 33 on-failure")
        #expect(try client(who, "update", "--cpu-shares", "700", name).status == 0)
        #expect(try limit(name, "memory.limit_in_bytes") == "67108864" && limit(name, "pids.max") == "33", "what is not said stays")
        bed.killDaemon()
        try bed.startDaemon()
        try bed.slipway("restart", "-t", "0", name)
        #expect(try bed.inspect(name, template) == "67108864 700 33 on-failure")
        #expect(try limit(name, "memory.limit_in_bytes") == "67108864" && limit(name, "cpu.shares") == "700")
    }

    @Test("a container that waits for its start begins with the new limits; what cannot be is refused, and nothing changes")
    func waiting() throws {
        try bed.slipway("create", "--name", "later", "--memory", "32m", "bb", "sleep", "1000")
        defer { _ = try? bed.slipway("rm", "-f", "later") }
        #expect(try bed.request("POST", "/containers/later/update", body: #"{"Memory":50331648}"#).body == #"{"Warnings":null}"# + "\n")
        try bed.slipway("start", "later")
        #expect(try limit("later", "memory.limit_in_bytes") == "50331648")
        let tooMuch = try bed.request("POST", "/containers/later/update", body: #"{"Memory":134217728}"#)
        #expect(tooMuch.status == 409 && tooMuch.body.contains("Memory limit should be smaller than already set memoryswap limit"), "\(tooMuch)")
        let nowhere = try bed.request("POST", "/containers/later/update", body: #"{"CpusetCpus":"999","PidsLimit":9}"#)
        #expect(nowhere.status == 500 && nowhere.body.contains("Cannot update container"), "\(nowhere)")
        #expect(try bed.inspect("later", "{{.HostConfig.CpusetCpus}},{{.HostConfig.PidsLimit}}") == ",<nil>")
        #expect(try limit("later", "pids.max") == "max")
        #expect(try bed.request("POST", "/containers/later/update", body: #"{"Memory":1000}"#).status == 400)
        #expect(try bed.request("POST", "/containers/nosuch/update", body: "{}").status == 404)
    }
}
