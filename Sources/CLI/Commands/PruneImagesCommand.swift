// `slipway image prune`: away with images that have no name, or, with -a, that no container uses. Asks before, unless told not to. chapter 08, 13

internal import ArgumentParser
internal import JSON

struct PruneImagesCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "image prune", abstract: "Remove unused images", usage: "slipway image prune [OPTIONS]")
    static let flags = FlagTable(valued: "filter", switches: "all/a force/f")

    @Flag(name: .shortAndLong, help: "Remove all unused images, not only those without a name") var all = false
    @Option(help: "Remove only those that match (until=24h)") var filter: [String] = []
    @Flag(name: .shortAndLong, help: "Don't ask") var force = false
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.isEmpty else { throw .refusal("image prune", "accepts no arguments", "[OPTIONS]") }
        let filters = try Session.filters(["dangling=\(!all)"] + filter)
        let what = all ? "all images without at least one container associated to them" : "all dangling images"
        if !force {
            Output.print("WARNING! This will remove \(what).\nAre you sure you want to continue? [y/N] ")
            guard ["y", "yes"].contains(Prompt.line()?.lowercased()) else { return 0 }
        }
        Output.print(Self.text(try session.json("POST", ["images", "prune"], query: filters.map { [$0] } ?? [])))
        return 0
    }

    /// What went, and how much room it leaves.
    static func text(_ report: JSONValue) -> String {
        let removed = (report["ImagesDeleted"]?.items ?? []).map { item in
            let deleted = item["Deleted"]?.string ?? ""
            return (deleted.isEmpty ? "untagged: \(item["Untagged"]?.string ?? "")" : "deleted: \(deleted)") + "\n"
        }
        let space = "Total reclaimed space: \(Words.size(report["SpaceReclaimed"]?.integer ?? 0, digits: 4))\n"
        return removed.isEmpty ? space : "Deleted Images:\n\(removed.joined())\n\(space)"
    }
}
