// The loop of `run`, `start -a`, `attach` and `exec`: everything that may happen while a container runs in front of a user, in one thread.
//
//     standard input ──▶ attach ──▶ container        attach ──▶ standard output, standard error
//     signals ──▶ kill or resize                     explain ──▶ standard error       start, wait: their replies
//
// The attach socket doesn't block: a container that writes while it is written to would else stop us both. What the user types is read
// only when the last piece has gone out. The loop ends when the output has ended and the exit code is known, or the user detaches.
// chapter 13

internal import DockerClient
internal import Linux

/// What the loop is about.
struct Attachment {
    /// The taken-over connection.
    var stream: Connection?
    /// Whether the container has a terminal: bytes as they are, else frames.
    var hasTerminal = false
    /// Pass standard input on.
    var passesInput = false
    var keys: DetachKeys
    /// Sends a signal on to the container; nil: signals end us.
    var forward: ((Signal) -> Void)?
    /// Tells the engine our terminal's size.
    var resize: (() -> Void)?
    /// The stream of records of `--explain`.
    var explain: Connection?
    /// The request `start`, sent but not answered.
    var start: Connection?
    /// The request `wait`, of which the body is to come.
    var wait: Connection?
}

/// How it ended.
enum AttachmentEnd {
    /// The output has ended; with the reply of `wait` if there was one to wait for.
    case finished(JSONValue?)
    case detached
    case startFailed(ClientError)
    case interrupted(Signal)
    case broken(ClientError)
}

/// Runs an attachment to its end.
final class AttachmentLoop {
    private enum Source: UInt64, CaseIterable { case input, signals, stream, explain, start, wait }

    private let poll: Poll
    private var attachment: Attachment
    private let engine: Engine
    private var frames = StreamFrames(), pending: [UInt8] = [], inputIsOpen: Bool, inputIsFile = false, watchesWriting = false
    private var waitBytes: [UInt8] = [], urgent = 0, failure: ClientError?, end: AttachmentEnd?
    private var printer: ExplainPrinter

    init(_ attachment: Attachment, engine: Engine) throws(KernelError) {
        (self.attachment, self.engine) = (attachment, engine)
        inputIsOpen = attachment.passesInput
        printer = ExplainPrinter(isColored: isTerminal(.standardError))
        poll = try Poll()
    }

    /// Goes on until the end. `signals` is the reading end of `catchSignals`.
    func run(signals: FileDescriptor) throws(KernelError) -> AttachmentEnd {
        try poll.add(signals, .readable, token: Source.signals.rawValue)
        try watchInput()
        for (source, connection) in [(Source.explain, attachment.explain), (.start, attachment.start), (.wait, attachment.wait)] {
            try connection?.borrow { descriptor throws(KernelError) in try poll.add(descriptor, .readable, token: source.rawValue) }
        }
        if let stream = attachment.stream {
            try stream.borrow { descriptor throws(KernelError) in
                try setNonBlocking(descriptor)
                try poll.add(descriptor, .readable, token: Source.stream.rawValue)
            }
            show(stream.takeEarlyBytes())
        }
        takeBuffered()
        while end == nil {
            if isFinished { return failure.map { .startFailed($0) } ?? .finished(JSONValue(waitBytes)) }
            if inputIsFile, inputIsOpen, pending.isEmpty { readInput() }
            let isBusy = inputIsFile && inputIsOpen && pending.isEmpty
            let ready = try poll.wait(milliseconds: isBusy ? 0 : hasRecordsOnly ? Self.patienceForRecordsMilliseconds : -1)
            for (token, events) in ready where end == nil { try handle(Source(rawValue: token), events, signals) }
            if ready.isEmpty, hasRecordsOnly { endExplain() }
        }
        return end ?? .detached
    }

    private var isFinished: Bool { attachment.stream == nil && attachment.start == nil && attachment.wait == nil && attachment.explain == nil }

    /// Records of a container that has ended may be on their way; but an engine that keeps their stream open must not keep us.
    private var hasRecordsOnly: Bool { attachment.stream == nil && attachment.start == nil && attachment.wait == nil && attachment.explain != nil }
    private static let patienceForRecordsMilliseconds: Int32 = 1000

    private func watchInput() throws(KernelError) {
        guard inputIsOpen else { return }
        do throws(KernelError) {
            try poll.add(.standardInput, .readable, token: Source.input.rawValue)
        } catch {
            guard error.errno == 1 else { throw error }  // EPERM: a regular file, which is always ready
            inputIsFile = true
        }
    }

    private func handle(_ source: Source?, _ events: Readiness, _ signals: FileDescriptor) throws(KernelError) {
        switch source {
        case .input: readInput()
        case .signals: for byte in try read(signals, upTo: 64) { handle(Signal(rawValue: Int32(byte))) }
        case .stream:
            if events.contains(.writable) { try writePending() }
            try readStream()
        case .explain: readExplain()
        case .start: readStart()
        case .wait: readWait()
        case nil: break
        }
    }
}

// MARK: The container's streams

extension AttachmentLoop {
    private func readInput() {
        guard inputIsOpen, pending.isEmpty, attachment.stream != nil else { return }
        let typed = (try? read(.standardInput, upTo: 32_768)) ?? []  // a terminal that hung up is an input that ended
        let (passed, detach) = attachment.hasTerminal ? attachment.keys.filter(typed) : (typed, false)
        pending = passed
        if detach { end = .detached }
        if typed.isEmpty { closeInput() }
        do throws(KernelError) { try writePending() } catch { closeInput() }
    }

