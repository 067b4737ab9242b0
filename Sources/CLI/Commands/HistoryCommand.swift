// `slipway history`: the steps that an image was made in. chapter 08, 13

internal import ArgumentParser
internal import JSON

struct HistoryCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "history", abstract: "Show the history of an image", usage: "slipway history [OPTIONS] IMAGE")
    static let flags = FlagTable(valued: "format", switches: "+human/H no-trunc quiet/q")

    @Option(help: "A template for each, `table TEMPLATE`, or json") var format: String?
    @Flag(inversion: .prefixedNo, help: "Times and sizes in words") var human = true
    @Flag(help: "Don't cut off long values") var noTrunc = false
    @Flag(name: .shortAndLong, help: "Show only IDs") var quiet = false
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.count == 1 else { throw .usage("history", "1 argument", "[OPTIONS] IMAGE") }
        let steps = try session.json("GET", ["images", words[0], "history"]).items
        Output.print(try text(steps))
        return 0
    }

    /// The list, for the engine's steps.
    func text(_ steps: [JSONValue]) throws(Failure) -> String {
        let columns = [
            ("ID", "IMAGE"), human ? ("CreatedSince", "CREATED") : ("CreatedAt", "CREATED AT"), ("CreatedBy", "CREATED BY"), ("Size", "SIZE"),
            ("Comment", "COMMENT")
        ]
        let rows = Rows(columns: columns, others: ["CreatedAt": "CREATED AT", "CreatedSince": "CREATED"], values: steps.map(row))
        return try rows.text(format: format ?? (quiet ? "{{.ID}}" : nil))
    }

    private func row(_ step: JSONValue) -> JSONValue {
        let created = step["Created"]?.integer ?? 0, size = step["Size"]?.integer ?? 0, id = step["Id"]?.string ?? ""
        let by = String((step["CreatedBy"]?.string ?? "").map { $0 == "\t" ? " " : $0 })
        return .object([
            .text("Comment", step["Comment"]?.string ?? ""), .text("CreatedAt", Words.stamp(created)),
            .text("CreatedBy", noTrunc ? by : Table.shortened(by, to: 45)), .text("CreatedSince", human ? Words.ago(created) : Words.stamp(created)),
            .text("ID", noTrunc ? id : Table.shortID(id)), .text("Size", human ? Words.size(size) : "\(size)")
        ])
    }
}
