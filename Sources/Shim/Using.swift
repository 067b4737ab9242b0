// What the daemon asks of a container that runs: to stand still, to go on, to live within other limits, and what it has used. All of it is done to
// the cgroup, by the runtime's functions; waiting for the last process to stand still takes a moment, in which no output is read. Chapter 11.
import Cgroups
import Linux
import OCI
import Runtime
import ShimProtocol

extension Supervisor {
    /// Stops every process, or lets them go on.
    func setPaused(_ paused: Bool) throws(ShimFailure) {
        let (container, cgroup) = try runningGroup()
        do throws(RuntimeError) {
            try paused ? pauseProcesses(of: cgroup) : resumeProcesses(of: cgroup)
        } catch {
            throw ShimFailure(.other, step: error.step, error.reason)
        }
        container.isPaused = paused
    }

    /// Changes limits.
    /// - Returns: what this kernel cannot set, in words; nil where it can all.
    func update(_ resources: OCI.Resources) throws(ShimFailure) -> [String]? {
        let (_, cgroup) = try runningGroup()
        do throws(RuntimeError) {
            let warnings = try changeLimits(of: cgroup, to: resources)
            return warnings.isEmpty ? nil : warnings
        } catch {
            throw ShimFailure(.other, step: error.step, error.reason)
        }
    }

    /// What the container has used.
    func usage() throws(ShimFailure) -> ContainerUsage {
        let (_, cgroup) = try runningGroup()
        return ContainerUsage(cgroup.statistics(), cgroupVersion: cgroup.hierarchies.layout == .v2 ? 2 : 1)
    }

    private func runningGroup() throws(ShimFailure) -> (Container, Cgroup) {
        guard case .running(let container) = life else { throw ShimFailure(.notRunning, "the container is not running") }
        guard let cgroup = container.cgroup else { throw ShimFailure(.other, "the container's cgroup was not found when it started") }
        return (container, cgroup)
    }
}

extension ContainerUsage {
    init(_ statistics: Statistics, cgroupVersion: Int) {
        self.init(cgroupVersion: cgroupVersion, at: .now)
        processor = statistics.processor.map(Processor.init)
        memory = statistics.memory.map(Memory.init)
        blocks = statistics.blocks.map { Blocks(serviceBytes: $0.serviceBytes.map(Blocks.Entry.init), serviced: $0.serviced.map(Blocks.Entry.init)) }
        pids = statistics.pids.map { Pids(current: $0.current, limit: $0.limit) }
    }
}

extension ContainerUsage.Processor {
    init(_ time: ProcessorStatistics) {
        self.init(total: time.totalNanoseconds, user: time.userNanoseconds, kernel: time.kernelNanoseconds)
        perProcessor = time.perProcessorNanoseconds.isEmpty ? nil : time.perProcessorNanoseconds
        (periods, throttledPeriods, throttled) = (time.periods, time.throttledPeriods, time.throttledNanoseconds)
    }
}

extension ContainerUsage.Memory {
    init(_ memory: MemoryStatistics) {
        self.init(usage: memory.usageBytes)
        (peak, limit, failures, details) = (memory.peakBytes, memory.limitBytes, memory.failures, memory.details)
    }
}

extension ContainerUsage.Blocks.Entry {
    init(_ entry: BlockStatistics.Entry) {
        self.init(major: entry.major, minor: entry.minor, operation: entry.operation, value: entry.value)
    }
}
