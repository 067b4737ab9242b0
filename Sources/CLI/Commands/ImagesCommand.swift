// `slipway images`. chapter 08, 13

internal import ArgumentParser
internal import JSON

struct ImagesCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "images", abstract: "List images", usage: "slipway images [OPTIONS] [REPOSITORY[:TAG]]")
    static let flags = FlagTable(valued: "filter/f format", switches: "all/a digests no-trunc quiet/q")

    @Flag(name: .shortAndLong, help: "Show intermediate images too") var all = false
    @Flag(help: "Show digests") var digests = false
    @Option(name: .shortAndLong, help: "Show only those that match (name=value)") var filter: [String] = []
    @Option(help: "A template for each, `table TEMPLATE`, raw, or json") var format: String?
    @Flag(help: "Don't cut off long values") var noTrunc = false
    @Flag(name: .shortAndLong, help: "Show only IDs") var quiet = false
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.count <= 1 else { throw .usage("images", "at most 1 argument", "[OPTIONS] [REPOSITORY[:TAG]]") }
        var query: [(name: String, value: String)] = all ? [("all", "1")] : []
        if let filters = try Session.filters(filter + words.map { "reference=\($0)" }) { query.append(filters) }
        Output.print(try text(try session.json("GET", ["images", "json"], query: query).items))
        return 0
    }

    /// The list, for the engine's images.
    func text(_ images: [JSONValue]) throws(Failure) -> String {
        var columns = [("Repository", "REPOSITORY"), ("Tag", "TAG"), ("ID", "IMAGE ID"), ("CreatedSince", "CREATED"), ("Size", "SIZE")]
        if digests { columns.insert(("Digest", "DIGEST"), at: 2) }
        let asksForDigests = digests || format?.contains("{{.Digest}}") == true
        let values = images.flatMap { ImageRows(image: $0, isWhole: noTrunc, rowsOfDigests: digests, showsDigests: asksForDigests).values }
        return try Rows(columns: columns, others: Self.headings, values: values).text(format: template)
    }

    private static let headings = [
        "CreatedAt": "CREATED AT", "Digest": "DIGEST", "Containers": "CONTAINERS", "SharedSize": "SHARED SIZE", "UniqueSize": "UNIQUE SIZE",
        "VirtualSize": "SIZE"
    ]

    private var template: String? {
        switch (format, quiet) {
        case (nil, true), ("table", true): "{{.ID}}"
        case ("raw", true): "image_id: {{.ID}}"
        case ("raw", false):
            "repository: {{.Repository}}\ntag: {{.Tag}}\n\(digests ? "digest: {{.Digest}}\n" : "")image_id: {{.ID}}\ncreated_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n"
        default: format
        }
    }
}
