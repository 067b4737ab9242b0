// `slipway stats`: what containers use, again every second. A sample is what the engine counts at once (`one-shot`), and the share of the CPU lies
// between two of them; so a round of a hundred containers costs a hundred short questions, and nobody waits a second for each. chapter 04, 13

internal import ArgumentParser
internal import DockerClient
internal import JSON
internal import Linux

struct StatsCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Show what containers use, live", usage: "slipway stats [OPTIONS] [CONTAINER...]")
    static let flags = FlagTable(valued: "format", switches: "all/a no-stream no-trunc")

    @Flag(name: .shortAndLong, help: "Also those that don't run") var all = false
    @Option(help: "A template for each, `table TEMPLATE`, or json") var format: String?
    @Flag(help: "Only once") var noStream = false
    @Flag(help: "Don't cut off IDs") var noTrunc = false
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        var before = try samples(session)
        pause(milliseconds: noStream ? 300 : 1000)
        while true {
            let now = try samples(session)
            let rows = now.map { sample in row(sample, since: before.first { $0.id == sample.id }) }
            Output.print((noStream ? "" : "\u{1b}[H") + lines(try table(rows)) + (noStream ? "" : "\u{1b}[J"))
            if noStream { return 0 }
            before = now
            pause(milliseconds: 1000)
        }
    }

    /// Each line clears what stood behind it before.
    private func lines(_ text: String) -> String {
        noStream ? text : text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\u{1b}[K\n")
    }

    private func table(_ rows: [JSONValue]) throws(Failure) -> String {
        try Rows(
            columns: [
                ("ID", "CONTAINER ID"), ("Name", "NAME"), ("CPUPerc", "CPU %"), ("MemUsage", "MEM USAGE / LIMIT"), ("MemPerc", "MEM %"), ("NetIO", "NET I/O"),
                ("BlockIO", "BLOCK I/O"), ("PIDs", "PIDS")
            ], others: ["Container": "CONTAINER"], values: rows
        ).text(format: format)
    }

    // MARK: Samples

    private struct Sample {
        let asked: String, id: String, values: JSONValue
    }

    /// One sample of each container; one that has just gone is left out, unless it was asked for by name.
    private func samples(_ session: Session) throws(Failure) -> [Sample] {
        let engine = try session.engine()
        let names =
            words.isEmpty ? try session.json("GET", ["containers", "json"], query: all ? [("all", "1")] : []).items.map { $0["Id"]?.string ?? "" } : words
        var found: [Sample] = []
        for name in names {
            do throws(ClientError) {
                let reply = try engine.call(Request("GET", ["containers", name, "stats"], query: [("stream", "0"), ("one-shot", "1")])).json()
                found.append(Sample(asked: name, id: reply["id"]?.string ?? name, values: reply))
            } catch {
                guard words.isEmpty, error.status == 404 else { throw Failure(error) }
            }
        }
        return found
    }

    private func row(_ sample: Sample, since before: Sample?) -> JSONValue {
        let values = sample.values, memory = values["memory_stats"], limit = memory?["limit"]?.integer ?? 0, used = usedMemory(memory)
        let network = (values["networks"]?.members ?? []).map(\.value)
        let blocks = values["blkio_stats"]?["io_service_bytes_recursive"]?.items ?? []
        return .object([
            .text("BlockIO", "\(Words.size(bytes(blocks, "r"))) / \(Words.size(bytes(blocks, "w")))"),
            .text("CPUPerc", percent(processorShare(values, since: before?.values))), .text("Container", sample.asked),
            .text("ID", noTrunc ? sample.id : Table.shortID(sample.id)), .text("MemPerc", percent(limit > 0 ? Double(used) / Double(limit) * 100 : 0)),
            .text("MemUsage", "\(Words.binarySize(used)) / \(Words.binarySize(limit))"),
            .text("Name", String((values["name"]?.string ?? "").drop { $0 == "/" })),
            .text("NetIO", "\(Words.size(sum(network, "rx_bytes"))) / \(Words.size(sum(network, "tx_bytes")))"),
            .text("PIDs", "\(values["pids_stats"]?["current"]?.integer ?? 0)")
        ])
    }

    /// Without the file cache that the kernel would give back at once: v1 and v2 name it differently.
    private func usedMemory(_ memory: JSONValue?) -> Int64 {
        let usage = memory?["usage"]?.integer ?? 0, stats = memory?["stats"]
        let cache = stats?["total_inactive_file"]?.integer ?? stats?["inactive_file"]?.integer ?? 0
        return cache < usage ? usage - cache : usage
    }

    /// Percent of one processor between two samples.
    private func processorShare(_ values: JSONValue, since before: JSONValue?) -> Double {
        guard let before else { return 0 }
        func grown(_ path: [String]) -> Double {
            let (new, old) = (path.reduce(values) { $0[$1] ?? .null }, path.reduce(before) { $0[$1] ?? .null })
            return Double((new.integer ?? 0) - (old.integer ?? 0))
        }
        let used = grown(["cpu_stats", "cpu_usage", "total_usage"]), passed = grown(["cpu_stats", "system_cpu_usage"])
        guard used > 0, passed > 0 else { return 0 }
        return used / passed * Double(max(values["cpu_stats"]?["online_cpus"]?.integer ?? 0, 1)) * 100
    }

    private func sum(_ objects: [JSONValue], _ key: String) -> Int64 { objects.reduce(0) { $0 + ($1[key]?.integer ?? 0) } }

    private func bytes(_ entries: [JSONValue], _ letter: Character) -> Int64 {
        sum(entries.filter { $0["op"]?.string?.lowercased().first == letter }, "value")
    }

    private func percent(_ value: Double) -> String {
        let hundredths = Int64((value * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)%"
    }
}
