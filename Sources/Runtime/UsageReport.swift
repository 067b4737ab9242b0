// A container's statistics in the form of runc's `events`, which monitoring around containerd reads: one JSON object a line, zeros and what is not
// counted left out. runc, types/events.go. Chapter 06, over chapter 04's `Statistics`.
public import Cgroups

/// One line of `events`.
public struct UsageReport: Encodable, Sendable {
    var type: String, id: String
    var data: Data?

    /// What a container has used.
    public init(_ id: String, _ statistics: Statistics) { (type, self.id, data) = ("stats", id, Data(statistics)) }

    /// The kernel has killed a process of the container's because its memory limit was reached.
    public init(outOfMemory id: String) { (type, self.id) = ("oom", id) }

    struct Data: Encodable {
        var cpu: Processor
        var cpuset: [String: Int] = [:]
        var memory: Memory
        var pids: Pids
        var blkio: Blocks
        var hugetlb: [String: Int] = [:], intel_rdt: [String: Int] = [:]
    }
    struct Processor: Encodable { var usage: ProcessorUsage, throttling: Throttling }
    struct ProcessorUsage: Encodable { var total: UInt64, percpu: [UInt64]?, kernel: UInt64, user: UInt64 }
    struct Throttling: Encodable { var periods: UInt64?, throttledPeriods: UInt64?, throttledTime: UInt64? }
    struct Memory: Encodable { var cache: UInt64?, usage: Amount?, swap: Amount?, raw: [String: UInt64]? }
    struct Amount: Encodable { var limit: UInt64, usage: UInt64?, max: UInt64?, failcnt: UInt64 }
    struct Pids: Encodable { var current: UInt64?, limit: UInt64? }
    struct Blocks: Encodable { var ioServiceBytesRecursive: [Entry]?, ioServicedRecursive: [Entry]? }
    struct Entry: Encodable { var major: UInt64, minor: UInt64, op: String, value: UInt64 }
}

private func unlessZero(_ value: UInt64?) -> UInt64? { value == 0 ? nil : value }
private func unlessEmpty<Element>(_ list: [Element]) -> [Element]? { list.isEmpty ? nil : list }

extension UsageReport.Data {
    init(_ statistics: Statistics) {
        let processor = statistics.processor
        cpu = UsageReport.Processor(
            usage: .init(
                total: processor?.totalNanoseconds ?? 0, percpu: unlessEmpty(processor?.perProcessorNanoseconds ?? []),
                kernel: processor?.kernelNanoseconds ?? 0, user: processor?.userNanoseconds ?? 0),
            throttling: .init(
                periods: unlessZero(processor?.periods), throttledPeriods: unlessZero(processor?.throttledPeriods),
                throttledTime: unlessZero(processor?.throttledNanoseconds)))
        memory = UsageReport.Memory(statistics.memory)
        pids = UsageReport.Pids(current: unlessZero(statistics.pids?.current), limit: statistics.pids?.limit)
        blkio = UsageReport.Blocks(
            ioServiceBytesRecursive: unlessEmpty((statistics.blocks?.serviceBytes ?? []).map(UsageReport.Entry.init)),
            ioServicedRecursive: unlessEmpty((statistics.blocks?.serviced ?? []).map(UsageReport.Entry.init)))
    }
}

extension UsageReport.Memory {
    init(_ memory: MemoryStatistics?) {
        guard let memory else { return }
        cache = unlessZero(memory.details["cache"] ?? memory.details["file"])
        usage = UsageReport.Amount(limit: memory.limitBytes ?? .max, usage: memory.usageBytes, max: memory.peakBytes, failcnt: memory.failures)
        swap = memory.swapUsageBytes.map { UsageReport.Amount(limit: memory.swapLimitBytes ?? .max, usage: unlessZero($0), max: nil, failcnt: 0) }
        raw = memory.details
    }
}

extension UsageReport.Entry {
    init(_ entry: BlockStatistics.Entry) { (major, minor, op, value) = (entry.major, entry.minor, entry.operation, entry.value) }
}
