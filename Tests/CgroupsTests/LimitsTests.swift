// Which files limits are written to, for v1 and v2, in which order; and writing them, to a tree of plain files that stands in for the kernel's
// (on a machine without cgroup v2 controllers that is all that can be shown: whether v2's kernel keeps the limits is UNVERIFIED there).
import Cgroups
import Glibc
import Linux
import Testing

@Suite("Limits become writes")
struct LimitsTests {
    private func writes(_ limits: Limits, _ version: Hierarchy.Version, _ present: [String: String] = [:]) -> [String] {
        Controller.all.flatMap { $0.writes(limits, version) { present[$0] } }.map { "\($0.file)=\($0.text)" }
    }

    private let usual = Limits(
        memoryBytes: 64, memorySwapBytes: 128, cpuShares: 512, quotaMicroseconds: 50_000, periodMicroseconds: 100_000, cpus: "0-1", mems: "0", pids: 20)

    @Test("v1 has a file for each")
    func v1() {
        #expect(
            writes(usual, .v1) == [
                "memory.limit_in_bytes=64", "memory.memsw.limit_in_bytes=128", "cpu.shares=512", "cpu.cfs_period_us=100000", "cpu.cfs_quota_us=50000",
                "cpuset.cpus=0-1", "cpuset.mems=0", "pids.max=20"
            ])
    }

    @Test("v2 counts swap alone, weighs from 1 to 10000, and keeps quota and period in one file")
    func v2() {
        #expect(
            writes(usual, .v2) == [
                "memory.max=64", "memory.swap.max=64", "cpu.weight=20", "cpu.max=50000 100000", "cpuset.cpus=0-1", "cpuset.mems=0", "pids.max=20"
            ])
    }

    @Test("no limit is -1 in v1 and max in v2")
    func none() {
        let limits = Limits(memoryBytes: -1, memorySwapBytes: -1, quotaMicroseconds: -1, pids: -1)
        #expect(writes(limits, .v1) == ["memory.memsw.limit_in_bytes=-1", "memory.limit_in_bytes=-1", "cpu.cfs_quota_us=-1", "pids.max=max"])
        #expect(writes(limits, .v2) == ["memory.max=max", "memory.swap.max=max", "cpu.max=max 100000", "pids.max=max"])
    }

    @Test("memory and swap together is never to be below memory: what grows, grows first; what shrinks, shrinks last")
    func order() {
        let limits = Limits(memoryBytes: 100, memorySwapBytes: 200)
        #expect(writes(limits, .v1, ["memory.memsw.limit_in_bytes": "150\n"]).first == "memory.memsw.limit_in_bytes=200")
        #expect(writes(limits, .v1, ["memory.memsw.limit_in_bytes": "300\n"]).first == "memory.limit_in_bytes=100")
    }

    @Test("memory without swap is 0 in v2")
    func noSwap() {
        #expect(writes(Limits(memoryBytes: 64, memorySwapBytes: 64), .v2) == ["memory.max=64", "memory.swap.max=0"])
    }

    @Test("memory without a limit has none on swap either, where the kernel counts swap")
    func neither() {
        #expect(writes(Limits(memoryBytes: -1), .v1) == ["memory.limit_in_bytes=-1"])
        #expect(
            writes(Limits(memoryBytes: -1), .v1, ["memory.memsw.limit_in_bytes": "200\n"]) == ["memory.memsw.limit_in_bytes=-1", "memory.limit_in_bytes=-1"])
        #expect(writes(Limits(memoryBytes: -1), .v2, ["memory.swap.max": "0\n"]) == ["memory.max=max", "memory.swap.max=max"])
    }

    @Test("v2's swap is both less the memory that holds, where that stays")
    func swapAlone() {
        #expect(writes(Limits(memorySwapBytes: 200), .v2, ["memory.max": "150\n"]) == ["memory.swap.max=50"])
        #expect(writes(Limits(memorySwapBytes: 100), .v2, ["memory.max": "150\n"]) == ["memory.swap.max=0"])
        #expect(writes(Limits(memorySwapBytes: -1), .v2, ["memory.max": "150\n"]) == ["memory.swap.max=max"])
    }

    @Test("a new quota keeps the period that v2 has, and the other way round")
    func half() {
        #expect(writes(Limits(quotaMicroseconds: 5000), .v2, ["cpu.max": "max 20000\n"]) == ["cpu.max=5000 20000"])
        #expect(writes(Limits(periodMicroseconds: 5000), .v2, ["cpu.max": "7000 20000\n"]) == ["cpu.max=7000 5000"])
    }

    @Test("the ends of shares are the ends of weights", arguments: [(UInt64(2), UInt64(1)), (1024, 39), (262_144, 10_000), (1, 1), (1 << 40, 10_000)])
    func weights(_ shares: UInt64, _ weight: UInt64) {
        #expect(Controller.weight(fromShares: shares) == weight)
    }

    @Test("nothing asked for, nothing written")
    func nothing() {
        #expect(writes(Limits(), .v1).isEmpty && writes(Limits(), .v2).isEmpty)
    }

    @Test("device rules are written as the v1 controller takes them")
    func devices() {
        #expect("\(DeviceRule(allow: false))" == "a")
        #expect("\(DeviceRule(allow: true, .character, major: 1, minor: 3))" == "c 1:3 rwm")
        #expect("\(DeviceRule(allow: true, .block, access: "m"))" == "b *:* m")
        #expect("\(DeviceRule(allow: true, .character, major: 136, minor: -1))" == "c 136:* rwm")
    }
}

