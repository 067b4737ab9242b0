// `slipway inspect`: everything that the engine knows of a container or an image, as it says it. chapter 13

internal import ArgumentParser
internal import DockerClient
internal import JSON

struct InspectCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show everything about containers, images and other objects", usage: "slipway inspect [OPTIONS] NAME|ID [NAME|ID...]")
    static let flags = FlagTable(valued: "format/f type", switches: "size/s")

    @Option(name: .shortAndLong, help: "A template: '{{.State.Status}}', '{{json .Config}}', or json") var format: String?
    @Flag(name: .shortAndLong, help: "Sizes of containers too") var size = false
    @Option(help: "container, image, network or volume; any unless given") var type: String?
    @Argument(help: .hidden) var words: [String] = []

    private static let kinds = ["container": "containers", "image": "images", "network": "networks", "volume": "volumes"]

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard !words.isEmpty else { throw .usage("inspect", "at least 1 argument", "[OPTIONS] NAME|ID [NAME|ID...]") }
        guard type.map({ Self.kinds[$0] != nil }) ?? true else {
            let known = Self.kinds.keys.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
            throw Failure("unknown type: \"\(type ?? "")\": must be one of \(known)")
        }
        var template: Template?
        do throws(TemplateError) {
            if let format, format != "json" { template = try Template(Rows.unescaped(format)) }
        } catch { throw Failure("\(error)", code: 64) }
        var found: [JSONValue] = [], errors: [String] = []
        for name in words {
            do throws(Failure) {
                let object = try object(named: name, session)
                if let template { Output.line(try text(template, object)) } else { found.append(object) }
            } catch { errors.append(error.message ?? "") }
        }
        // What was found comes first, and is JSON also where it is nothing.
        if template == nil { Output.line(JSONValue.array(found).text(indent: format == "json" ? nil : 4)) }
        guard errors.isEmpty else { throw Failure(errors.joined(separator: "\n")) }
        return 0
    }

    private func text(_ template: Template, _ object: JSONValue) throws(Failure) -> String {
        do throws(TemplateError) { return try template.text(for: object) } catch { throw Failure("\(error)") }
    }

    /// The first kind that has the name.
    private func object(named name: String, _ session: Session) throws(Failure) -> JSONValue {
        let engine = try session.engine()
        for kind in type.map({ [$0] }) ?? ["container", "image", "network", "volume"] {
            let folder = Self.kinds[kind] ?? "", path = kind == "container" || kind == "image" ? [folder, name, "json"] : [folder, name]
            do throws(ClientError) {
                return try engine.call(Request("GET", path, query: size && kind == "container" ? [("size", "1")] : [])).json()
            } catch {
                // Not this kind: it has no such object, or the engine has no such kind yet, or the name can't be one of it.
                guard type == nil, [404, 501].contains(error.status) || "\(error)".contains("invalid reference format") else { throw Failure(error) }
            }
        }
        throw Failure("Error: No such object: \(name)")
    }
}
