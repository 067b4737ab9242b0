// The way from the words of the command line to a command: flags of `slipway` itself, the command's name (also in its long form, `container
// ls`), its flags in plain form, ArgumentParser, the command. Every end passes here, and becomes a message and an exit code. chapter 13

internal import ArgumentParser
internal import DockerClient
internal import Linux

/// A subcommand.
protocol EngineCommand: ParsableCommand {
    /// Its flags, as users write them.
    static var flags: FlagTable { get }

    /// Does its work.
    ///
    /// - Returns: the exit code.
    func run(_ session: Session) throws(Failure) -> Int32
}

struct Root: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slipway", abstract: "Runs containers: Docker rebuilt in Swift.",
        discussion: "COMMAND --help says more about a command. -H or DOCKER_HOST name an engine; without them Slipway's own is started when needed.",
        subcommands: commands, helpNames: .long)

    static let commands: [any EngineCommand.Type] = [
        RunCommand.self, CreateCommand.self, StartCommand.self, AttachCommand.self, ExecCommand.self, ListCommand.self, LogsCommand.self, StopCommand.self,
        RestartCommand.self, KillCommand.self, WaitCommand.self, RenameCommand.self, RemoveCommand.self, InspectCommand.self, ImagesCommand.self,
        PullCommand.self, ImportCommand.self, TagCommand.self, HistoryCommand.self, RemoveImagesCommand.self, PruneImagesCommand.self, LoginCommand.self,
        LogoutCommand.self, VersionCommand.self, InfoCommand.self, EventsCommand.self, PauseCommand.self, UnpauseCommand.self, TopCommand.self,
        PortCommand.self, UpdateCommand.self, StatsCommand.self, ListNetworksCommand.self, CreateNetworkCommand.self, ConnectNetworkCommand.self,
        DisconnectNetworkCommand.self, RemoveNetworksCommand.self, PruneNetworksCommand.self, ListVolumesCommand.self, CreateVolumeCommand.self,
        RemoveVolumesCommand.self, PruneVolumesCommand.self,
        CopyCommand.self, CommitCommand.self, DiffCommand.self, ExportCommand.self, DiskUsageCommand.self, PruneContainersCommand.self,
        PruneSystemCommand.self
    ]

    static let flags = FlagTable(valued: "host/H log-level/l", switches: "version/v debug/D", stopsAtOperand: true)

    @Option(name: [.customShort("H"), .long], help: "Engine to talk to: unix:///path or tcp://host:port") var host: String?
    @Flag(name: .shortAndLong, help: "Print the version and end") var version = false
}

/// The command line `slipway`.
public enum CommandLineTool {
    /// Runs one command.
    ///
    /// - Parameter words: the arguments, without the program's name.
    /// - Returns: the exit code; everything has been printed.
    public static func run(_ words: [String]) -> Int32 {
        ignore(.brokenPipe)  // an engine that closes is an error to tell, not our death
        do throws(Failure) { return try start(words) } catch {
            if let message = error.message { Output.complain(message + "\n") }
            return error.code
        }
    }

    private static func start(_ words: [String]) throws(Failure) -> Int32 {
        let (global, rest) = try Root.flags.plain(words)
        if global.contains("--version") {
            Output.line("Slipway version \(slipwayVersion)")
            return 0
        }
        guard let first = rest.first, !global.contains("--help"), first != "help" || rest.count > 1 else {
            Output.print(Root.helpMessage() + "\n")
            return 0
        }
        let host = global.last { $0.hasPrefix("--host=") }.map { String($0.dropFirst(7)) }
        let session = try Session(host: host, environment: OwnEnvironment.values)
        if first == "help" { return try run(named: rest[1], ["--help"], session) }
        guard Groups.names[first] != nil else { return try run(named: first, Array(rest.dropFirst()), session) }
        guard let second = rest.dropFirst().first, second != "--help" else {
            Output.print(Groups.help(first))
            return 0
        }
        guard let (name, fixed) = Groups.command(first, second) else { throw Groups.unknown(first, second) }
        return try run(named: name, fixed + rest.dropFirst(2), session)
    }

    private static func run(named name: String, _ words: [String], _ session: Session) throws(Failure) -> Int32 {
        guard let command = Root.commands.first(where: { $0._commandName == name }) else {
            throw Failure("slipway: unknown command: slipway \(name)\n\nRun 'slipway --help' for more information")
        }
        return try run(command, name, words, session)
    }

    private static func run<Command: EngineCommand>(_ type: Command.Type, _ name: String, _ words: [String], _ session: Session) throws(Failure) -> Int32 {
        let plain: (flags: [String], operands: [String])
        do throws(Failure) { plain = try type.flags.plain(words) } catch {
            let usage = type.configuration.usage ?? "slipway \(name)"
            throw Failure("\(error.message ?? "")\n\nUsage:  \(usage)\n\nRun 'slipway \(name) --help' for more information", code: error.code)
        }
        if plain.flags.contains("--help") {
            Output.print(Root.helpMessage(for: type) + "\n")
            return 0
        }
        let command: Command
        do { command = try type.parse(plain.flags + ["--"] + plain.operands) } catch {
            throw Failure("\(type.message(for: error))\n\nRun 'slipway \(name) --help' for more information", code: 125)
        }
        do throws(Failure) { return try command.run(session) } catch { throw error.ofFlag(usage: type.configuration.usage ?? "slipway \(name)", name) ?? error }
    }
}
