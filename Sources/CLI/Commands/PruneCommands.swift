// `slipway container prune` and `system prune`: away with what nobody uses. Both ask before, unless told not to. chapter 12, 13

internal import ArgumentParser
internal import JSON

struct PruneContainersCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "container prune", abstract: "Remove all stopped containers", usage: "slipway container prune [OPTIONS]")
    static let flags = FlagTable(valued: "filter", switches: "force/f")

    @Option(help: "Remove only those that match (until=24h, label=…)") var filter: [String] = []
    @Flag(name: .shortAndLong, help: "Don't ask") var force = false
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.isEmpty else { throw .refusal("container prune", "accepts no arguments", "[OPTIONS]") }
        guard force || Prompt.agrees("This will remove all stopped containers.") else { return 0 }
        let pruned = try session.prune("containers", filter)
        Output.print(pruned.text + "Total reclaimed space: \(Words.size(pruned.bytes, digits: 4))\n")
        return 0
    }
}

struct PruneSystemCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "system prune", abstract: "Remove unused data", usage: "slipway system prune [OPTIONS]")
    static let flags = FlagTable(valued: "filter", switches: "all/a force/f volumes")

    @Flag(name: .shortAndLong, help: "Remove all unused images, not only those without a name") var all = false
    @Option(help: "Remove only what matches (until=24h, label=…)") var filter: [String] = []
    @Flag(name: .shortAndLong, help: "Don't ask") var force = false
    @Flag(help: "Remove anonymous volumes too") var volumes = false
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.isEmpty else { throw .refusal("system prune", "accepts no arguments", "[OPTIONS]") }
        if volumes, filter.contains(where: { $0.hasPrefix("until=") }) { throw Failure("ERROR: The \"until\" filter is not supported with \"--volumes\"") }
        guard force || Prompt.agrees(warning) else { return 0 }
        var bytes: Int64 = 0
        for kind in ["containers", "networks"] + (volumes ? ["volumes"] : []) + ["images"] {
            let pruned = try session.prune(kind, filter + (kind == "images" ? ["dangling=\(!all)"] : []))
            Output.print(pruned.text)
            bytes += pruned.bytes
        }
        bytes += try session.json("POST", ["build", "prune"], query: all ? [("all", "1")] : [])["SpaceReclaimed"]?.integer ?? 0
        Output.print("Total reclaimed space: \(Words.size(bytes, digits: 4))\n")
        return 0
    }

    private var warning: String {
        let kinds = [
            "all stopped containers", "all networks not used by at least one container",
            volumes ? "all anonymous volumes not used by at least one container" : "",
            all ? "all images without at least one container associated to them" : "all dangling images", all ? "all build cache" : "unused build cache"
        ].filter { !$0.isEmpty }
        let filters = filter.isEmpty ? "" : "\n  Items to be pruned will be filtered with:\n" + filter.sorted().map { "  - \($0)\n" }.joined()
        return "This will remove:\n" + kinds.map { "  - \($0)\n" }.joined() + filters
    }
}

extension Session {
    /// Removes what nobody uses of one kind.
    /// - Returns: the list of what went, and how many bytes that makes
    func prune(_ kind: String, _ filter: [String]) throws(Failure) -> (text: String, bytes: Int64) {
        let filters = try Session.filters(filter)
        let reply = try json("POST", [kind, "prune"], query: filters.map { [$0] } ?? [])
        let word = kind.prefix(1).uppercased() + kind.dropFirst(), bytes = reply["SpaceReclaimed"]?.integer ?? 0
        let lines = (reply["\(word)Deleted"]?.items ?? []).map { item in
            guard kind == "images" else { return item.string ?? "" }
            let deleted = item["Deleted"]?.string ?? ""
            return deleted.isEmpty ? "untagged: \(item["Untagged"]?.string ?? "")" : "deleted: \(deleted)"
        }
        return (lines.isEmpty ? "" : "Deleted \(word):\n" + lines.map { $0 + "\n" }.joined() + "\n", bytes)
    }
}
