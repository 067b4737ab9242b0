// What was used, from files as kernels write them: a v1 machine with a tree for each controller, and a v2 machine. And changes of limits that fail
// half-way, and the freezers of both, on trees of plain files.
import Cgroups
import Glibc
import Linux
import Testing

@Suite("Statistics and changes, on trees of plain files")
struct StatisticsTests {
    /// Trees with a group `/x` that holds `files`: `memory/memory.stat` is a v1 controller's, `memory.stat` v2's.
    private func with(_ files: [String: String], _ body: (FilePath, Cgroup) throws -> Void) throws {
        let top = FilePath("/tmp/slipway-statistics-\(getpid())-\(UInt32.random(in: 0 ... .max))")
        defer { try? removeTree(top) }  // a leftover is found by the sandbox
        let controllers = Set(files.keys.compactMap { $0.contains("/") ? $0.split(separator: "/").first.map(String.init) : nil }).sorted()
        for (name, text) in files {
            let folder = name.contains("/") ? top.appending(name.split(separator: "/").first.map(String.init) ?? "").appending("x") : top.appending("v2/x")
            try makeDirectories(folder)
            try writeFile(folder.appending(name.split(separator: "/").last.map(String.init) ?? ""), text)
        }
        let old = controllers.enumerated().map { "3\($0.offset) 25 0:3\($0.offset) / \(top)/\($0.element) rw - cgroup cgroup rw,\($0.element)" }
        let hasNew = files.keys.contains { !$0.contains("/") }
        let lines = old + (hasNew ? ["25 23 0:22 / \(top)/v2 rw - cgroup2 cgroup2 rw"] : [])
        let machine = Machine(
            mountinfo: lines.joined(separator: "\n"), selfCgroup: "0::/\n", controllers: controllers.isEmpty ? "cpuset cpu io memory pids\n" : "")
        try body(top, Cgroup("/x", in: machine.hierarchies))
    }

