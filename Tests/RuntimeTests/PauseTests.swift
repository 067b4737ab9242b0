// pause, resume, update, events and ps: what they do, and their words beside runc's, where runc is installed.
import FoundationEssentials
import Linux
import OCI
import Runtime
import Testing

@Suite("slipway-runtime stops, limits and measures containers", .enabled(if: Sandbox.isHere, Sandbox.why), .serialized)
struct PauseTests {
    private static let runc: String? = ["/usr/sbin/runc", "/usr/bin/runc", "/usr/local/sbin/runc"].first { exists(FilePath($0)) }
    private static let whyNoRunc: Comment = "UNVERIFIED HERE: needs runc"

    private func started(_ arguments: [String] = ["sleep", "600"]) throws -> Box {
        let box = try Box(arguments)
        #expect(try box.runtime("run", "--detach", "--bundle", "\(box.folder)", box.id).status == 0)
        return box
    }

    private func status(_ box: Box) throws -> String {
        let outcome = try box.runtime("state", box.id)
        return outcome.output.split(separator: "\n").first { $0.contains("\"status\"") }.map { $0.split(separator: "\"").last.map(String.init) ?? "" } ?? "none"
    }

    private func file(_ box: Box, _ controller: String, _ name: String) throws -> String {
        try readText(FilePath("/sys/fs/cgroup/\(controller)/slipway/\(box.id)/\(name)")).filter { !$0.isNewline }
    }

