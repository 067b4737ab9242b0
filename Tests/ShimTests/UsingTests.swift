import Linux
import OCI
import ShimProtocol
import Testing

@Suite("A shim's container that runs", .enabled(if: canRunContainers, unverified), .timeLimit(.minutes(2)))
struct UsingTests {
    /// Counts, a line each twenty milliseconds, until it is killed.
    private static let counting = ["sh", "-c", "i=0; while :; do echo $i; i=$((i+1)); sleep 0.02; done"]

    private func lines(_ shim: ShimBench) throws -> Int { try readText(shim.logPath).split(separator: "\n").count }

    private func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
        for _ in 1...500 {
            if try condition() { return true }
            pause(milliseconds: 10)
        }
        return false
    }

    @Test("stands still when paused, says so to the next daemon, and goes on where it was")
    func pausing() throws {
        let shim = try ShimBench(Self.counting)
        for request in [ShimRequest.pause, .unpause, .stats, .update(resources: OCI.Resources())] {
            #expect(try shim.ask(request).error?.kind == .notRunning, "not before the start")
        }
        try shim.require(.start)
        #expect(try eventually { try lines(shim) > 3 })
        try shim.require(.pause)
        try shim.require(.pause)
        pause(milliseconds: 100)  // what was on its way is in the log now
        let count = try lines(shim)
        pause(milliseconds: 300)
        #expect(try lines(shim) == count)
        #expect(try shim.execute("e", ["true"]).reply.error?.message == "the container is paused")
        try shim.reconnect()
        #expect(shim.hello.state == .running && shim.hello.paused == true)
        try shim.require(.unpause)
        #expect(try eventually { try lines(shim) > count + 3 })
        try shim.reconnect()
        #expect(shim.hello.paused == nil)
        try shim.require(.signal(number: 9, all: false))
        #expect(try shim.waitForExit().code == 137)
        #expect(try shim.ask(.pause).error?.kind == .notRunning, "nor after the end")
    }

    @Test("can be killed while it is paused; a milder signal comes when it goes on", arguments: [false, true])
    func killing(all: Bool) throws {
        let shim = try ShimBench(["sleep", "600"])
        try shim.require(.start)
        try shim.require(.pause)
        try shim.require(.signal(number: 9, all: all))
        #expect(try shim.waitForExit().signal == 9)
        let other = try ShimBench(["sh", "-c", "trap 'exit 3' TERM; while :; do sleep 0.05; done"])
        try other.require(.start)
        pause(milliseconds: 200)  // the trap is set
        try other.require(.pause)
        try other.require(.signal(number: 15, all: false))
        try other.reconnect()
        #expect(other.hello.state == .running && other.hello.paused == true)
        try other.require(.unpause)
        #expect(try other.waitForExit().code == 3)
    }

    @Test("gets other limits as a whole, or none of them")
    func limits() throws {
        let shim = try ShimBench(["sleep", "600"])
        try shim.require(.start)
        func file(_ controller: String, _ name: String) throws -> String {
            try readText(FilePath("/sys/fs/cgroup/\(controller)/slipway-shim-test-\(shim.id)/\(name)")).filter { !$0.isNewline }
        }
        try #require(exists(FilePath("/sys/fs/cgroup/memory/slipway-shim-test-\(shim.id)")), "UNVERIFIED HERE: reads the files of cgroup v1")
        var wanted = OCI.Resources(), memory = OCI.MemoryLimits()
        (memory.limit, memory.swap) = (64 << 20, 96 << 20)
        (wanted.memory, wanted.pids) = (memory, OCI.PidsLimit(limit: 40))
        #expect(try shim.require(.update(resources: wanted)).warnings == nil)
        #expect(try file("memory", "memory.limit_in_bytes") == "\(64 << 20)" && file("pids", "pids.max") == "40")
        #expect(try file("memory", "memory.memsw.limit_in_bytes") == "\(96 << 20)")
        for (smaller, both) in [(Int64(32 << 20), Int64(48 << 20)), (128 << 20, 256 << 20), (-1, -1)] {
            (memory.limit, memory.swap) = (smaller, both)
            wanted.memory = memory
            try shim.require(.update(resources: wanted))
            #expect(try file("memory", "memory.limit_in_bytes") == (smaller < 0 ? "9223372036854771712" : "\(smaller)"))
        }
        var bad = OCI.Resources(), processors = OCI.CPULimits()
        processors.cpus = "4000"
        (memory.limit, memory.swap) = (16 << 20, 16 << 20)
        (bad.memory, bad.cpu, bad.pids) = (memory, processors, OCI.PidsLimit(limit: 7))
        let error = try #require(try shim.ask(.update(resources: bad)).error)
        #expect(error.step == "change the limits" && error.message.contains("cpuset.cpus"), "\(error)")
        #expect(try file("memory", "memory.limit_in_bytes") == "9223372036854771712" && file("pids", "pids.max") == "40", "all or none")
        (memory.limit, memory.swap, wanted.pids) = (4096, nil, nil)
        wanted.memory = memory
        let tooSmall = try #require(try shim.ask(.update(resources: wanted)).error)
        #expect(tooSmall.message.contains("unable to set memory limit to 4096: current usage: "), "\(tooSmall)")
    }

    @Test("tells what it has used")
    func usage() throws {
        let shim = try ShimBench(["sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo done; sleep 600"])
        try shim.require(.start)
        #expect(try eventually { try lines(shim) == 1 })
        let first = try #require(try shim.require(.stats).stats)
        let processor = try #require(first.processor), memory = try #require(first.memory), pids = try #require(first.pids)
        #expect(processor.total > 1_000_000 && memory.usage > 4096 && memory.limit == nil && (1...2).contains(pids.current) && pids.limit == nil)
        #expect(memory.details?["pgfault"] ?? 0 > 0)
        #expect(processor.perProcessor.map { $0.reduce(0, +) == processor.total } ?? true)
        let second = try #require(try shim.require(.stats).stats)
        #expect(second.at > first.at && second.processor?.total ?? 0 >= processor.total)
    }
}
