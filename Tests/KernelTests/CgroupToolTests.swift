// slip-cgroup, seen from outside: the files of the kernel, and what the limits do.
import Cgroups
import Linux
import Testing

@Suite("slip-cgroup keeps a command within limits", .enabled(if: Sandbox.isHere, Sandbox.why))
struct CgroupToolTests {
    /// No group of a tool's may be left.
    private func leftovers() throws -> [String] {
        try Hierarchies.discover().all.flatMap { tree throws in try entries(tree.directory(of: "/")).filter { $0.hasPrefix("slip-cgroup-") } }
    }

    @Test("the command is in the group in every tree, and the group is gone afterwards")
    func everywhere() throws {
        let outcome = try run("slip-cgroup", "--path", "/slip-cgroup-test-a", "cat", "/proc/self/cgroup")
        let lines = outcome.output.split(separator: "\n")
        #expect(try !lines.isEmpty && lines.count == Hierarchies.discover().all.count && lines.allSatisfy { $0.hasSuffix("/slip-cgroup-test-a") }, "\(outcome)")
        #expect(try !leftovers().contains("slip-cgroup-test-a"))
    }

    @Test("limits are set as asked")
    func limits() throws {
        let tool = try Running(
            "slip-cgroup",
            ["--path", "/slip-cgroup-test-b", "--memory", "64m", "--memory-swap", "128m", "--cpus", "0.5", "--pids", "7", "sh", "-c", "echo up; sleep 60"])
        tool.waitForOutput()
        let show = try run("slip-cgroup", "show", "/slip-cgroup-test-b").output
        let values = Dictionary(
            show.split(separator: "\n").map { $0.split(separator: " ") }.filter { $0.count > 2 }.map { ($0[$0.count - 2], $0[$0.count - 1]) }
        ) { one, _ in one }
        if try Hierarchies.discover().tree(of: "memory")?.version == .v1 {
            #expect(values["memory.limit_in_bytes"] == "67108864" && values["memory.memsw.limit_in_bytes"] == "134217728", "\(show)")
            #expect(values["cpu.cfs_quota_us"] == "50000")
        } else {
            #expect(values["memory.max"] == "67108864", "\(show)")
        }
        #expect(values["pids.max"] == "7")
        try send(.terminate, to: tool.process.process)
        #expect(try tool.wait().status == 143)
        #expect(try !leftovers().contains("slip-cgroup-test-b"))
    }

    @Test("beyond its memory a command is killed, and that is counted")
    func memory() throws {
        let outcome = try run(
            "slip-cgroup", "--memory", "20m", "--memory-swap", "20m", "--report", "sh", "-c", "head -c 60m /dev/zero | tail | cat > /dev/null")
        #expect(outcome.errors.contains("killed for want of memory 1"), "\(outcome)")
    }

    @Test("beyond its number of processes fork fails")
    func pids() throws {
        let outcome = try run("slip-cgroup", "--pids", "3", "sh", "-c", "for i in 1 2 3 4 5; do sleep 1 & done; wait")
        #expect(outcome.errors.contains("fork"), "\(outcome)")
    }

    @Test("what the command leaves behind is killed with it")
    func background() throws {
        let outcome = try run("slip-cgroup", "--path", "/slip-cgroup-test-c", "sh", "-c", "sleep 99 > /dev/null 2>&1 & echo $!")
        #expect(outcome.status == 0 && !exists(FilePath("/proc/\(outcome.line)/ns")), "\(outcome)")
        #expect(try !leftovers().contains("slip-cgroup-test-c"))
    }

    @Test("limits that the kernel refuses are told, and leave no group", arguments: [["--cpuset-cpus", "9999"], ["--pids", "3000000000000"]])
    func refused(_ arguments: [String]) throws {
        let outcome = try Running("slip-cgroup", ["--path", "/slip-cgroup-test-d\(arguments[0])"] + arguments + ["true"]).wait()
        #expect(outcome.status == 1 && outcome.errors.hasPrefix("slip-cgroup: write"), "\(outcome)")
        #expect(try !leftovers().contains("slip-cgroup-test-d\(arguments[0])"))
    }
}

@Suite("slip-doctor", .enabled(if: Sandbox.isHere, Sandbox.why))
struct DoctorTests {
    @Test("a machine that runs these tests is well enough for containers")
    func healthy() throws {
        let outcome = try run("slip-doctor")
        #expect(outcome.status == 0 && outcome.output.contains("ok  making namespaces") && outcome.output.contains("tier R"), "\(outcome)")
    }
}