    private func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
        for _ in 1...300 {
            if try condition() { return true }
            pause(milliseconds: 10)
        }
        return false
    }

    @Test("paused, it stands still, and says so; resumed, it goes on")
    func pausing() throws {
        let box = try started(["sh", "-c", "while :; do echo x >> /count; sleep 0.02; done"])
        let count = { try readFile(box.root.appending("count")).count }
        #expect(try eventually { try exists(box.root.appending("count")) && count() > 6 })
        #expect(try box.runtime("resume", box.id).errors.contains("container not paused"))
        #expect(try box.runtime("pause", box.id).status == 0)
        #expect(try status(box) == "paused")
        let before = try count()
        pause(milliseconds: 300)
        #expect(try count() == before)
        #expect(try box.runtime("list").output.contains("paused"))
        #expect(try box.runtime("pause", box.id).errors.contains("container not running"))
        #expect(try box.runtime("exec", box.id, "true").errors.contains("cannot exec in a paused container"))
        #expect(try box.runtime("delete", box.id).errors.contains("is not stopped: paused"))
        #expect(try box.runtime("resume", box.id).status == 0)
        #expect(try status(box) == "running")
        #expect(try eventually { try count() > before })
        #expect(try box.runtime("delete", "--force", box.id).status == 0)
        try box.expectNothingLeft()
    }

    @Test("paused, it can be killed, and deleted by force", arguments: [["kill", "KILL"], ["kill", "--all", "KILL"], ["delete"]])
    func killing(how: [String]) throws {
        let box = try started()
        #expect(try box.runtime("pause", box.id).status == 0)
        let outcome =
            try how[0] == "delete"
            ? box.runtime("delete", "--force", box.id)
            : how.count == 2 ? box.runtime("kill", box.id, "KILL") : box.runtime("kill", "--all", box.id, "KILL")
        #expect(outcome.status == 0, "\(outcome)")
        if how[0] == "kill" {
            #expect(try eventually { try status(box) == "stopped" })
            #expect(try box.runtime("delete", box.id).status == 0)
        }
        try box.expectNothingLeft()
    }

    @Test("created and paused, it cannot be started; resumed it can")
    func created() throws {
        let box = try Box(["sleep", "600"])
        #expect(try box.runtime("create", "--bundle", "\(box.folder)", box.id).status == 0)
        #expect(try box.runtime("pause", box.id).status == 0)
        #expect(try status(box) == "paused")
        #expect(try box.runtime("start", box.id).errors.contains("cannot start a container in the paused state"))
        #expect(try box.runtime("resume", box.id).status == 0)
        #expect(try status(box) == "created")
        #expect(try box.runtime("start", box.id).status == 0)
        #expect(try box.runtime("delete", "--force", box.id).status == 0)
        try box.expectNothingLeft()
    }

    @Test("update takes runc's flags and its file; what cannot be is refused as a whole")
    func update() throws {
        let box = try started()
        #expect(try box.runtime("update", "--memory", "64M", "--cpu-share", "512", "--pids-limit", "77", "--cpu-quota", "20000", box.id).status == 0)
        try #require(exists(FilePath("/sys/fs/cgroup/memory/slipway/\(box.id)")), "UNVERIFIED HERE: reads the files of cgroup v1")
        #expect(try file(box, "memory", "memory.limit_in_bytes") == "67108864" && file(box, "cpu", "cpu.shares") == "512")
        #expect(try file(box, "pids", "pids.max") == "77" && file(box, "cpu", "cpu.cfs_quota_us") == "20000")
        try writeFile(box.folder.appending("new.json"), #"{"memory":{"limit":33554432},"pids":{"limit":0},"cpu":{"shares":0}}"#)
        #expect(try box.runtime("update", "-r", "\(box.folder)/new.json", box.id).status == 0)
        #expect(try file(box, "memory", "memory.limit_in_bytes") == "33554432" && file(box, "pids", "pids.max") == "77", "zero changes nothing")
        #expect(try box.runtime("update", "--memory=-1", "--pids-limit=-1", box.id).status == 0)
        #expect(try file(box, "memory", "memory.limit_in_bytes") == "9223372036854771712" && file(box, "pids", "pids.max") == "max")
        let refused = try box.runtime("update", "--memory", "64M", "--cpuset-cpus", "4000", box.id)
        #expect(refused.status == 1 && refused.errors.contains("cpuset.cpus"), "\(refused)")
        #expect(try file(box, "memory", "memory.limit_in_bytes") == "9223372036854771712")
        #expect(try box.runtime("update", "--memory", "4k", box.id).errors.contains("unable to set memory limit to 4096: current usage: "))
        for bad in ["12x", "", "-2", "1e400"] { #expect(try box.runtime("update", "--memory", bad, box.id).status != 0, "\(bad)") }
        #expect(try box.runtime("update", "--blkio-weight", "300", box.id).errors.contains("we don't set it"))
        #expect(try box.runtime("delete", "--force", box.id).status == 0)
        #expect(try box.runtime("update", "--pids-limit", "5", box.id).errors.contains("container does not exist"))
        try box.expectNothingLeft()
    }

    @Test("ps tells numbers, or the host's table less the lines of others")
    func processes() throws {
        let box = try started(["sh", "-c", "sleep 600; true"])
        #expect(try eventually { try box.runtime("ps", "--format", "json", box.id).output.contains(",") })
        let table = try box.runtime("ps", box.id)
        #expect(table.line.hasPrefix("UID") && table.output.contains("sleep 600") && table.output.split(separator: "\n").count == 3, "\(table)")
        #expect(try box.runtime("ps", box.id, "-o", "pid,args").line.split(separator: " ") == ["PID", "COMMAND"])
        #expect(try box.runtime("ps", box.id, "-o", "args").errors.contains("Couldn't find PID field in ps output"))
        #expect(try box.runtime("ps", box.id, "--nonsense").status == 1)
        #expect(try box.runtime("delete", "--force", box.id).status == 0)
        try box.expectNothingLeft()
    }

    @Test("events prints samples until the container has ended")
    func events() throws {
        let box = try started()
        let following = try Running("slipway-runtime", ["--root", "\(box.folder)/state", "events", "--interval", "50ms", box.id])
        #expect(eventually { following.outputSoFar().split(separator: "\n").count > 2 })
        #expect(try box.runtime("kill", box.id, "KILL").status == 0)
        let outcome = try following.wait()
        #expect(outcome.status == 0, "\(outcome)")
        #expect(outcome.output.split(separator: "\n").allSatisfy { $0.contains("\"type\":\"stats\"") && $0.contains("\"id\":\"\(box.id)\"") })
        #expect(try box.runtime("events", "--stats", box.id).errors.contains("is not running"))
        #expect(try box.runtime("delete", box.id).status == 0)
        try box.expectNothingLeft()
    }

    @Test("that the kernel killed something for want of memory is told")
    func outOfMemory() throws {
        let box = try Box(["sh", "-c", "sleep 1; (x=$(head -c 80000000 /dev/zero | tr '\\0' x)); sleep 600"]) { spec in
            var memory = OCI.MemoryLimits()
            (memory.limit, memory.swap) = (20 << 20, 20 << 20)
            var resources = OCI.Resources()
            resources.memory = memory
            spec.linux?.resources = resources
        }
        try symbolicLink("busybox", at: box.root.appending("bin/tr"))
        #expect(try box.runtime("run", "--detach", "--bundle", "\(box.folder)", box.id).status == 0)
        let following = try Running("slipway-runtime", ["--root", "\(box.folder)/state", "events", "--interval", "1h", box.id])
        #expect(eventually { following.outputSoFar().contains("\"type\":\"oom\"") })
        #expect(try box.runtime("delete", "--force", box.id).status == 0)
        #expect(try following.wait().status == 0)
        try box.expectNothingLeft()
    }

    @Test("says what runc says, and prints what runc prints", .enabled(if: runc != nil, whyNoRunc))
    func besideRunc() throws {
        let box = try started()
        let runc = try #require(Self.runc)
        func theirs(_ words: String...) throws -> Outcome { try Running(runc, ["--root", "\(box.folder)/runc"] + words).wait() }
        let name = "theirs-\(box.id)"
        #expect(try theirs("run", "--detach", "--bundle", "\(box.folder)", name).status == 0)
        defer { _ = try? theirs("delete", "--force", name) }
        let steps: [(words: [String], says: String)] = [
            (["resume"], "container not paused"), (["pause"], ""), (["pause"], "container not running"), (["resume"], ""),
            (["update", "--pids-limit", "20"], ""),
            (["update", "--cpu-quota", "5"], "cpu.cfs_quota_us: ")
        ]
        for (words, says) in steps {
            let ours = try Running("slipway-runtime", ["--root", "\(box.folder)/state"] + words + [box.id]).wait()
            let other = try Running(runc, ["--root", "\(box.folder)/runc"] + words + [name]).wait()
            #expect(ours.status == other.status && ours.errors.contains(says) && other.errors.contains(says), "\(words): \(ours) \(other)")
        }
        let ours = try keys(box.runtime("events", "--stats", box.id).output), other = try keys(theirs("events", "--stats", name).output)
        #expect(ours.isSubset(of: other), "\(ours.subtracting(other))")
        for key in ["data.cpu.usage.total", "data.memory.usage.usage", "data.memory.raw.cache", "data.pids.current", "type", "id"] {
            #expect(ours.contains(key) && other.contains(key), "\(key)")
        }
        #expect(try box.runtime("ps", "-f", "json", box.id).output.hasPrefix("[") && theirs("ps", "-f", "json", name).output.hasPrefix("["))
        #expect(try box.runtime("delete", "--force", box.id).status == 0)
    }

    /// All keys of a JSON object, with those of the objects in it. What is counted only sometimes is left out.
    private func keys(_ text: String) throws -> Set<String> {
        indirect enum Value: Decodable {
            case object([String: Value]), other
            init(from decoder: any Decoder) throws {
                self = (try? decoder.singleValueContainer().decode([String: Value].self)).map(Value.object) ?? .other  // no object
            }
            func keys(_ prefix: String) -> [String] {
                guard case .object(let members) = self else { return [] }
                return members.flatMap { [prefix + $0.key] + $0.value.keys("\(prefix)\($0.key).") }
            }
        }
        let all = try JSONDecoder().decode(Value.self, from: Data(text.utf8)).keys("")
        return Set(all.filter { !$0.contains("throttling") && !$0.hasPrefix("data.blkio") })
    }
}
