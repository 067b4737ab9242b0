// `slipway ps`. chapter 13

internal import ArgumentParser
internal import DockerClient
internal import JSON

struct ListCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "ps", abstract: "List containers", usage: "slipway ps [OPTIONS]")
    static let flags = FlagTable(valued: "filter/f format last/n", switches: "all/a latest/l no-trunc quiet/q size/s")

    @Flag(name: .shortAndLong, help: "Show all containers, not only running ones") var all = false
    @Option(name: .shortAndLong, help: "Show only those that match (name=value)") var filter: [String] = []
    @Option(help: "A template for each, `table TEMPLATE`, or json") var format: String?
    @Option(name: [.customShort("n"), .long], help: "Show the N last created") var last = "-1"
    @Flag(name: .shortAndLong, help: "Show the last created") var latest = false
    @Flag(help: "Don't cut off long values") var noTrunc = false
    @Flag(name: .shortAndLong, help: "Show only IDs") var quiet = false
    @Flag(name: .shortAndLong, help: "Show sizes") var size = false
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.isEmpty else { throw .usage("ps", "0 arguments", "[OPTIONS]") }
        guard let count = Int(last) else {
            throw Failure("invalid argument \"\(last)\" for \"-n, --last\" flag: strconv.ParseInt: parsing \"\(last)\": invalid syntax", code: 125)
        }
        var query: [(name: String, value: String)] = []
        if all { query.append(("all", "1")) }
        if latest || count > 0 { query.append(("limit", latest ? "1" : "\(count)")) }
        if size || format?.contains(".Size") == true { query.append(("size", "1")) }
        if let filters = try Session.filters(filter) { query.append(filters) }
        let containers = try session.json("GET", ["containers", "json"], query: query).items
        if quiet, format == nil {
            for container in containers { Output.line(noTrunc ? container["Id"]?.string ?? "" : Table.shortID(container["Id"]?.string ?? "")) }
            return 0
        }
        let rows = Rows(columns: columns, others: Self.others, values: containers.map { ContainerRow(container: $0, isWhole: noTrunc).value })
        Output.print(try rows.text(format: format))
        return 0
    }

    private var columns: [(field: String, heading: String)] {
        let plain = [
            ("ID", "CONTAINER ID"), ("Image", "IMAGE"), ("Command", "COMMAND"), ("RunningFor", "CREATED"), ("Status", "STATUS"), ("Ports", "PORTS"),
            ("Names", "NAMES")
        ]
        return size ? plain + [("Size", "SIZE")] : plain
    }

    private static let others = [
        "CreatedAt": "CREATED AT", "Size": "SIZE", "State": "STATE", "Labels": "LABELS", "Mounts": "MOUNTS", "Networks": "NETWORKS",
        "LocalVolumes": "LOCAL VOLUMES"
    ]
}

/// A container of the list, in the words of the table.
struct ContainerRow {
    let container: JSONValue
    /// Whether long values are shown whole.
    let isWhole: Bool

    var value: JSONValue {
        let id = text("Id"), command = JSONValue.string(isWhole ? text("Command") : Table.shortened(text("Command"), to: 20)).text()
        let created = container["Created"]?.integer ?? 0
        return .object([
            .text("Command", command), .text("CreatedAt", Words.date(created)), .text("ID", isWhole ? id : Table.shortID(id)), .text("Image", image),
            .text("Labels", members("Labels").map { "\($0.name)=\($0.value.printed)" }.sorted().joined(separator: ",")),
            .init(name: "Label", value: container["Labels"] ?? .null),
            .text("LocalVolumes", "\(mounts.filter { $0["Driver"]?.string == "local" }.count)"),
            .text("Mounts", mounts.map { cut($0["Name"]?.string ?? $0["Source"]?.string ?? "", 15) }.joined(separator: ",")), .text("Names", names),
            .text("Networks", (container["NetworkSettings"]?["Networks"]?.members ?? []).map(\.name).joined(separator: ",")),
            .text("Ports", PortList.text(container["Ports"]?.items ?? [])),
            .text("RunningFor", Words.ago(created)), .text("Size", size), .text("State", text("State")), .text("Status", text("Status"))
        ])
    }

    private func text(_ name: String) -> String { container[name]?.string ?? "" }
    private func members(_ name: String) -> [JSONValue.Member] { container[name]?.members ?? [] }
    private func cut(_ text: String, _ length: Int) -> String { isWhole ? text : Table.shortened(text, to: length) }
    private var mounts: [JSONValue] { container["Mounts"]?.items ?? [] }

    /// An image that lost its name shows as the beginning of its ID.
    private var image: String {
        let image = text("Image")
        if image.isEmpty { return "<no image>" }
        return !isWhole && image.hasPrefix("sha256:") ? Table.shortID(image) : image
    }

    /// Own names only: a link adds `/other/alias`. Whole lists show those too.
    private var names: String {
        let all = (container["Names"]?.items ?? []).map { String($0.printed.drop { $0 == "/" }) }
        return (isWhole ? all : all.filter { !$0.contains("/") }).joined(separator: ",")
    }

    private var size: String {
        let own = Words.size(container["SizeRw"]?.integer ?? 0), whole = container["SizeRootFs"]?.integer ?? 0
        return whole > 0 ? "\(own) (virtual \(Words.size(whole)))" : own
    }
}
