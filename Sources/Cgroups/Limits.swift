// What a cgroup may use, as values with their units. nil leaves the kernel's setting as it is; `unlimited` (-1) takes a limit away, as
// Docker and the OCI specification write it. OCI runtime-spec, config-linux.md, "Control groups". Chapter 04.

/// No limit.
public let unlimited: Int64 = -1

/// What a cgroup may use.
public struct Limits: Sendable, Equatable {
    /// Memory, page cache included, in bytes.
    public var memoryBytes: Int64?
    /// Memory *and* swap together, in bytes: equal to `memoryBytes` means no swap at all.
    public var memorySwapBytes: Int64?
    /// To this the kernel takes memory back when it is short of it.
    public var memoryReservationBytes: Int64?
    /// Processor time relative to siblings, 2…262144; 1024 is normal.
    public var cpuShares: UInt64?
    /// Processor time in each period: 150,000 in a period of 100,000 is one and a half processors.
    public var quotaMicroseconds: Int64?
    /// The period, 1,000…1,000,000.
    public var periodMicroseconds: UInt64?
    /// Which processors, such as `0-1,3`.
    public var cpus: String?
    /// Which memory nodes, such as `0`.
    public var mems: String?
    /// How many processes and threads.
    public var pids: Int64?

    /// Limits nothing, unless told.
    public init(
        memoryBytes: Int64? = nil, memorySwapBytes: Int64? = nil, memoryReservationBytes: Int64? = nil, cpuShares: UInt64? = nil,
        quotaMicroseconds: Int64? = nil, periodMicroseconds: UInt64? = nil, cpus: String? = nil, mems: String? = nil, pids: Int64? = nil
    ) {
        (self.memoryBytes, self.memorySwapBytes, self.memoryReservationBytes) = (memoryBytes, memorySwapBytes, memoryReservationBytes)
        (self.cpuShares, self.quotaMicroseconds, self.periodMicroseconds) = (cpuShares, quotaMicroseconds, periodMicroseconds)
        (self.cpus, self.mems, self.pids) = (cpus, mems, pids)
    }
}

/// What a cgroup has used.
public struct Usage: Sendable, Equatable {
    /// Memory in bytes, without page cache that can be had back at once (what `docker stats` shows).
    public var memoryBytes: UInt64?
    /// The limit on it in bytes; nil without one.
    public var memoryLimitBytes: UInt64?
    /// Processor time in nanoseconds, of all processors together.
    public var processorNanoseconds: UInt64?
    /// Processes and threads now.
    public var pids: UInt64?
}

/// A limit that cannot be had, in words for people: what was wanted, and what the kernel lacks for it.
public struct Missing: Sendable, Equatable, CustomStringConvertible {
    /// What was asked for, such as `memory and swap together`.
    public let wanted: String
    /// Why it is not there.
    public let reason: String

    public var description: String { "\(wanted): \(reason)" }
}
