// What a container has used, as it travels from its shim to the daemon: the numbers of its cgroup, whatever its version, less what the daemon can read
// for itself (processors of the host, network interfaces). Every key but the version may be missing: what this kernel does not count, or what an
// older shim did not tell. Chapter 11; the numbers are chapter 04's.

/// The reply to `stats`.
public struct ContainerUsage: Codable, Sendable, Equatable {
    /// 1 or 2: which interface the cgroups have that were read. It decides what names mean in `memory.details`.
    public var cgroupVersion: Int
    /// When it was read.
    public var at: WallTime
    public var processor: Processor?
    public var memory: Memory?
    public var blocks: Blocks?
    public var pids: Pids?

    public init(cgroupVersion: Int, at: WallTime) { (self.cgroupVersion, self.at) = (cgroupVersion, at) }

    /// Nanoseconds, of all processors together.
    public struct Processor: Codable, Sendable, Equatable {
        public var total: UInt64, user: UInt64, kernel: UInt64
        /// Each processor's share of the total; cgroup v1 only.
        public var perProcessor: [UInt64]?
        /// Periods of the quota, how many of them the container spent waiting, and for how long.
        public var periods: UInt64?, throttledPeriods: UInt64?, throttled: UInt64?

        public init(total: UInt64, user: UInt64, kernel: UInt64) { (self.total, self.user, self.kernel) = (total, user, kernel) }
    }

    /// Bytes.
    public struct Memory: Codable, Sendable, Equatable {
        public var usage: UInt64
        public var peak: UInt64?
        /// nil: no limit.
        public var limit: UInt64?
        /// How often the limit was met.
        public var failures: UInt64?
        /// The lines of `memory.stat`.
        public var details: [String: UInt64]?

        public init(usage: UInt64) { self.usage = usage }
    }

    /// What went to block devices and came from them.
    public struct Blocks: Codable, Sendable, Equatable {
        public var serviceBytes: [Entry]?
        public var serviced: [Entry]?

        public init(serviceBytes: [Entry]?, serviced: [Entry]?) { (self.serviceBytes, self.serviced) = (serviceBytes, serviced) }

        public struct Entry: Codable, Sendable, Equatable {
            public var major: UInt64, minor: UInt64
            /// v1 `Read`, `Write`, …; v2 `read`, `write`.
            public var operation: String
            public var value: UInt64

            public init(major: UInt64, minor: UInt64, operation: String, value: UInt64) {
                (self.major, self.minor, self.operation, self.value) = (major, minor, operation, value)
            }
        }
    }

    /// Processes and threads.
    public struct Pids: Codable, Sendable, Equatable {
        public var current: UInt64
        /// nil: no limit.
        public var limit: UInt64?

        public init(current: UInt64, limit: UInt64?) { (self.current, self.limit) = (current, limit) }
    }
}
