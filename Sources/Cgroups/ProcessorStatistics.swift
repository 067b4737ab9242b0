// Processor time: v1 has a controller that only counts, cpuacct, in nanoseconds, and its split into user and kernel in clock ticks; how often a quota
// made the group wait, the cpu controller tells. v2 has it all in cpu.stat, in microseconds. cgroup-v1/cpuacct.rst; sched-bwc.rst. Chapter 04.
import Linux

/// man 7 time: what user space sees of a tick is always a hundredth of a second.
private let nanosecondsPerTick: UInt64 = 10_000_000

extension Cgroup {
    func processorStatistics() -> ProcessorStatistics? {
        hierarchies.tree(of: "cpuacct") != nil ? countedTime() : unifiedTime()
    }

    private func countedTime() -> ProcessorStatistics? {
        guard let total = number("cpuacct", "cpuacct.usage") else { return nil }
        let split = read("cpuacct", "cpuacct.stat") ?? ""
        var time = ProcessorStatistics(
            totalNanoseconds: total, userNanoseconds: (entry("user", in: split) ?? 0) * nanosecondsPerTick,
            kernelNanoseconds: (entry("system", in: split) ?? 0) * nanosecondsPerTick)
        time.perProcessorNanoseconds = (read("cpuacct", "cpuacct.usage_percpu") ?? "").split(whereSeparator: \.isWhitespace).compactMap { UInt64($0) }
        let waits = read("cpu", "cpu.stat") ?? ""
        time.countWaits(in: waits, nanoseconds: entry("throttled_time", in: waits))
        return time
    }

    private func unifiedTime() -> ProcessorStatistics? {
        // Every v2 cgroup counts, also where the cpu controller is not switched on.
        guard let directory = hierarchies.unified?.directory(of: path), let text = try? readText(directory.appending("cpu.stat")),  // no such group
            let total = entry("usage_usec", in: text)
        else { return nil }
        var time = ProcessorStatistics(
            totalNanoseconds: total * 1000, userNanoseconds: (entry("user_usec", in: text) ?? 0) * 1000,
            kernelNanoseconds: (entry("system_usec", in: text) ?? 0) * 1000)
        time.countWaits(in: text, nanoseconds: entry("throttled_usec", in: text).map { $0 * 1000 })
        return time
    }
}

extension ProcessorStatistics {
    fileprivate mutating func countWaits(in text: String, nanoseconds: UInt64?) {
        (periods, throttledPeriods) = (entry("nr_periods", in: text) ?? 0, entry("nr_throttled", in: text) ?? 0)
        throttledNanoseconds = nanoseconds ?? 0
    }
}
