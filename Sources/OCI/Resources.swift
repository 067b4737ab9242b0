// `linux.resources`: the limits of a container's cgroup, in the units of cgroup v1 (a runtime on v2 converts them).
//
// https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#control-groups · chapter 06

/// Limits by controller.
public struct Resources: Codable, Equatable, Sendable {
    /// Device access rules, in order; the last that matches decides.
    public var devices: [DeviceRule]?
    /// Memory controller.
    public var memory: MemoryLimits?
    /// CPU and cpuset controllers.
    public var cpu: CPULimits?
    /// Pids controller.
    public var pids: PidsLimit?
    /// cgroup v2 files by name, written as they are.
    public var unified: [String: String]?

    /// No limits; set what is wanted.
    public init() {}
}

/// One device access rule.
public struct DeviceRule: Codable, Equatable, Sendable {
    /// Allow or deny.
    public var allow: Bool
    /// `a` all, `c` character, `b` block.
    public var type: String?
    /// Major number; absent or -1 for any.
    public var major: Int64?
    /// Minor number; absent or -1 for any.
    public var minor: Int64?
    /// Letters of `rwm`: read, write, mknod.
    public var access: String?

    /// A rule for the devices that match.
    public init(allow: Bool, type: String? = nil, major: Int64? = nil, minor: Int64? = nil, access: String? = nil) {
        self.allow = allow
        self.type = type
        self.major = major
        self.minor = minor
        self.access = access
    }
}

/// Bytes of memory; -1 means unlimited.
public struct MemoryLimits: Codable, Equatable, Sendable {
    /// Ceiling, bytes.
    public var limit: Int64?
    /// What reclaim aims at under pressure, bytes.
    public var reservation: Int64?
    /// Ceiling of memory *and* swap together, bytes.
    public var swap: Int64?
    /// 0 … 100; v1 only.
    public var swappiness: UInt64?
    /// Whether the kernel pauses the container instead of killing in it; v1 only.
    public var disableOOMKiller: Bool?

    /// No limits; set what is wanted.
    public init() {}
}

/// Processor time and placement.
public struct CPULimits: Codable, Equatable, Sendable {
    /// Relative weight, 1024 is normal.
    public var shares: UInt64?
    /// Microseconds of processor time in each period.
    public var quota: Int64?
    /// Length of a period in microseconds.
    public var period: UInt64?
    /// Processors to run on: `0-2,4`.
    public var cpus: String?
    /// Memory nodes to allocate from.
    public var mems: String?

    /// No limits; set what is wanted.
    public init() {}
}

/// How many processes and threads.
public struct PidsLimit: Codable, Equatable, Sendable {
    /// Ceiling; 0 or less means unlimited.
    public var limit: Int64

    /// A ceiling of `limit`.
    public init(limit: Int64) { self.limit = limit }
}
