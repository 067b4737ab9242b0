// What a cgroup has used, in full: what `docker stats` shows and monitoring collects. Both versions' files give the same values as far as both know
// them; what only one of them counts is nil, or empty, on the other. Each controller's reader stands in a file of its own beside this one.
// cgroup-v1/*.rst; cgroup-v2.rst. Chapter 04.

/// What a cgroup has used until now. What no controller counts is nil.
public struct Statistics: Sendable, Equatable {
    /// Processor time.
    public var processor: ProcessorStatistics?
    /// Memory.
    public var memory: MemoryStatistics?
    /// Block devices.
    public var blocks: BlockStatistics?
    /// Processes and threads.
    public var pids: PidsStatistics?

    /// Nothing known.
    public init() {}
}

/// Processor time in nanoseconds, of all processors together where nothing else is said.
public struct ProcessorStatistics: Sendable, Equatable {
    /// In all.
    public var totalNanoseconds: UInt64
    /// In programs.
    public var userNanoseconds: UInt64
    /// In the kernel for them.
    public var kernelNanoseconds: UInt64
    /// Each processor's share of the total; v1 only.
    public var perProcessorNanoseconds: [UInt64] = []
    /// Periods of the quota in which the group wanted to run.
    public var periods: UInt64 = 0
    /// How many of them it spent waiting because the quota was used up.
    public var throttledPeriods: UInt64 = 0
    /// How long it waited so.
    public var throttledNanoseconds: UInt64 = 0
}

/// Memory in bytes.
public struct MemoryStatistics: Sendable, Equatable {
    /// In use, page cache included.
    public var usageBytes: UInt64
    /// The most that was in use; v2 since Linux 5.19.
    public var peakBytes: UInt64?
    /// The limit; nil without one.
    public var limitBytes: UInt64?
    /// How often the limit was met; v2: how often that led to want of memory.
    public var failures: UInt64 = 0
    /// v1: memory and swap together. v2: swap alone.
    public var swapUsageBytes: UInt64?
    /// The limit on the same; nil without one.
    public var swapLimitBytes: UInt64?
    /// All lines of `memory.stat`.
    public var details: [String: UInt64] = [:]
}

/// What went to block devices and came from them.
public struct BlockStatistics: Sendable, Equatable {
    /// One number of one device.
    public struct Entry: Sendable, Equatable {
        /// The device.
        public var major: UInt64, minor: UInt64
        /// v1 `Read`, `Write`, `Sync`, `Async`, `Discard`, `Total`; v2 `read`, `write`.
        public var operation: String
        public var value: UInt64
    }
    /// Bytes.
    public var serviceBytes: [Entry] = []
    /// Requests; v1 only in Docker's words, but v2 counts them too.
    public var serviced: [Entry] = []
}

/// Processes and threads.
public struct PidsStatistics: Sendable, Equatable {
    /// Now.
    public var current: UInt64
    /// At most; nil without a limit.
    public var limit: UInt64?
}

extension Cgroup {
    /// Reads all that the controllers know, in a fraction of a millisecond. A cgroup that is not there has used nothing that anybody knows.
    public func statistics() -> Statistics {
        var statistics = Statistics()
        statistics.processor = processorStatistics()
        statistics.memory = memoryStatistics()
        statistics.blocks = blockStatistics()
        statistics.pids = number("pids", "pids.current").map { PidsStatistics(current: $0, limit: number("pids", "pids.max")) }
        return statistics
    }
}
