// `slipway version`: the client's, and the engine's with its parts. chapter 13

internal import ArgumentParser
internal import DockerClient
internal import JSON

struct VersionCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Show the versions of client and engine", usage: "slipway version [OPTIONS]")
    static let flags = FlagTable(valued: "format/f")

    @Option(name: .shortAndLong, help: "A template: '{{.Server.Version}}', or json") var format: String?
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.isEmpty else { throw .usage("version", "0 arguments", "[OPTIONS]") }
        let client = JSONValue.object([.text("Version", slipwayVersion), .text("Os", "linux"), .text("Arch", Self.architecture), .text("Context", "default")])
        if let format {
            let all = JSONValue.object([.init(name: "Client", value: client), .init(name: "Server", value: try session.json("GET", ["version"]))])
            do throws(TemplateError) { Output.line(format == "json" ? all.text() : try Template(Rows.unescaped(format)).text(for: all)) } catch {
                throw Failure("\(error)", code: 64)
            }
            return 0
        }
        Output.print("Client: Slipway\n" + lines([("Version", slipwayVersion), ("OS/Arch", "linux/\(Self.architecture)")], indent: 1))
        Output.print(server(try session.json("GET", ["version"])))
        return 0
    }

    private func server(_ version: JSONValue) -> String {
        let name = version["Platform"]?["Name"]?.string ?? ""
        var text = "\nServer:\(name.isEmpty ? "" : " \(name)")\n"
        for component in version["Components"]?.items ?? [] {
            text += " \(component["Name"]?.string ?? ""):\n"
            let details = component["Details"]
            var pairs = [("Version", component["Version"]?.string ?? "")]
            if let api = details?["ApiVersion"]?.string {
                pairs.append(("API version", "\(api) (minimum version \(details?["MinAPIVersion"]?.string ?? "?"))"))
            }
            for (key, label) in [
                ("GoVersion", "Go version"), ("SwiftVersion", "Swift version"),
                ("GitCommit", component["Name"]?.string == "Engine" ? "Git commit" : "GitCommit"), ("BuildTime", "Built")
            ] {
                if let value = details?[key]?.string, !value.isEmpty { pairs.append((label, key == "BuildTime" ? Words.built(value) : value)) }
            }
            if let os = details?["Os"]?.string, let arch = details?["Arch"]?.string { pairs.append(("OS/Arch", "\(os)/\(arch)")) }
            if let experimental = details?["Experimental"]?.string { pairs.append(("Experimental", experimental)) }
            text += lines(pairs, indent: 2)
        }
        return text
    }

    /// `Name:` and value, the values below each other at Docker's column.
    private func lines(_ pairs: [(String, String)], indent: Int) -> String {
        pairs.map { name, value in
            let start = String(repeating: " ", count: indent) + name + ":"
            return start + String(repeating: " ", count: max(1, 20 - start.count)) + value + "\n"
        }.joined()
    }

    /// This machine's, by Docker's name.
    static var architecture: String {
        #if arch(x86_64)
            "amd64"
        #elseif arch(arm64)
            "arm64"
        #else
            "unknown"
        #endif
    }
}
