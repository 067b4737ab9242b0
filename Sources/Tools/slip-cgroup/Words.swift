// Amounts with units, as the arguments take them and as we print them.
import ArgumentParser
import Cgroups

/// `64m`, `1.5g`, `-1`.
struct Amount: ExpressibleByArgument {
    let bytes: Int64

    init?(argument: String) {
        let units: [Character: Double] = ["b": 1, "k": 1024, "m": 1_048_576, "g": 1_073_741_824]
        guard let last = argument.lowercased().last else { return nil }
        let unit = units[last]
        guard let value = Double(unit == nil ? argument : String(argument.dropLast())), value == -1 || (0..<1e18).contains(value * (unit ?? 1)) else {
            return nil
        }
        bytes = value == -1 ? -1 : Int64(value * (unit ?? 1))
    }
}

func describe(_ usage: Usage, kills: UInt64?) -> String {
    let memory = usage.memoryBytes.map { "memory \($0 / 1024) KiB" + (usage.memoryLimitBytes.map { " of \($0 / 1024)" } ?? "") }
    let time = usage.processorNanoseconds.map { "processor time \($0 / 1_000_000) ms" }
    return "used: "
        + [memory, time, usage.pids.map { "processes \($0)" }, kills.map { "killed for want of memory \($0)" }].compactMap(\.self).joined(separator: ", ")
}

extension String {
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