@Suite("A v2 tree of plain files takes what the kernel's would")
struct UnifiedTreeTests {
    /// A folder that looks like a v2 tree of the kernel, with a group `/slipway/x`.
    private func withTree(_ body: (FilePath, Hierarchies) throws -> Void) throws {
        let top = FilePath("/tmp/slipway-cgroups-\(getpid())-\(UInt32.random(in: 0 ... .max))")
        defer { try? removeTree(top) }  // a leftover is found by the sandbox
        for folder in [top, top.appending("slipway"), top.appending("slipway/x")] {
            try makeDirectories(folder)
            try writeFile(folder.appending("cgroup.controllers"), "cpuset cpu io memory pids\n")
            for file in ["cgroup.subtree_control", "cgroup.procs", "cgroup.kill", "memory.max", "memory.swap.max", "cpu.weight", "pids.max"] {
                try writeFile(folder.appending(file), "")
            }
        }
        try writeFile(top.appending("slipway/x/cpu.stat"), "usage_usec 1500\nuser_usec 1000\n")
        try writeFile(top.appending("slipway/x/memory.current"), "5000\n")
        try writeFile(top.appending("slipway/x/memory.stat"), "anon 10\ninactive_file 1000\n")
        try writeFile(top.appending("slipway/x/memory.events"), "low 0\noom 2\noom_kill 1\n")
        let machine = Machine(
            mountinfo: "25 23 0:22 / \(top) rw - cgroup2 cgroup2 rw", selfCgroup: "0::/\n", controllers: "cpuset cpu io memory pids\n")
        try body(top, machine.hierarchies)
    }

    @Test("limits land in the group's files")
    func applies() throws {
        try withTree { top, hierarchies in
            let missing = try Cgroup("/slipway/x", in: hierarchies).apply(Limits(memoryBytes: 64, memorySwapBytes: 64, cpuShares: 1024, pids: 5))
            #expect(missing.isEmpty)
            #expect(try readText(top.appending("slipway/x/memory.max")) == "64")
            #expect(try readText(top.appending("slipway/x/memory.swap.max")) == "0")
            #expect(try readText(top.appending("slipway/x/pids.max")) == "5")
        }
    }

    @Test("a limit without a file is told, where kernels differ, and an error otherwise")
    func missing() throws {
        try withTree { top, hierarchies in
            try remove(top.appending("slipway/x/memory.swap.max"))
            let missing = try Cgroup("/slipway/x", in: hierarchies).apply(Limits(memorySwapBytes: 64))
            #expect(missing.map(\.description) == ["swap: the kernel has no memory.swap.max"])
            try remove(top.appending("slipway/x/pids.max"))
            #expect(throws: KernelError.self) { try Cgroup("/slipway/x", in: hierarchies).apply(Limits(pids: 5)) }
        }
    }

    @Test("a limit without a controller is told")
    func noController() throws {
        let none = Cgroup("/x", in: Hierarchies([]))
        #expect(try none.apply(Limits(pids: 5)).map(\.description) == ["processes: no pids controller"])
        #expect(try none.apply([DeviceRule(allow: false)]).count == 1)
    }

    @Test("on the way down only the controllers that we use are switched on")
    func enables() throws {
        try withTree { top, hierarchies in
            try writeFile(top.appending("cgroup.controllers"), "hugetlb pids\n")
            try Cgroup("/slipway/x", in: hierarchies).create()
            #expect(try readText(top.appending("cgroup.subtree_control")) == "+pids")
        }
    }

    @Test("what was used is read from the files of v2")
    func usage() throws {
        try withTree { _, hierarchies in
            let cgroup = Cgroup("/slipway/x", in: hierarchies)
            #expect(cgroup.usage().memoryBytes == 4000 && cgroup.usage().processorNanoseconds == 1_500_000)
            #expect(cgroup.outOfMemoryKills() == 1)
        }
    }

    @Test("processes of the groups below count, each once; a group that holds some is not made a second time")
    func processes() throws {
        try withTree { top, hierarchies in
            try writeFile(top.appending("slipway/x/cgroup.procs"), "7\n9\n")
            let cgroup = Cgroup("/slipway", in: hierarchies)
            #expect(try cgroup.processes() == [ProcessID(7), ProcessID(9)])
            #expect(throws: KernelError(call: "mkdir", subject: "/slipway", errno: EBUSY)) { try cgroup.create() }
        }
    }

    @Test("a path cannot leave the trees, and the top is nobody's to kill, freeze or remove")
    func top() throws {
        try withTree { top, hierarchies in
            #expect(Cgroup("/slipway/../../../x", in: hierarchies).directories == [top.appending("x")])
            for path: FilePath in ["/", "", "/..", "/slipway/.."] {
                let everybody = Cgroup(path, in: hierarchies)
                #expect(throws: KernelError(call: "kill", subject: "/", errno: EPERM)) { try everybody.kill() }
                #expect(throws: KernelError(call: "freeze", subject: "/", errno: EPERM)) { try everybody.freeze() }
                #expect(throws: KernelError(call: "rmdir", subject: "/", errno: EPERM)) { try everybody.remove() }
                #expect(throws: KernelError(call: "mkdir", subject: "/", errno: EPERM)) { try everybody.create() }
            }
        }
    }

    @Test("killing is one write")
    func kills() throws {
        try withTree { top, hierarchies in
            try Cgroup("/slipway/x", in: hierarchies).kill()
            #expect(try readText(top.appending("slipway/x/cgroup.kill")) == "1")
        }
    }
}
