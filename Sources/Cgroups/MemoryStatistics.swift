// Memory in full. v1 counts memory and swap together (memsw), where the kernel was told to count swap at all; v2 counts swap alone. Without a limit
// v1 says 2⁶³ less a page, v2 `max`: both are nil here. cgroup-v1/memory.rst; cgroup-v2.rst, "Memory". Chapter 04.
import Linux

extension Cgroup {
    func memoryStatistics() -> MemoryStatistics? {
        switch hierarchies.tree(of: "memory")?.version {
        case .v1: separateMemory()
        case .v2: unifiedMemory()
        case nil: nil
        }
    }

    private func separateMemory() -> MemoryStatistics? {
        guard let usage = number("memory", "memory.usage_in_bytes") else { return nil }
        var memory = MemoryStatistics(usageBytes: usage)
        memory.peakBytes = number("memory", "memory.max_usage_in_bytes")
        memory.limitBytes = limit("memory.limit_in_bytes")
        memory.failures = number("memory", "memory.failcnt") ?? 0
        memory.swapUsageBytes = number("memory", "memory.memsw.usage_in_bytes")
        memory.swapLimitBytes = limit("memory.memsw.limit_in_bytes")
        memory.details = details()
        return memory
    }

    private func unifiedMemory() -> MemoryStatistics? {
        guard let usage = number("memory", "memory.current") else { return nil }
        var memory = MemoryStatistics(usageBytes: usage)
        memory.peakBytes = number("memory", "memory.peak")
        memory.limitBytes = limit("memory.max")
        memory.failures = read("memory", "memory.events").flatMap { entry("oom", in: $0) } ?? 0
        memory.swapUsageBytes = number("memory", "memory.swap.current")
        memory.swapLimitBytes = limit("memory.swap.max")
        memory.details = details()
        return memory
    }

    private func limit(_ file: String) -> UInt64? { number("memory", file).flatMap { $0 > UInt64(Int64.max) / 2 ? nil : $0 } }

    private func details() -> [String: UInt64] {
        let lines = (read("memory", "memory.stat") ?? "").split(separator: "\n").map { $0.split(separator: " ") }
        return Dictionary(lines.compactMap { words in words.count == 2 ? UInt64(words[1]).map { (String(words[0]), $0) } : nil }) { $1 }
    }
}
