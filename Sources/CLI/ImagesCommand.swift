// `slipway images`. chapter 08, 13

internal import ArgumentParser
internal import DockerClient
internal import JSON

struct ImagesCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "images", abstract: "List images", usage: "slipway images [OPTIONS] [REPOSITORY[:TAG]]")
    static let flags = FlagTable(valued: "filter/f format", switches: "all/a digests no-trunc quiet/q")

    @Flag(name: .shortAndLong, help: "Show intermediate images too") var all = false
    @Flag(help: "Show digests") var digests = false
    @Option(name: .shortAndLong, help: "Show only those that match (name=value)") var filter: [String] = []
    @Option(help: "A template for each, `table TEMPLATE`, or json") var format: String?
    @Flag(help: "Don't cut off long values") var noTrunc = false
    @Flag(name: .shortAndLong, help: "Show only IDs") var quiet = false
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.count <= 1 else { throw .usage("images", "at most 1 argument", "[OPTIONS] [REPOSITORY[:TAG]]") }
        var query: [(name: String, value: String)] = all ? [("all", "1")] : []
        if let filters = try Session.filters(filter + words.map { "reference=\($0)" }) { query.append(filters) }
        let images = try session.json("GET", ["images", "json"], query: query).items
        if quiet, format == nil {
            for image in images { Output.line(id(image)) }
            return 0
        }
        var columns = [("Repository", "REPOSITORY"), ("Tag", "TAG"), ("ID", "IMAGE ID"), ("CreatedSince", "CREATED"), ("Size", "SIZE")]
        if digests { columns.insert(("Digest", "DIGEST"), at: 2) }
        let rows = Rows(columns: columns, others: ["CreatedAt": "CREATED AT", "Digest": "DIGEST"], values: images.flatMap(rows))
        Output.print(try rows.text(format: format))
        return 0
    }

    private func id(_ image: JSONValue) -> String {
        let id = image["Id"]?.string ?? ""
        return noTrunc ? id : Table.shortID(id)
    }

    /// A row for each name of an image; one without a name where it has none.
    private func rows(_ image: JSONValue) -> [JSONValue] {
        let none = "<none>", created = image["Created"]?.integer ?? 0
        let digest = image["RepoDigests"]?.items.first?.string.flatMap { text in text.firstIndex(of: "@").map { String(text[text.index(after: $0)...]) } }
        let tags = (image["RepoTags"]?.items ?? []).compactMap(\.string).filter { $0 != "<none>:<none>" }
        return (tags.isEmpty ? ["\(none):\(none)"] : tags).map { name in
            let colon = name.lastIndex(of: ":") ?? name.endIndex
            return .object([
                .text("CreatedAt", Words.date(created)), .text("CreatedSince", Words.ago(created)), .text("Digest", digest ?? none), .text("ID", id(image)),
                .text("Repository", String(name[..<colon])), .text("Size", Words.size(image["Size"]?.integer ?? 0)),
                .text("Tag", colon == name.endIndex ? none : String(name[name.index(after: colon)...]))
            ])
        }
    }
}
