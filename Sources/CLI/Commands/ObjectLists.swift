// `slipway network ls` and `volume ls`: what there is beside containers and images. chapter 09, 10, 13

internal import ArgumentParser
internal import JSON

struct ListNetworksCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "network ls", abstract: "List networks", usage: "slipway network ls [OPTIONS]")
    static let flags = FlagTable(valued: "filter/f format", switches: "no-trunc quiet/q")

    @Option(name: .shortAndLong, help: "Show only those that match (driver=bridge)") var filter: [String] = []
    @Option(help: "A template for each, `table TEMPLATE`, or json") var format: String?
    @Flag(help: "Don't cut off IDs") var noTrunc = false
    @Flag(name: .shortAndLong, help: "Show only IDs") var quiet = false
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.isEmpty else { throw .refusal("network ls", "accepts no arguments", "[OPTIONS]") }
        let filters = try Session.filters(filter)
        let networks = try session.json("GET", ["networks"], query: filters.map { [$0] } ?? []).items.sorted(by: isBefore)
        let rows = Rows(
            columns: [("ID", "NETWORK ID"), ("Name", "NAME"), ("Driver", "DRIVER"), ("Scope", "SCOPE")],
            others: ["IPv6": "IPV6", "Internal": "INTERNAL", "Labels": "LABELS", "CreatedAt": "CREATED AT"], values: networks.map(row))
        Output.print(try rows.text(format: quiet && (format ?? "table") == "table" ? "{{.ID}}" : format))
        return 0
    }

    private func row(_ network: JSONValue) -> JSONValue {
        let id = network["Id"]?.string ?? ""
        return .object([
            .text("CreatedAt", network["Created"]?.string ?? ""), .text("Driver", network["Driver"]?.string ?? ""),
            .text("ID", noTrunc ? id : Table.shortID(id)), .text("IPv6", "\(network["EnableIPv6"]?.isTrue ?? false)"),
            .text("Internal", "\(network["Internal"]?.isTrue ?? false)"), .text("Labels", listed(network["Labels"])),
            .init(name: "Label", value: network["Labels"] ?? .object([])), .text("Name", network["Name"]?.string ?? ""),
            .text("Scope", network["Scope"]?.string ?? "")
        ])
    }
}

struct ListVolumesCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "volume ls", abstract: "List volumes", usage: "slipway volume ls [OPTIONS]")
    static let flags = FlagTable(valued: "filter/f format", switches: "quiet/q")

    @Option(name: .shortAndLong, help: "Show only those that match (dangling=true)") var filter: [String] = []
    @Option(help: "A template for each, `table TEMPLATE`, or json") var format: String?
    @Flag(name: .shortAndLong, help: "Show only names") var quiet = false
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.isEmpty else { throw .refusal("volume ls", "accepts no arguments", "[OPTIONS]") }
        let filters = try Session.filters(filter)
        let reply = try session.json("GET", ["volumes"], query: filters.map { [$0] } ?? [])
        for warning in reply["Warnings"]?.items ?? [] { Output.complain("WARNING: \(warning.string ?? "")\n") }
        let volumes = (reply["Volumes"]?.items ?? []).sorted(by: isBefore)
        let rows = Rows(
            columns: [("Driver", "DRIVER"), ("Name", "VOLUME NAME")],
            others: ["Labels": "LABELS", "Links": "LINKS", "Mountpoint": "MOUNTPOINT", "Scope": "SCOPE", "Size": "SIZE"], values: volumes.map(row))
        Output.print(try rows.text(format: quiet && (format ?? "table") == "table" ? "{{.Name}}" : format))
        return 0
    }

    private func row(_ volume: JSONValue) -> JSONValue {
        let usage = volume["UsageData"]
        return .object([
            .text("Driver", volume["Driver"]?.string ?? ""), .text("Labels", listed(volume["Labels"])),
            .init(name: "Label", value: volume["Labels"] ?? .object([])), .text("Links", usage?["RefCount"]?.integer.map { "\($0)" } ?? "N/A"),
            .text("Mountpoint", volume["Mountpoint"]?.string ?? ""), .text("Name", volume["Name"]?.string ?? ""),
            .text("Scope", volume["Scope"]?.string ?? ""), .text("Size", usage?["Size"]?.integer.map { Words.size($0) } ?? "N/A")
        ])
    }
}

/// By name, numbers in it by their value: `net2` before `net10`, as Docker sorts.
private func isBefore(_ one: JSONValue, _ other: JSONValue) -> Bool {
    naturalOrder(one["Name"]?.string ?? "", other["Name"]?.string ?? "")
}

/// Whether a name comes before another one where runs of digits count as numbers.
func naturalOrder(_ one: String, _ other: String) -> Bool {
    var left = Substring(one), right = Substring(other)
    while let first = left.first, let second = right.first {
        if first.isWholeNumber, second.isWholeNumber {
            let mine = left.prefix(while: \.isWholeNumber).drop { $0 == "0" }, theirs = right.prefix(while: \.isWholeNumber).drop { $0 == "0" }
            if mine != theirs { return mine.count == theirs.count ? mine < theirs : mine.count < theirs.count }
            (left, right) = (left.drop(while: \.isWholeNumber), right.drop(while: \.isWholeNumber))
        } else {
            guard first == second else { return first < second }
            (left, right) = (left.dropFirst(), right.dropFirst())
        }
    }
    return left.isEmpty && !right.isEmpty
}

/// Labels in one word: `a=1,b=2`.
private func listed(_ labels: JSONValue?) -> String {
    (labels?.members ?? []).sorted { $0.name < $1.name }.map { "\($0.name)=\($0.value.string ?? "")" }.joined(separator: ",")
}
