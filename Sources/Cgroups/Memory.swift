// The memory controller. v1 limits memory, and memory and swap together; v2 limits memory, and swap alone. The order matters on v1, where
// the limit on both may never be below that on memory: to make both smaller, memory goes first; to make both greater, it goes last.
// cgroup-v1/memory.rst; cgroup-v2.rst, "Memory". Chapter 04.
import Linux

extension Controller {
    private static let limit = Setting(meaning: "memory", v1: "memory.limit_in_bytes", v2: "memory.max")
    private static let both = Setting(meaning: "memory and swap together", v1: "memory.memsw.limit_in_bytes", v2: nil)
    private static let swap = Setting(meaning: "swap", v1: nil, v2: "memory.swap.max")
    private static let reservation = Setting(meaning: "memory reservation", v1: "memory.soft_limit_in_bytes", v2: "memory.low")
    private static let usage = Setting(meaning: "memory in use", v1: "memory.usage_in_bytes", v2: "memory.current")
    private static let kills = Setting(meaning: "kills for want of memory", v1: "memory.oom_control", v2: "memory.events")

    /// Memory and swap.
    public static let memory = Controller(name: "memory", settings: [limit, both, swap, reservation, usage, kills]) { limits, version, read in
        (version == .v1 ? memoryV1(limits, read) : memoryV2(limits, read))
            + (limits.memoryReservationBytes.map { [Write(reservation.file(version) ?? "", text($0, version), reservation.meaning)] } ?? [])
    }

    private static func memoryV1(_ limits: Limits, _ read: (String) -> String?) -> [Write] {
        let memory = limits.memoryBytes.map { Write("memory.limit_in_bytes", text($0, .v1), limit.meaning) }
        let current = read("memory.memsw.limit_in_bytes")
        // The limit on both may not stay below that on memory: taking away the one takes away the other.
        let swapBytes = limits.memorySwapBytes ?? (current != nil && limits.memoryBytes.map { $0 < 0 } == true ? unlimited : nil)
        let together = swapBytes.map { Write("memory.memsw.limit_in_bytes", text($0, .v1), both.meaning, optional: true) }
        let present = current.flatMap { UInt64($0.filter(\.isNumber)) } ?? .max
        let grows = swapBytes.map { $0 < 0 || UInt64($0) > present } ?? false
        return (grows ? [together, memory] : [memory, together]).compactMap(\.self)
    }

    private static func memoryV2(_ limits: Limits, _ read: (String) -> String?) -> [Write] {
        var writes = limits.memoryBytes.map { [Write("memory.max", text($0, .v2), limit.meaning)] } ?? []
        if let both = limits.memorySwapBytes {
            // Both less memory: the new limit on memory, or the one that holds.
            let memory = limits.memoryBytes ?? read("memory.max").flatMap { Int64($0.filter(\.isNumber)) } ?? 0
            let alone = both < 0 ? both : max(0, both - max(0, memory))
            writes.append(Write("memory.swap.max", text(alone, .v2), swap.meaning, optional: true))
        } else if let memory = limits.memoryBytes, memory < 0, read("memory.swap.max") != nil {
            writes.append(Write("memory.swap.max", "max", swap.meaning, optional: true))
        }
        return writes
    }
}

extension Cgroup {
    /// How many of its processes the kernel has killed because the limit was reached; nil without the memory controller.
    public func outOfMemoryKills() -> UInt64? {
        guard let version = hierarchies.tree(of: "memory")?.version else { return nil }
        return read("memory", version == .v1 ? "memory.oom_control" : "memory.events").flatMap { entry("oom_kill", in: $0) }
    }

    /// Fills in what the memory controller knows.
    func readMemory(_ usage: inout Usage) {
        guard let version = hierarchies.tree(of: "memory")?.version else { return }
        let (now, limit) = version == .v1 ? ("memory.usage_in_bytes", "memory.limit_in_bytes") : ("memory.current", "memory.max")
        let cache = read("memory", "memory.stat").flatMap { entry(version == .v1 ? "total_inactive_file" : "inactive_file", in: $0) } ?? 0
        usage.memoryBytes = number("memory", now).map { $0 > cache ? $0 - cache : 0 }
        usage.memoryLimitBytes = number("memory", limit).flatMap { $0 > UInt64(Int64.max) / 2 ? nil : $0 }  // v1 says 2⁶³ less a page for none
    }
}
