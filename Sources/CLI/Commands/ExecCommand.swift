// `slipway exec`: one more process in a running container. chapter 11, 13

internal import ArgumentParser
internal import DockerClient
internal import JSON
internal import Linux
internal import Terminals

struct ExecCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec", abstract: "Execute a command in a running container", usage: "slipway exec [OPTIONS] CONTAINER COMMAND [ARG...]")
    static let flags = FlagTable(
        valued: "detach-keys env/e env-file user/u workdir/w", switches: "detach/d interactive/i privileged tty/t", stopsAtOperand: true)

    @Flag(name: .shortAndLong, help: "Run in the background") var detach = false
    @Option(help: "Keys that leave the process's terminal") var detachKeys: String?
    @Option(name: .shortAndLong, help: "Set an environment variable") var env: [String] = []
    @Option(help: "Read environment variables from a file") var envFile: [String] = []
    @Flag(name: .shortAndLong, help: "Keep standard input open") var interactive = false
    @Flag(help: "Give all privileges to the process") var privileged = false
    @Flag(name: .shortAndLong, help: "Give the process a terminal") var tty = false
    @Option(name: .shortAndLong, help: "User (name or number, and perhaps :group)") var user = ""
    @Option(name: .shortAndLong, help: "Working directory in the container") var workdir = ""
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.count >= 2 else { throw .usage("exec", "at least 2 arguments", "[OPTIONS] CONTAINER COMMAND [ARG...]") }
        if tty, interactive, !detach, !isTerminal(.standardInput) { throw Failure("the input device is not a TTY") }
        let keys = try UserKeys(detachKeys)
        let body = try body(keys), created = try session.json("POST", ["containers", words[0], "exec"], body: body)
        guard let id = created["Id"]?.string else { throw Failure("the engine gave no ID") }
        let start = JSONValue.object([.bool("Detach", detach), .bool("Tty", tty)] + consoleSize)
        if detach {
            try session.call("POST", ["exec", id, "start"], body: start)
            return 0
        }
        try follow(id, start, keys, session)
        let state = try session.json("GET", ["exec", id, "json"])
        return Int32(truncatingIfNeeded: state["ExitCode"]?.integer ?? 0)
    }

    /// The terminal's size, so that the process finds it right from the first moment.
    private var consoleSize: [JSONValue.Member] {
        guard tty, let size = try? windowSize(.standardOutput), size.rows > 0 else { return [] }  // no terminal, no size
        return [.init(name: "ConsoleSize", value: .array([.number("\(size.rows)"), .number("\(size.columns)")]))]
    }

    private func body(_ keys: UserKeys) throws(Failure) -> JSONValue {
        do throws(ValueError) {
            let variables = try OwnEnvironment.variables(files: envFile, words: env)
            let members: [JSONValue.Member] = [
                .text("User", user), .bool("Privileged", privileged), .bool("Tty", tty), .bool("AttachStdin", interactive && !detach),
                .bool("AttachStderr", !detach),
                .bool("AttachStdout", !detach), .bool("Detach", detach), .text("DetachKeys", keys.asked ?? ""), .list("Env", variables),
                .text("WorkingDir", workdir),
                .list("Cmd", Array(words.dropFirst()))
            ]
            return .object(members + consoleSize)
        } catch { throw .ofCommand("exec", "\(error)") }
    }

    /// Stays with the process until its output ends, or the user detaches.
    private func follow(_ id: String, _ start: JSONValue, _ keys: UserKeys, _ session: Session) throws(Failure) {
        let engine = try session.engine(), end: AttachmentEnd
        do {
            var attachment = Attachment(keys: keys.keys)
            attachment.hasTerminal = tty
            attachment.passesInput = interactive
            attachment.stream = try engine.upgrade(Request("POST", ["exec", id, "start"], body: .json(start)))
            if tty { (attachment.sizePath, attachment.tellsSizeAtOnce) = (["exec", id, "resize"], true) }
            let signals = try catchSignals(ContainerRun.signals)
            let raw = tty && interactive && isTerminal(.standardInput) ? try RawMode(of: .standardInput) : nil
            let loop = try AttachmentLoop(attachment, engine: engine)
            end = try signals.borrow { descriptor in try loop.run(signals: descriptor) }
            raw?.restore()
        } catch let error as ClientError { throw Failure(error) } catch { throw Failure("slipway: \(error)") }
        switch end {
        case .finished, .startFailed: return
        case .detached: throw Failure("read escape sequence")
        case .interrupted(let signal): throw Failure(nil, code: 128 + signal.rawValue)
        case .broken(let error): throw Failure(error)
        }
    }
}
