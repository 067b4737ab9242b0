// `slipway stop`, `restart`, `kill` and `wait`: how containers end. chapter 12, 13

internal import ArgumentParser
internal import DockerClient
internal import JSON

/// The flags of `stop` and `restart`.
struct StopFlags: ParsableArguments {
    static let table = FlagTable(valued: "signal/s time timeout/t")

    @Option(name: .shortAndLong, help: "Signal to send") var signal: String?
    @Option(name: [.customShort("t"), .long, .customLong("time")], help: "Seconds to wait before killing") var timeout: String?

    func query() throws(Failure) -> [(name: String, value: String)] {
        if let timeout, Int(timeout) == nil {
            throw Failure("invalid argument \"\(timeout)\" for \"-t, --timeout\" flag: strconv.ParseInt: parsing \"\(timeout)\": invalid syntax", code: 125)
        }
        return (signal.map { [("signal", $0)] } ?? []) + (timeout.map { [("t", $0)] } ?? [])
    }
}

struct StopCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop one or more running containers", usage: "slipway stop [OPTIONS] CONTAINER [CONTAINER...]")
    static let flags = StopFlags.table

    @OptionGroup var options: StopFlags
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard !words.isEmpty else { throw .usage("stop", "at least 1 argument", "[OPTIONS] CONTAINER [CONTAINER...]") }
        let query = try options.query()
        return session.forEach(words) { name throws(Failure) in
            try session.call("POST", ["containers", name, "stop"], query: query)
            return name
        }
    }
}

struct RestartCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart", abstract: "Restart one or more containers", usage: "slipway restart [OPTIONS] CONTAINER [CONTAINER...]")
    static let flags = StopFlags.table

    @OptionGroup var options: StopFlags
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard !words.isEmpty else { throw .usage("restart", "at least 1 argument", "[OPTIONS] CONTAINER [CONTAINER...]") }
        let query = try options.query()
        return session.forEach(words) { name throws(Failure) in
            try session.call("POST", ["containers", name, "restart"], query: query)
            return name
        }
    }
}

struct KillCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill", abstract: "Kill one or more running containers", usage: "slipway kill [OPTIONS] CONTAINER [CONTAINER...]")
    static let flags = FlagTable(valued: "signal/s")

    @Option(name: .shortAndLong, help: "Signal to send; KILL unless given") var signal: String?
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard !words.isEmpty else { throw .usage("kill", "at least 1 argument", "[OPTIONS] CONTAINER [CONTAINER...]") }
        return session.forEach(words) { name throws(Failure) in
            try session.call("POST", ["containers", name, "kill"], query: signal.map { [("signal", $0)] } ?? [])
            return name
        }
    }
}

struct WaitCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Block until containers stop, then print their exit codes", usage: "slipway wait CONTAINER [CONTAINER...]")
    static let flags = FlagTable()

    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard !words.isEmpty else { throw .usage("wait", "at least 1 argument", "CONTAINER [CONTAINER...]") }
        return session.forEach(words) { name throws(Failure) in
            let end = try session.json("POST", ["containers", name, "wait"])
            if let message = end["Error"]?["Message"]?.string, !message.isEmpty { throw Failure(message) }
            return "\(end["StatusCode"]?.integer ?? 0)"
        }
    }
}
