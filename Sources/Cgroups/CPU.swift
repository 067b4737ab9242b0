// The cpu controller: who gets how much processor time. Shares only matter when processors are short of time: twice the shares, twice the
// time. A quota always matters: when it is used up, the group waits for the next period. v1 counts shares 2…262144, v2 weights 1…10000, and
// every engine maps one to the other by the same straight line. cgroup-v2.rst, "CPU"; sched-bwc.rst. Chapter 04.
import Linux

extension Controller {
    private static let shares = Setting(meaning: "cpu shares", v1: "cpu.shares", v2: "cpu.weight")
    private static let period = Setting(meaning: "cpu period", v1: "cpu.cfs_period_us", v2: "cpu.max")
    private static let quota = Setting(meaning: "cpu quota", v1: "cpu.cfs_quota_us", v2: "cpu.max")

    /// Processor time.
    public static let cpu = Controller(name: "cpu", settings: [shares, period, quota]) { limits, version, read in
        version == .v1 ? cpuV1(limits) : cpuV2(limits, read)
    }

    private static func cpuV1(_ limits: Limits) -> [Write] {
        [
            limits.cpuShares.map { Write("cpu.shares", "\($0)", shares.meaning) },
            limits.periodMicroseconds.map { Write("cpu.cfs_period_us", "\($0)", period.meaning, optional: true) },
            limits.quotaMicroseconds.map { Write("cpu.cfs_quota_us", text($0, .v1), quota.meaning, optional: true) }
        ].compactMap(\.self)
    }

    private static func cpuV2(_ limits: Limits, _ read: (String) -> String?) -> [Write] {
        var writes = limits.cpuShares.map { [Write("cpu.weight", "\(weight(fromShares: $0))", shares.meaning)] } ?? []
        if limits.quotaMicroseconds != nil || limits.periodMicroseconds != nil {
            let present = (read("cpu.max") ?? "max 100000").split(whereSeparator: \.isWhitespace).map(String.init)
            let quotaText = limits.quotaMicroseconds.map { text($0, .v2) } ?? present.first ?? "max"
            let periodText = limits.periodMicroseconds.map { "\($0)" } ?? present.last ?? "100000"
            writes.append(Write("cpu.max", "\(quotaText) \(periodText)", quota.meaning))
        }
        return writes
    }

    /// v2's weight for v1's shares: 2 → 1, 262144 → 10000.
    public static func weight(fromShares shares: UInt64) -> UInt64 {
        shares == 0 ? 0 : 1 + (min(max(shares, 2), 262_144) - 2) * 9999 / 262_142
    }
}

extension Cgroup {
    /// Fills in the processor time: v1 keeps it in a controller of its own, v2 in every cgroup.
    func readProcessorTime(_ usage: inout Usage) {
        if hierarchies.tree(of: "cpuacct") != nil {
            usage.processorNanoseconds = number("cpuacct", "cpuacct.usage")
        } else if let directory = hierarchies.unified?.directory(of: path) {
            let stat = try? readText(directory.appending("cpu.stat"))  // there is none in v1 without cpuacct
            usage.processorNanoseconds = stat.flatMap { entry("usage_usec", in: $0) }.map { $0 * 1000 }
        }
    }
}
