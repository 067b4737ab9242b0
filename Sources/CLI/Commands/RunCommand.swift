// `slipway run`: make a container, attach to it, wait for it, start it, in this order. Attached before it starts, so that its first byte is
// ours; waited for before it starts, so that an end can't be missed. chapter 13

internal import ArgumentParser
internal import DockerClient
internal import Linux

struct RunCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Create and run a new container from an image", usage: "slipway run [OPTIONS] IMAGE [COMMAND] [ARG...]")
    static let flags = FlagTable(
        valued: ContainerFlags.valued + " attach/a detach-keys", switches: ContainerFlags.switches + " detach/d explain +sig-proxy", stopsAtOperand: true)

    @OptionGroup var container: ContainerFlags
    @Option(name: .shortAndLong, help: "Attach to stdin, stdout or stderr") var attach: [String] = []
    @Flag(name: .shortAndLong, help: "Run in the background and print the container's ID") var detach = false
    @Option(help: "Keys that leave the container's terminal") var detachKeys: String?
    @Flag(help: "Show every kernel call that makes the container, with its reason (Slipway's engine only)") var explain = false
    @Flag(inversion: .prefixedNo, help: "Pass signals on to the process") var sigProxy = true
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard let image = words.first else { throw .usage("run", "at least 1 argument", "[OPTIONS] IMAGE [COMMAND] [ARG...]") }
        let streams = try attachedStreams()
        if container.tty, streams.input, !isTerminal(.standardInput) { throw Failure("the input device is not a TTY") }
        let keys = try UserKeys(detachKeys)
        do throws(Failure) {
            if explain { try refuseForeignEngine(session) }
            let creation = Creation(session: session, flags: container, image: image, command: Array(words.dropFirst()), attached: streams, commandName: "run")
            let id = try creation.create()
            return try start(id, session, streams, keys)
        } catch {
            // Whatever goes wrong before the container's process runs is 125, unless it was the command itself.
            throw error.code == 1 ? .ofCommand("run", error.message ?? "") : error
        }
    }

    private func attachedStreams() throws(Failure) -> (input: Bool, output: Bool, error: Bool) {
        guard !detach else {
            guard attach.isEmpty else { throw .ofCommand("run", "conflicting options: cannot specify both --attach and --detach") }
            return (false, false, false)
        }
        let names = attach.map { $0.lowercased() }
        guard names.allSatisfy(["stdin", "stdout", "stderr"].contains) else {
            throw Failure(
                "invalid argument \"\(attach.joined(separator: ","))\" for \"-a, --attach\" flag: valid streams are STDIN, STDOUT and STDERR", code: 125)
        }
        guard names.isEmpty else { return (names.contains("stdin"), names.contains("stdout"), names.contains("stderr")) }
        return (container.interactive, true, true)
    }

    private func refuseForeignEngine(_ session: Session) throws(Failure) {
        guard try !session.isOurs() else { return }
        throw Failure("--explain shows what Slipway's own engine does, and the engine at \(session.address.text) is another one; nothing was created")
    }

    private func start(_ id: String, _ session: Session, _ streams: (input: Bool, output: Bool, error: Bool), _ keys: UserKeys) throws(Failure) -> Int32 {
        let run = ContainerRun(session: session, id: id, name: "run", hasTerminal: container.tty, removes: container.rm)
        // In front of a terminal that we have made raw, ^C is a byte, and a signal is meant for us: we give the terminal back and go.
        let isRaw = container.tty && streams.input
        let code = try run.start(
            input: streams.input, output: streams.output, error: streams.error, keys: keys, forwards: sigProxy && !isRaw, explains: explain)
        if detach { Output.line(id) }
        return code
    }
}
