// One start of a container in front of a user, for `run` and `start -a`: connections opened in the order that loses nothing, the terminal made
// raw and given back, the end turned into an exit code. docs: engine API, attach, wait, start · chapter 13

internal import DockerClient
internal import JSON
internal import Linux
internal import Terminals

struct ContainerRun {
    let session: Session
    let id: String
    /// The command's name, for messages.
    let name: String
    let hasTerminal: Bool
    /// Whether the engine removes the container at its end.
    let removes: Bool

    /// Starts the container and stays with it until its end, if a stream is attached.
    ///
    /// - Returns: the exit code; 0 at once where nothing is attached.
    func start(input: Bool, output: Bool, error: Bool, keys: UserKeys, forwards: Bool, explains: Bool) throws(Failure) -> Int32 {
        let isAttached = input || output || error
        guard isAttached || explains else {
            let engine = try session.engine()
            do throws(ClientError) { try engine.call(startRequest) } catch { throw failedStart(error) }
            return 0
        }
        return try follow(explains: explains, forwards: forwards, keys: keys) { attachment, engine throws(ClientError) in
            if isAttached {
                attachment.stream = try engine.upgrade(attachRequest(input: input, output: output, error: error, keys))
                attachment.passesInput = input
                attachment.wait = try engine.open(Request("POST", ["containers", id, "wait"], query: [("condition", removes ? "removed" : "next-exit")]))
            }
            if explains { attachment.explain = try engine.open(Request("GET", ["slipway", "containers", id, "explain"])) }
            if hasTerminal, name == "start" { tellSizeBeforeStart(engine) }
            attachment.start = try engine.begin(startRequest)
        }
    }

    /// Stays with a container that runs already.
    func attach(input: Bool, keys: UserKeys, forwards: Bool) throws(Failure) -> Int32 {
        try follow(explains: false, forwards: forwards, keys: keys) { attachment, engine throws(ClientError) in
            attachment.wait = try engine.open(Request("POST", ["containers", id, "wait"]))
            attachment.stream = try engine.upgrade(attachRequest(input: input, output: true, error: true, keys))
            attachment.passesInput = input
            (attachment.tellsSizeAtOnce, attachment.redraws) = (true, true)
        }
    }

    /// So that the process finds its terminal in the right size from the first moment; it was made in another one, perhaps.
    private func tellSizeBeforeStart(_ engine: Engine) {
        guard let size = try? windowSize(.standardOutput), size.rows > 0 else { return }  // no terminal, no size
        // Docker's engine refuses it before the start, and gets it behind.
        _ = try? engine.call(Request("POST", ["containers", id, "resize"], query: [("h", "\(size.rows)"), ("w", "\(size.columns)")]))  // see above
    }

    private var startRequest: Request { Request("POST", ["containers", id, "start"]) }

    private func attachRequest(input: Bool, output: Bool, error: Bool, _ keys: UserKeys) -> Request {
        let wanted = [("stdin", input), ("stdout", output), ("stderr", error)].filter(\.1).map { ($0.0, "1") }
        return Request("POST", ["containers", id, "attach"], query: [("stream", "1")] + wanted + (keys.asked.map { [("detachKeys", $0)] } ?? []))
    }

    private func follow(explains: Bool, forwards: Bool, keys: UserKeys, _ open: (inout Attachment, Engine) throws(ClientError) -> Void) throws(Failure)
        -> Int32
    {
        let engine = try session.engine()
        var attachment = Attachment(keys: keys.keys)
        attachment.hasTerminal = hasTerminal
        if forwards {
            attachment.forward = { signal in
                // A container that has ended, or isn't started yet, can't be told; nobody waits for an answer.
                _ = try? engine.call(Request("POST", ["containers", id, "kill"], query: [("signal", signal.name)]))  // it may have ended
            }
        }
        if hasTerminal { attachment.sizePath = ["containers", id, "resize"] }
        let end: AttachmentEnd
        do {
            try open(&attachment, engine)
            // Not before: who waits for an engine that does not answer can be interrupted as usual.
            let signals = try catchSignals(Self.signals)
            // From here to the end of this scope the terminal is raw; it is given back however the scope is left.
            let raw = hasTerminal && attachment.passesInput && isTerminal(.standardInput) ? try RawMode(of: .standardInput) : nil
            let loop = try AttachmentLoop(attachment, engine: engine)
            end = try signals.borrow { descriptor in try loop.run(signals: descriptor) }
            raw?.restore()
        } catch let error as ClientError { throw Failure(error) } catch { throw Failure("slipway: \(error)") }
        return try code(of: end)
    }

    /// What a terminal or a script sends to a program in front; not those that say that the program itself is broken.
    static let signals: [Signal] =
        [.hangUp, .interrupt, .quit, .user1, .user2, .terminate, .continue, .windowChange]
        + [14, 16, 20, 24, 25, 26, 27, 29, 30, 31].map { Signal(rawValue: $0) }

    private func code(of end: AttachmentEnd) throws(Failure) -> Int32 {
        switch end {
        case .finished(let waited):
            if let message = waited?["Error"]?["Message"]?.string, !message.isEmpty { throw Failure("Error response from daemon: \(message)", code: 125) }
            return Int32(truncatingIfNeeded: waited?["StatusCode"]?.integer ?? 0)
        case .detached:
            guard name == "attach" else { return 0 }
            throw Failure("read escape sequence")
        case .startFailed(let error): throw failedStart(error)
        case .interrupted(let signal): throw Failure(nil, code: 128 + signal.rawValue)
        case .broken(let error): throw Failure(error, code: 125)
        }
    }

    /// Which of 125, 126 and 127 a failed start is, by the engine's words, as Docker's client does.
    private func failedStart(_ error: ClientError) -> Failure {
        let text = "\(error)".lowercased()
        let isMissing = ["executable file not found", "no such file or directory"].contains { text.contains($0) }
        let isForbidden = ["permission denied", "is a directory"].contains { text.contains($0) }
        let code: Int32 = isMissing ? 127 : isForbidden ? 126 : name == "start" ? 1 : 125
        return name == "start" ? Failure("\(error)", code: code) : .ofCommand(name, "\(error)", code: code)
    }
}