    @Test("v1: processor time by processor, memory with swap, the scheduler's blocks before the throttle's")
    func v1() throws {
        let files = [
            "cpuacct/cpuacct.usage": "9835696\n", "cpuacct/cpuacct.stat": "user 3\nsystem 4\n", "cpuacct/cpuacct.usage_percpu": "6478176 3357520 \n",
            "cpu/cpu.stat": "nr_periods 5\nnr_throttled 2\nthrottled_time 700\n", "memory/memory.usage_in_bytes": "307200\n",
            "memory/memory.max_usage_in_bytes": "2498560\n", "memory/memory.failcnt": "3\n", "memory/memory.limit_in_bytes": "33554432\n",
            "memory/memory.memsw.usage_in_bytes": "307300\n", "memory/memory.memsw.limit_in_bytes": "9223372036854771712\n",
            "memory/memory.stat": "cache 10\ntotal_inactive_file 4096\n", "pids/pids.current": "1\n", "pids/pids.max": "5\n",
            "blkio/blkio.bfq.io_service_bytes_recursive": "8:0 Read 4096\n8:0 Write 0\n8:0 Total 4096\nTotal 4096\n",
            "blkio/blkio.throttle.io_service_bytes_recursive": "8:0 Read 1\n", "blkio/blkio.throttle.io_serviced_recursive": "8:0 Read 2\n"
        ]
        try with(files) { _, cgroup in
            let statistics = cgroup.statistics(), processor = try #require(statistics.processor), memory = try #require(statistics.memory)
            #expect(processor.totalNanoseconds == 9_835_696 && processor.userNanoseconds == 30_000_000 && processor.kernelNanoseconds == 40_000_000)
            #expect(processor.perProcessorNanoseconds == [6_478_176, 3_357_520])
            #expect(processor.periods == 5 && processor.throttledPeriods == 2 && processor.throttledNanoseconds == 700)
            #expect(memory.usageBytes == 307_200 && memory.peakBytes == 2_498_560 && memory.failures == 3 && memory.limitBytes == 33_554_432)
            #expect(memory.swapUsageBytes == 307_300 && memory.swapLimitBytes == nil && memory.details == ["cache": 10, "total_inactive_file": 4096])
            #expect(statistics.pids?.current == 1 && statistics.pids?.limit == 5)
            #expect(
                statistics.blocks?.serviceBytes.map { "\($0.major):\($0.minor) \($0.operation) \($0.value)" } == [
                    "8:0 Read 4096", "8:0 Write 0", "8:0 Total 4096"
                ])
            #expect(statistics.blocks?.serviced.map(\.value) == [2])
        }
    }

    @Test("v2: microseconds are nanoseconds here, `max` is no limit, and devices have a line each")
    func v2() throws {
        let files = [
            "cpu.stat": "usage_usec 1500\nuser_usec 1000\nsystem_usec 500\nnr_periods 4\nnr_throttled 1\nthrottled_usec 9\n", "memory.current": "5000\n",
            "memory.peak": "6000\n", "memory.max": "max\n", "memory.swap.current": "70\n", "memory.swap.max": "100\n",
            "memory.events": "low 0\noom 2\noom_kill 1\n",
            "memory.stat": "anon 10\ninactive_file 1000\n", "io.stat": "8:0 rbytes=4096 wbytes=512 rios=1 wios=2 dbytes=0 dios=0\n253:1\nnonsense\n",
            "pids.current": "3\n", "pids.max": "max\n"
        ]
        try with(files) { _, cgroup in
            let statistics = cgroup.statistics(), processor = try #require(statistics.processor), memory = try #require(statistics.memory)
            #expect(processor.totalNanoseconds == 1_500_000 && processor.userNanoseconds == 1_000_000 && processor.kernelNanoseconds == 500_000)
            #expect(processor.perProcessorNanoseconds.isEmpty && processor.periods == 4 && processor.throttledNanoseconds == 9000)
            #expect(memory.usageBytes == 5000 && memory.peakBytes == 6000 && memory.limitBytes == nil && memory.failures == 2)
            #expect(memory.swapUsageBytes == 70 && memory.swapLimitBytes == 100 && memory.details["inactive_file"] == 1000)
            #expect(statistics.pids?.current == 3 && statistics.pids?.limit == nil)
            #expect(statistics.blocks?.serviceBytes.map { "\($0.operation) \($0.value)" } == ["read 4096", "write 512"])
            #expect(statistics.blocks?.serviced.map(\.value) == [1, 2])
        }
    }

    @Test("where nobody counts, nothing is known; damaged files are as good as none")
    func unknown() throws {
        #expect(Cgroup("/x", in: Hierarchies([])).statistics() == Statistics())
        try with(["memory.current": "lots\n", "cpu.stat": "usage_usec\n", "pids.current": "-1\n", "io.stat": "8:0 rbytes=x\n:\n"]) { _, cgroup in
            let statistics = cgroup.statistics()
            #expect(statistics.memory == nil && statistics.processor == nil && statistics.pids == nil)
            #expect(statistics.blocks?.serviceBytes.isEmpty == true && statistics.blocks?.serviced.isEmpty == true)
        }
    }

    @Test("a change that fails half-way leaves everything as it was")
    func change() throws {
        try with(["memory.max": "100\n", "memory.swap.max": "0\n", "cpu.weight": "39\n"]) { (top, cgroup) throws in
            #expect(throws: KernelError.self) { try cgroup.change(Limits(memoryBytes: 64, memorySwapBytes: 128, cpuShares: 512, pids: 5)) }
            #expect(try readText(top.appending("v2/x/memory.max")).hasPrefix("100"))
            #expect(try readText(top.appending("v2/x/cpu.weight")).hasPrefix("39"))
            #expect(try cgroup.change(Limits(memoryBytes: 64)).isEmpty)
            #expect(try readText(top.appending("v2/x/memory.max")).hasPrefix("64"))
        }
    }

    @Test("v2 is frozen when the kernel says so; what does not stand still in time goes on, and that is an error")
    func unifiedFreezer() throws {
        try with(["cgroup.freeze": "0\n", "cgroup.events": "populated 1\nfrozen 1\n"]) { (top, cgroup) throws in
            try cgroup.freeze()
            #expect(try readText(top.appending("v2/x/cgroup.freeze")).hasPrefix("1") && cgroup.isFrozen())
            try writeFile(top.appending("v2/x/cgroup.events"), "populated 1\nfrozen 0\n")
            #expect(throws: KernelError(call: "freeze", subject: "/x", errno: ETIMEDOUT)) { try cgroup.freeze(within: 20) }
            #expect(try readText(top.appending("v2/x/cgroup.freeze")).hasPrefix("0"))
        }
    }

    @Test("v1 has a controller for it, which a kill thaws; a hybrid machine takes v2's file, and v1's where that is missing")
    func separateFreezer() throws {
        try with(["freezer/freezer.state": "THAWED\n"]) { (top, cgroup) throws in
            try cgroup.freeze()
            #expect(cgroup.isFrozen())
            try cgroup.thawAfterKilling()
            #expect(!cgroup.isFrozen())
        }
        try with(["freezer/freezer.state": "THAWED\n", "cgroup.freeze": "0\n", "cgroup.events": "frozen 1\n"]) { (top, cgroup) throws in
            try cgroup.freeze()
            #expect(try readText(top.appending("freezer/x/freezer.state")).hasPrefix("THAWED"))
        }
        try with(["freezer/freezer.state": "THAWED\n", "cgroup.procs": ""]) { (top, cgroup) throws in
            try cgroup.freeze()
            #expect(try readText(top.appending("freezer/x/freezer.state")).hasPrefix("FROZEN") && cgroup.isFrozen())
        }
        #expect(throws: KernelError(call: "freeze", subject: "/x", errno: EOPNOTSUPP)) { try Cgroup("/x", in: Hierarchies([])).freeze() }
    }
}
