// What `stats`, `top` and `update` tell. Keys that a kernel does not count are left out or null, as moby does: clients tell cgroup v1 from v2 by
// them. Engine API v1.43, ContainerStats, ContainerTop, ContainerUpdate. Chapter 12.

/// One sample of `GET /containers/{id}/stats`, with the one before it.
public struct ContainerStatistics: Codable, Sendable {
    public var name: String, id: String
    /// RFC 3339; year 1 where there is no sample.
    public var read = never, preread = never
    public var pids_stats = Pids()
    public var blkio_stats = Blocks()
    public var num_procs = 0
    public var storage_stats = Empty()
    public var cpu_stats = Processor(), precpu_stats = Processor()
    public var memory_stats = Memory()
    /// By interface, as the container calls it.
    public var networks: [String: Network]?

    /// A container that does not run: nothing is used.
    public init(name: String, id: String) { (self.name, self.id) = (name, id) }

    private static let never = "0001-01-01T00:00:00Z"

    public struct Pids: Codable, Sendable {
        public var current: UInt64?, limit: UInt64?
        public init() {}
    }

    public struct Blocks: Codable, Sendable {
        @Null public var io_service_bytes_recursive: [Entry]?
        @Null public var io_serviced_recursive: [Entry]?
        @Null public var io_queue_recursive: [Entry]?
        @Null public var io_service_time_recursive: [Entry]?
        @Null public var io_wait_time_recursive: [Entry]?
        @Null public var io_merged_recursive: [Entry]?
        @Null public var io_time_recursive: [Entry]?
        @Null public var sectors_recursive: [Entry]?
        public init() {}

        public struct Entry: Codable, Sendable {
            public var major: UInt64, minor: UInt64, op: String, value: UInt64
            public init(major: UInt64, minor: UInt64, op: String, value: UInt64) { (self.major, self.minor, self.op, self.value) = (major, minor, op, value) }
        }
    }

    /// Nanoseconds.
    public struct Processor: Codable, Sendable {
        public var cpu_usage = Usage()
        /// All that the machine has spent; left out where there is no sample.
        public var system_cpu_usage: UInt64?
        public var online_cpus: Int?
        public var throttling_data = Throttling()
        public init() {}

        public struct Usage: Codable, Sendable {
            public var total_usage: UInt64 = 0
            public var percpu_usage: [UInt64]?
            public var usage_in_kernelmode: UInt64 = 0, usage_in_usermode: UInt64 = 0
            public init() {}
        }
        public struct Throttling: Codable, Sendable {
            public var periods: UInt64 = 0, throttled_periods: UInt64 = 0, throttled_time: UInt64 = 0
            public init() {}
        }
    }

    /// Bytes.
    public struct Memory: Codable, Sendable {
        public var usage: UInt64?, max_usage: UInt64?
        public var stats: [String: UInt64]?
        public var failcnt: UInt64?, limit: UInt64?
        public init() {}
    }

    public struct Network: Codable, Sendable, Equatable {
        public var rx_bytes: UInt64, rx_packets: UInt64, rx_errors: UInt64, rx_dropped: UInt64
        public var tx_bytes: UInt64, tx_packets: UInt64, tx_errors: UInt64, tx_dropped: UInt64
        public init(
            received: (bytes: UInt64, packets: UInt64, errors: UInt64, dropped: UInt64), sent: (bytes: UInt64, packets: UInt64, errors: UInt64, dropped: UInt64)
        ) {
            (rx_bytes, rx_packets, rx_errors, rx_dropped) = received
            (tx_bytes, tx_packets, tx_errors, tx_dropped) = sent
        }
    }
}

/// The reply to `GET /containers/{id}/top`.
public struct ProcessList: Codable, Sendable, Equatable {
    public var Titles: [String], Processes: [[String]]
    public init(Titles: [String], Processes: [[String]] = []) { (self.Titles, self.Processes) = (Titles, Processes) }
}

/// The reply to `POST /containers/{id}/update`.
public struct UpdateReply: Codable, Sendable {
    @Null public var Warnings: [String]?
    public init(warnings: [String]) { Warnings = warnings.isEmpty ? nil : warnings }
}
