// `slipway pause`, `unpause`, `top`, `port`: what runs in a container, and by which port it is reached. chapter 06, 09, 13

internal import ArgumentParser
internal import DockerClient
internal import JSON

struct PauseCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Pause all processes of one or more containers", usage: "slipway pause CONTAINER [CONTAINER...]")
    static let flags = FlagTable()

    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard !words.isEmpty else { throw .usage("pause", "at least 1 argument", "CONTAINER [CONTAINER...]") }
        return session.forEach(words) { name throws(Failure) in
            try session.call("POST", ["containers", name, "pause"])
            return name
        }
    }
}

struct UnpauseCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpause", abstract: "Let all processes of one or more containers go on", usage: "slipway unpause CONTAINER [CONTAINER...]")
    static let flags = FlagTable()

    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard !words.isEmpty else { throw .usage("unpause", "at least 1 argument", "CONTAINER [CONTAINER...]") }
        return session.forEach(words) { name throws(Failure) in
            try session.call("POST", ["containers", name, "unpause"])
            return name
        }
    }
}

struct TopCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Show the processes of a container", usage: "slipway top CONTAINER [ps OPTIONS]")
    static let flags = FlagTable(stopsAtOperand: true)

    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard let name = words.first else { throw .usage("top", "at least 1 argument", "CONTAINER [ps OPTIONS]") }
        let options = words.dropFirst().joined(separator: " ")
        let reply = try session.json("GET", ["containers", name, "top"], query: options.isEmpty ? [] : [("ps_args", options)])
        let rows = [reply["Titles"] ?? .null] + (reply["Processes"]?.items ?? [])
        Output.print(Table.text(rows.map { $0.items.map { $0.string ?? "" } }, minimum: 20))
        return 0
    }
}

struct PortCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "port", abstract: "Show where the ports of a container are published", usage: "slipway port CONTAINER [PRIVATE_PORT[/PROTO]]")
    static let flags = FlagTable()

    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard (1...2).contains(words.count) else { throw .usage("port", "1 to 2 arguments", "CONTAINER [PRIVATE_PORT[/PROTO]]") }
        let ports = try session.json("GET", ["containers", words[0], "json"])["NetworkSettings"]?["Ports"]?.members ?? []
        guard words.count == 2 else {
            Output.print(ports.flatMap { port in places(port.value).map { "\(port.name) -> \($0)\n" } }.sorted(by: naturalOrder).joined())
            return 0
        }
        let wanted = words[1].contains("/") ? words[1] : words[1] + "/tcp"
        let found = ports.first { $0.name == wanted }.map { places($0.value) } ?? []
        guard !found.isEmpty else { throw Failure("Error: No public port '\(words[1])' published for \(words[0])") }
        Output.print(found.map { $0 + "\n" }.joined())
        return 0
    }

    /// `0.0.0.0:8080` for each place on the host.
    private func places(_ bindings: JSONValue) -> [String] {
        bindings.items.map { binding in
            let address = binding["HostIp"]?.string ?? ""
            return "\(address.contains(":") ? "[\(address)]" : address):\(binding["HostPort"]?.string ?? "")"
        }
    }
}
