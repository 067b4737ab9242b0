// `slipway volume create`, `rm`, `prune`: directories that outlive their containers. chapter 10, 13

internal import ArgumentParser
internal import DockerClient
internal import JSON

struct CreateVolumeCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "volume create", abstract: "Create a volume", usage: "slipway volume create [OPTIONS] [VOLUME]")
    static let flags = FlagTable(valued: "driver/d label opt/o")

    @Option(name: .shortAndLong, help: "Driver of the volume") var driver = "local"
    @Option(help: "Set a label") var label: [String] = []
    @Option(name: .shortAndLong, help: "Option of the driver") var opt: [String] = []
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.count <= 1 else { throw .usage("volume create", "at most 1 argument", "[OPTIONS] [VOLUME]") }
        let body: [JSONValue.Member] = [
            .text("Name", words.first ?? ""), .text("Driver", driver), .map("DriverOpts", KeyValues.labels(opt)), .map("Labels", KeyValues.labels(label))
        ]
        Output.line(try session.json("POST", ["volumes", "create"], body: .object(body))["Name"]?.string ?? "")
        return 0
    }
}

struct RemoveVolumesCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "volume rm", abstract: "Remove one or more volumes", usage: "slipway volume rm [OPTIONS] VOLUME [VOLUME...]")
    static let flags = FlagTable(switches: "force/f")

    @Flag(name: .shortAndLong, help: "No failure where there is none") var force = false
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard !words.isEmpty else { throw .usage("volume rm", "at least 1 argument", "[OPTIONS] VOLUME [VOLUME...]") }
        return try session.removeEach(words, from: "volumes", force: force)
    }
}

struct PruneVolumesCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "volume prune", abstract: "Remove unused volumes that have no name", usage: "slipway volume prune [OPTIONS]")
    static let flags = FlagTable(valued: "filter", switches: "all/a force/f")

    @Flag(name: .shortAndLong, help: "Those with a name too") var all = false
    @Option(help: "Remove only those that match (label=…)") var filter: [String] = []
    @Flag(name: .shortAndLong, help: "Don't ask") var force = false
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.isEmpty else { throw .refusal("volume prune", "accepts no arguments", "[OPTIONS]") }
        let filters = try Session.filters(filter + (all ? ["all=1"] : []))
        guard force || Prompt.agrees("This will remove \(all ? "all" : "anonymous") local volumes not used by at least one container.") else { return 0 }
        let report = try session.json("POST", ["volumes", "prune"], query: filters.map { [$0] } ?? [])
        let removed = (report["VolumesDeleted"]?.items ?? []).map { ($0.string ?? "") + "\n" }
        let space = "Total reclaimed space: \(Words.size(report["SpaceReclaimed"]?.integer ?? 0, digits: 4))\n"
        Output.print(removed.isEmpty ? space : "Deleted Volumes:\n\(removed.joined())\n\(space)")
        return 0
    }
}
