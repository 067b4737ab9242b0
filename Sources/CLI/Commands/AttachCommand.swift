// `slipway attach`. chapter 13

internal import ArgumentParser
internal import DockerClient
internal import JSON
internal import Linux

struct AttachCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach", abstract: "Attach standard input, output and error to a running container", usage: "slipway attach [OPTIONS] CONTAINER")
    static let flags = FlagTable(valued: "detach-keys", switches: "no-stdin +sig-proxy")

    @Option(help: "Keys that leave the container's terminal") var detachKeys: String?
    @Flag(help: "Don't attach standard input") var noStdin = false
    @Flag(inversion: .prefixedNo, help: "Pass signals on to the process") var sigProxy = true
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.count == 1 else { throw .usage("attach", "1 argument", "[OPTIONS] CONTAINER") }
        let container = try session.json("GET", ["containers", words[0], "json"]), state = container["State"], config = container["Config"]
        guard state?["Running"]?.bool == true else { throw Failure("cannot attach to a stopped container, start it first") }
        guard state?["Paused"]?.bool != true else { throw Failure("cannot attach to a paused container, unpause it first") }
        guard state?["Restarting"]?.bool != true else { throw Failure("cannot attach to a restarting container, wait until it is running") }
        let hasTerminal = config?["Tty"]?.bool == true, input = !noStdin && config?["OpenStdin"]?.bool == true
        if hasTerminal, input, !isTerminal(.standardInput) { throw Failure("the input device is not a TTY") }
        let run = ContainerRun(session: session, id: container["Id"]?.string ?? words[0], name: "attach", hasTerminal: hasTerminal, removes: false)
        return try run.attach(input: input, keys: try UserKeys(detachKeys), forwards: sigProxy && !hasTerminal)
    }
}
