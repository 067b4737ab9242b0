// `slip-cgroup [LIMITS] COMMAND…`: makes a cgroup, sets its limits, starts the command in it, and takes it away afterwards.
import ArgumentParser
import Cgroups
import Linux
import Namespaces

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run a command in a cgroup of its own.")

    @Option(name: .shortAndLong, help: "Memory, such as 64m.")
    var memory: Amount?
    @Option(help: "Memory and swap together; -1 for no limit on swap.")
    var memorySwap: Amount?
    @Option(name: .shortAndLong, help: "Processors' worth of time, such as 0.5.")
    var cpus: Double?
    @Option(help: "Processor time relative to others, 2 to 262144.")
    var cpuShares: UInt64?
    @Option(help: "On which processors, such as 0-1,3.")
    var cpusetCpus: String?
    @Option(name: .shortAndLong, help: "How many processes and threads.")
    var pids: Int64?
    @Option(help: "The cgroup's path; one of our own if not said.")
    var path: String?
    @Flag(help: "With a cgroup namespace: inside, the group looks like the top of the tree.")
    var namespace = false
    @Flag(help: "Say what was used, in the end.")
    var report = false
    @Argument(parsing: .captureForPassthrough, help: "What to run; /bin/sh if nothing is said.")
    var command: [String] = []

    private var limits: Limits {
        Limits(
            memoryBytes: memory?.bytes, memorySwapBytes: memorySwap?.bytes, cpuShares: cpuShares,
            quotaMicroseconds: cpus.map { Int64($0 * 100_000) }, periodMicroseconds: cpus.map { _ in 100_000 }, cpus: cpusetCpus, pids: pids)
    }

    func validate() throws {
        guard cpus.map({ $0 >= 0.01 && $0 <= 8192 }) ?? true else { throw ValidationError("--cpus: wanted a number from 0.01 up") }
    }

    func run() {
        finish(as: "slip-cgroup") {
            let cgroup = Cgroup(FilePath(path ?? "/slip-cgroup-\(currentProcess())"), in: try .discover())
            try cgroup.create()
            let result = Result { try runInside(cgroup) }
            if report { complain(describe(cgroup.usage(), kills: cgroup.outOfMemoryKills())) }
            try cgroup.kill()  // what the command left behind
            try cgroup.remove()
            return try result.get()
        }
    }

    private func runInside(_ cgroup: Cgroup) throws -> Int32 {
        for missing in try cgroup.apply(limits) { complain("slip-cgroup: not limited: \(missing)") }
        try holdSignals(sharesTerminal: true)
        let doors = try cgroup.openForSelf(bornInside: true)
        switch try startInside(cgroup) {
        case .parent(let child, _): return try supervise(child).code
        case .child:
            try doors.join()
            if namespace { try enterNew([.cgroup]) }
            try resetSignals()
            becomeCommand()
        }
    }

    private func startInside(_ cgroup: Cgroup) throws(KernelError) -> Cloned {
        guard let home = try cgroup.descriptorForClone() else { return try clone() }
        return try home.borrow { (descriptor) throws(KernelError) in try clone(into: descriptor) }
    }

    private func becomeCommand() -> Never {
        finish(as: "slip-cgroup") { try become(command.isEmpty ? ["/bin/sh"] : command, environment: currentEnvironment()) }
    }
}