    private func closeInput() {
        stopReading()
        if pending.isEmpty { halfClose() }
    }

    private func stopReading() {
        if inputIsOpen, !inputIsFile { try? poll.remove(.standardInput) }  // it may be gone from there already
        inputIsOpen = false
    }

    /// Tells the container that its input has ended.
    private func halfClose() {
        attachment.stream?.borrow { descriptor in try? shutdown(descriptor, .writing) }  // a container that has ended needs no telling
    }

    /// Writes what the engine takes now; the rest waits until it can take more, and so does our own input.
    private func writePending() throws(KernelError) {
        guard let stream = attachment.stream else { return }
        while !pending.isEmpty {
            do throws(KernelError) {
                pending.removeFirst(try stream.writeSome(pending, wait: false))
            } catch {
                if error.errno == 11 { break }  // EAGAIN
                pending = []  // the container reads no more; its output may go on
                stopReading()
            }
        }
        try watchWriting(!pending.isEmpty)
        if pending.isEmpty, !inputIsOpen, attachment.passesInput { halfClose() }
    }

    private func watchWriting(_ on: Bool) throws(KernelError) {
        guard on != watchesWriting, let stream = attachment.stream else { return }
        watchesWriting = on
        try stream.borrow { descriptor throws(KernelError) in
            try poll.modify(descriptor, on ? [.readable, .writable] : .readable, token: Source.stream.rawValue)
        }
        guard inputIsOpen, !inputIsFile else { return }
        if on { try poll.remove(.standardInput) } else { try poll.add(.standardInput, .readable, token: Source.input.rawValue) }
    }

    private func readStream() throws(KernelError) {
        guard let stream = attachment.stream else { return }
        do throws(KernelError) {
            let bytes = try stream.borrow { descriptor throws(KernelError) in try read(descriptor, upTo: 65_536) }
            if bytes.isEmpty { return try endStream() }
            show(bytes)
        } catch {
            if error.errno == 11 { return }
            try endStream()
        }
    }

    private func endStream() throws(KernelError) {
        try attachment.stream?.borrow { descriptor throws(KernelError) in try poll.remove(descriptor) }
        stopReading()
        attachment.stream = nil
    }

    private func show(_ bytes: [UInt8]) {
        guard !attachment.hasTerminal else { return show(bytes, on: .standardOutput) }
        do throws(ClientError) {
            for piece in try frames.pieces(of: bytes) {
                switch piece.stream {
                case .input, .output: show(Array(piece.bytes), on: .standardOutput)
                case .error: show(Array(piece.bytes), on: .standardError)
                case .system: throw .broken("error from daemon in stream: \(String(decoding: piece.bytes, as: UTF8.self))")
                }
            }
        } catch { end = .broken(error) }
    }
}

extension AttachmentLoop {
    /// Output that nobody reads any more ends us, but not before the terminal has been given back.
    private func show(_ bytes: [UInt8], on stream: FileDescriptor) {
        if !Output.isWritten(bytes, to: stream) { end = .interrupted(.brokenPipe) }
    }
}

// MARK: Signals and replies

extension AttachmentLoop {
    /// SIGTSTP, of which only a terminal that isn't raw makes use.
    private static let stopTyped = Signal(rawValue: 20)

    private func handle(_ signal: Signal) {
        if signal == .windowChange {
            attachment.resize?()
            return
        }
        guard let forward = attachment.forward else {
            if ![.continue, Self.stopTyped].contains(signal) { end = .interrupted(signal) }
            return
        }
        if signal == .interrupt || signal == .terminate {
            urgent += 1
            if urgent >= 3 {
                Output.complain("\ngot 3 SIGTERM/SIGINTs, forcefully exiting\n")
                end = .interrupted(signal)
                return
            }
        }
        forward(signal)
    }

    /// What came together with a reply's head raises no event any more.
    private func takeBuffered() {
        do throws(ClientError) {
            if let explain = attachment.explain { show(records: try explain.takeBuffered(), of: explain) }
            if let wait = attachment.wait { keep(waited: try wait.takeBuffered(), of: wait) }
        } catch { end = .broken(error) }
    }

    private func readExplain() {
        guard let connection = attachment.explain else { return }
        let bytes = (try? connection.receive()) ?? nil  // records that can't be read are records that end here
        if let bytes { show(records: bytes, of: connection) } else { endExplain() }
    }

    private func show(records: [UInt8], of connection: Connection) {
        Output.complain(printer.text(for: records))
        if connection.isAtEnd { endExplain() }
    }

    private func endExplain() {
        Output.complain(printer.summary())
        forget(&attachment.explain)
    }

    private func readStart() {
        guard let connection = attachment.start else { return }
        do throws(ClientError) {
            _ = try engine.finish(connection)
            forget(&attachment.start)
            attachment.resize?()
        } catch {
            // The records of the step that failed are still to come: they are what `--explain` is for.
            failure = error
            forget(&attachment.start)
            forget(&attachment.wait)
            attachment.stream = nil
        }
    }

    private func readWait() {
        guard let connection = attachment.wait else { return }
        do throws(ClientError) {
            guard let bytes = try connection.receive() else { throw .broken("the engine closed the connection before the container ended") }
            keep(waited: bytes, of: connection)
        } catch { end = .broken(error) }
    }

    private func keep(waited bytes: [UInt8], of connection: Connection) {
        waitBytes += bytes
        if connection.isAtEnd { forget(&attachment.wait) }
    }

    private func forget(_ connection: inout Connection?) {
        connection?.borrow { descriptor in try? poll.remove(descriptor) }  // closing it removes it as well
        connection = nil
    }
}
