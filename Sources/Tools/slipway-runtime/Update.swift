// update: other limits for a container that runs. runc's flags and, with `-r`, its file: the specification's `resources`, of which what is missing or
// zero stays as it is.
import ArgumentParser
import FoundationEssentials
import Linux
import OCI
import Runtime

struct Update: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Change the limits of a container.")

    @ParentCommand var tool: Tool
    @Option(name: .shortAndLong, help: "File with the resources as JSON, `-` for standard input; other options are ignored then.") var resources: String?
    @Option(help: "Weight of block input and output; refused, we don't set it.") var blkioWeight: UInt16 = 0
    @Option(help: "Microseconds of a period.") var cpuPeriod: UInt64 = 0
    @Option(help: "Microseconds of processor time in a period; -1 for no limit.") var cpuQuota: Int64 = 0
    @Option(help: "Processor time relative to others'.") var cpuShare: UInt64 = 0
    @Option(help: "Processors: 0-2,4.") var cpusetCpus: String = ""
    @Option(help: "Memory nodes.") var cpusetMems: String = ""
    @Option(help: "Bytes of memory; b, k, m, g, t may follow; -1 for no limit.") var memory: Bytes?
    @Option(help: "Bytes to which memory is taken back when it is short.") var memoryReservation: Bytes?
    @Option(help: "Bytes of memory and swap together; -1 for no limit.") var memorySwap: Bytes?
    @Option(help: "Processes and threads; -1 for no limit.") var pidsLimit: Int64 = 0
    @Argument(help: "The container's name.") var id: String

    func run() throws {
        try tool.global.report {
            let store = tool.global.store
            warn(try store.update(store.read(id), try resources.map(read) ?? fromOptions()))
        }
    }

    private func read(_ file: String) throws -> OCI.Resources {
        let bytes = file == "-" ? try readAll(.standardInput) : try readFile(absolute(file))
        var wanted = try JSONDecoder().decode(OCI.Resources.self, from: Data(bytes))
        if wanted.pids?.limit == 0 { wanted.pids = nil }
        let weight = try JSONDecoder().decode(BlockWeight.self, from: Data(bytes)).blockIO?.weight ?? 0
        if weight != 0 { throw ValidationError("blockIO.weight: we don't set it") }
        return wanted
    }

    private struct BlockWeight: Decodable {
        struct BlockIO: Decodable { var weight: UInt16? }
        var blockIO: BlockIO?
    }

    private func fromOptions() throws -> OCI.Resources {
        guard blkioWeight == 0 else { throw ValidationError("--blkio-weight: we don't set it") }
        var wanted = OCI.Resources(), memory = OCI.MemoryLimits(), cpu = OCI.CPULimits()
        (memory.limit, memory.reservation, memory.swap) = (self.memory?.count, memoryReservation?.count, memorySwap?.count)
        (cpu.shares, cpu.quota, cpu.period, cpu.cpus, cpu.mems) = (cpuShare, cpuQuota, cpuPeriod, cpusetCpus, cpusetMems)
        (wanted.memory, wanted.cpu) = (memory, cpu)
        wanted.pids = pidsLimit == 0 ? nil : OCI.PidsLimit(limit: pidsLimit)
        return wanted
    }
}

/// `64M`, `512k`, `1073741824`, `-1`: as docker/go-units reads it, in powers of 1024.
struct Bytes: ExpressibleByArgument {
    let count: Int64

    init?(argument: String) {
        let text = argument.lowercased().hasSuffix("b") ? argument.lowercased().dropLast() : argument.lowercased()[...]
        let exponent = text.last.flatMap { Array("kmgtp").firstIndex(of: $0) }.map { $0 + 1 } ?? 0
        guard let number = Double(exponent == 0 ? text : text.dropLast()), number >= -1, number < 0x1p62 else { return nil }
        count = number < 0 ? -1 : Int64(number * Double(1 << (10 * exponent)))
    }
}
