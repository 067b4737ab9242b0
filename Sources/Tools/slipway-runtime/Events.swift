// events: what a container has used, a JSON object a line, every few seconds or once; and that the kernel had to kill something in it for want of
// memory. The kernel keeps a count of those, which is looked at four times a second: no notice is lost, it comes a moment late.
import ArgumentParser
import FoundationEssentials
import Linux
import Runtime

struct Events: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print what a container uses, every few seconds.")

    @ParentCommand var tool: Tool
    @Option(help: "How often: 5s, 500ms, 1m.") var interval = Interval(milliseconds: 5000)
    @Flag(help: "Once, then end.") var stats = false
    @Argument(help: "The container's name.") var id: String

    func run() throws {
        try tool.global.report {
            let store = tool.global.store
            let container = try store.read(id)
            try tell(UsageReport(id, try store.statistics(of: container)))
            if !stats { try follow(container, store) }
        }
    }

    /// Until the container has ended.
    private func follow(_ container: StoredContainer, _ store: ContainerStore) throws {
        var kills = try store.outOfMemoryKills(in: container), due = monotonicNanoseconds() + interval.nanoseconds
        while store.isAlive(container) {
            pause(milliseconds: min(250, max(1, interval.milliseconds)))
            let now = try store.outOfMemoryKills(in: container)
            if now > kills { try tell(UsageReport(outOfMemory: id)) }
            kills = now
            guard monotonicNanoseconds() >= due else { continue }
            do { try tell(UsageReport(id, try store.statistics(of: container))) } catch { if store.isAlive(container) { throw error } }
            due += interval.nanoseconds
        }
    }

    private func tell(_ report: UsageReport) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try write(.standardOutput, Array(encoder.encode(report)) + [UInt8(ascii: "\n")])
    }
}

/// A time as Go writes it, of one unit.
struct Interval: ExpressibleByArgument {
    let milliseconds: Int
    var nanoseconds: UInt64 { UInt64(milliseconds) * 1_000_000 }

    init(milliseconds: Int) { self.milliseconds = milliseconds }

    init?(argument: String) {
        for (unit, factor) in [("ms", 1.0), ("s", 1000), ("m", 60_000), ("h", 3_600_000)] where argument.hasSuffix(unit) {
            guard let number = Double(argument.dropLast(unit.count)), number > 0, number * factor < 1e12 else { return nil }
            milliseconds = max(1, Int(number * factor))
            return
        }
        return nil
    }
}
