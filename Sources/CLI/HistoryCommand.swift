// `slipway history`: the steps that an image was made in. chapter 08, 13

internal import ArgumentParser
internal import DockerClient
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
        if quiet, format == nil {
            for step in steps { Output.line(id(step)) }
            return 0
        }
        let columns = [("ID", "IMAGE"), ("CreatedSince", "CREATED"), ("CreatedBy", "CREATED BY"), ("Size", "SIZE"), ("Comment", "COMMENT")]
        Output.print(try Rows(columns: columns, others: ["CreatedAt": "CREATED AT"], values: steps.map(row)).text(format: format))
        return 0
    }

    private func id(_ step: JSONValue) -> String {
        let id = step["Id"]?.string ?? ""
        return noTrunc ? id : Table.shortID(id)
    }

    private func row(_ step: JSONValue) -> JSONValue {
        let created = step["Created"]?.integer ?? 0, size = step["Size"]?.integer ?? 0,
            by = (step["CreatedBy"]?.string ?? "").split(separator: "\t").joined(separator: " ")
        return .object([
            .text("Comment", step["Comment"]?.string ?? ""), .text("CreatedAt", Words.date(created)),
            .text("CreatedBy", noTrunc ? by : Table.shortened(by, to: 45)),
            .text("CreatedSince", human ? Words.ago(created) : Words.date(created)), .text("ID", id(step)), .text("Size", human ? Words.size(size) : "\(size)")
        ])
    }
}
