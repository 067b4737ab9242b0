// `slipway start`, and with -a or -i in front of the user. chapter 13

internal import ArgumentParser
internal import DockerClient
internal import JSON

struct StartCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Start one or more stopped containers", usage: "slipway start [OPTIONS] CONTAINER [CONTAINER...]")
    static let flags = FlagTable(valued: "detach-keys", switches: "attach/a explain interactive/i")

    @Flag(name: .shortAndLong, help: "Attach output and error, and pass signals on") var attach = false
    @Option(help: "Keys that leave the container's terminal") var detachKeys: String?
    @Flag(help: "Show every kernel call that makes the container (Slipway's engine only)") var explain = false
    @Flag(name: .shortAndLong, help: "Attach input") var interactive = false
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard let first = words.first else { throw .usage("start", "at least 1 argument", "[OPTIONS] CONTAINER [CONTAINER...]") }
        guard attach || interactive || explain else {
            return session.forEach(words) { name throws(Failure) in
                try session.call("POST", ["containers", name, "start"])
                return name
            }
        }
        let keys = try UserKeys(detachKeys)
        guard words.count == 1 else { throw Failure("you cannot start and attach multiple containers at once") }
        if explain, try !session.isOurs() { throw Failure("--explain shows what Slipway's own engine does, and this engine is another one") }
        let container = try session.json("GET", ["containers", first, "json"]), hasTerminal = container["Config"]?["Tty"]?.bool == true
        let run = ContainerRun(
            session: session, id: container["Id"]?.string ?? first, name: "start", hasTerminal: hasTerminal,
            removes: container["HostConfig"]?["AutoRemove"]?.bool == true)
        let isAttached = attach || interactive, input = interactive && container["Config"]?["OpenStdin"]?.bool == true
        let code = try run.start(input: input, output: isAttached, error: isAttached, keys: keys, forwards: !hasTerminal, explains: explain)
        if !isAttached { Output.line(first) }
        return code
    }
}
