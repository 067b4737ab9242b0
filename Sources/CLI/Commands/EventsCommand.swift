// `slipway events`: what the engine does, a line for each thing as it happens. The line is Docker's: time, kind, action, ID, and the rest in
// parentheses in the order of its names. chapter 12, 13

internal import ArgumentParser
internal import DockerClient
internal import JSON

struct EventsCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Show what happens in the engine, as it happens", usage: "slipway events [OPTIONS]")
    static let flags = FlagTable(valued: "filter/f format since until")

    @Option(name: .shortAndLong, help: "Show only those that match (name=value)") var filter: [String] = []
    @Option(help: "A template for each, or json") var format: String?
    @Option(help: "What came after this time too, or in the last 10m") var since: String?
    @Option(help: "End at this time") var until: String?
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.isEmpty else { throw .usage("events", "0 arguments", "[OPTIONS]") }
        let template = try template()
        var query: [(name: String, value: String)] = []
        do throws(ValueError) {
            if let since { query.append(("since", try Words.moment(since))) }
            if let until { query.append(("until", try Words.moment(until))) }
        } catch { throw Failure("\(error)") }
        if let filters = try Session.filters(filter) { query.append(filters) }
        let engine = try session.engine(), stream: Connection
        do throws(ClientError) { stream = try engine.open(Request("GET", ["events"], query: query)) } catch { throw Failure(error) }
        var rest: [UInt8] = []
        while let part = try next(stream) {
            rest += part
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                if let event = JSONValue(Array(rest[..<end])) { Output.line(try text(event, template)) }
                rest.removeFirst(end + 1)
            }
        }
        return 0
    }

    private func next(_ stream: Connection) throws(Failure) -> [UInt8]? {
        do throws(ClientError) { return try stream.nextPart() } catch { throw Failure(error) }
    }

    /// Nil for the plain line.
    private func template() throws(Failure) -> Template? {
        guard let format, !format.isEmpty else { return nil }
        do throws(TemplateError) { return try Template(format == "json" ? "{{json .}}" : Rows.unescaped(format)) } catch { throw Failure("\(error)", code: 64) }
    }

    private func text(_ event: JSONValue, _ template: Template?) throws(Failure) -> String {
        guard let template else { return Self.line(event) }
        let isWhole = format == "json" || format?.contains("json .}}") == true
        do throws(TemplateError) { return try template.text(for: isWhole ? Self.ordered(event) : Self.named(event)) } catch { throw Failure("\(error)") }
    }

    /// As the genuine command prints the whole.
    private static func ordered(_ event: JSONValue) -> JSONValue {
        let order = ["status", "id", "from", "Type", "Action", "Actor", "scope", "time", "timeNano"]
        var members = order.compactMap { name in event.members.first { $0.name == name } }
        if let place = members.firstIndex(where: { $0.name == "Actor" }) {
            members[place] = .init(name: "Actor", value: .object(members[place].value.members.sorted { $0.name == "ID" && $1.name != "ID" }))
        }
        return .object(members + event.members.filter { !order.contains($0.name) })
    }

    /// `2026-11-21T12:00:00.000000001Z container start ID (image=bb, name=web)`
    static func line(_ event: JSONValue) -> String {
        let actor = event["Actor"], nanoseconds = event["timeNano"]?.integer ?? (event["time"]?.integer ?? 0) * 1_000_000_000
        let words = [Words.precise(nanoseconds), event["Type"]?.string ?? "", event["Action"]?.string ?? "", actor?["ID"]?.string ?? ""]
        let attributes = (actor?["Attributes"]?.members ?? []).sorted { $0.name < $1.name }.map { "\($0.name)=\($0.value.printed)" }
        return words.joined(separator: " ") + (attributes.isEmpty ? "" : " (\(attributes.joined(separator: ", ")))")
    }

    /// What a template may name: the members as Go names them, beside those of the JSON.
    private static func named(_ event: JSONValue) -> JSONValue {
        let names = ["status": "Status", "id": "ID", "from": "From", "scope": "Scope", "time": "Time", "timeNano": "TimeNano"]
        return .object(event.members + names.sorted { $0.key < $1.key }.map { .init(name: $0.value, value: event[$0.key] ?? .string("")) })
    }
}

extension Words {
    /// A moment in Unix nanoseconds, in RFC 3339 with nine digits.
    static func precise(_ nanoseconds: Int64) -> String {
        let seconds = nanoseconds >= 0 ? nanoseconds / 1_000_000_000 : (nanoseconds - 999_999_999) / 1_000_000_000
        let parts = date(seconds).split(separator: " "), digits = "\(nanoseconds - seconds * 1_000_000_000)"
        return "\(parts[0])T\(parts[1]).\(String(repeating: "0", count: 9 - digits.count))\(digits)Z"
    }
}
