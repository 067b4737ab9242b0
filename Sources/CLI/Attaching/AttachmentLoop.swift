// The loop of `run`, `start -a`, `attach` and `exec`: everything that may happen while a container runs in front of a user, in one thread.
//
//     standard input ──▶ attach ──▶ container        attach ──▶ standard output, standard error
//     signals ──▶ kill or resize                     explain ──▶ standard error       start, wait: their replies
//
// The attach socket doesn't block: a container that writes while it is written to would else stop us both. What the user types is read
// only when the last piece has gone out. The loop ends when the output has ended and the exit code is known, or the user detaches.
// chapter 13

internal import DockerClient
internal import JSON
internal import Linux

/// Runs an attachment to its end.
final class AttachmentLoop {
    enum Source: UInt64, CaseIterable { case input, signals, stream, explain, start, wait, resize }

    let poll: Poll
    var attachment: Attachment
    let engine: Engine
    var frames = StreamFrames(), pending: [UInt8] = [], inputIsOpen: Bool, inputIsFile = false, watchesWriting = false
    var waitBytes: [UInt8] = [], urgent = 0, failure: ClientError?, end: AttachmentEnd?
    var printer: ExplainPrinter
    var resizing = Resizing(), signals: FileDescriptor?

    init(_ attachment: Attachment, engine: Engine) throws(KernelError) {
        (self.attachment, self.engine) = (attachment, engine)
        inputIsOpen = attachment.passesInput
        printer = ExplainPrinter(isColored: isTerminal(.standardError))
        poll = try Poll()
    }

    /// Goes on until the end. `signals` is the reading end of `catchSignals`.
    func run(signals: FileDescriptor) throws(KernelError) -> AttachmentEnd {
        self.signals = signals
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
        if attachment.tellsSizeAtOnce { resize() }
        while end == nil {
            if isFinished { return failure.map { .startFailed($0) } ?? .finished(JSONValue(waitBytes)) }
            if inputIsFile, inputIsOpen, pending.isEmpty { readInput() }
            let isBusy = inputIsFile && inputIsOpen && pending.isEmpty
            let ready = try poll.wait(milliseconds: isBusy ? 0 : hasRecordsOnly ? Self.patienceForRecordsMilliseconds : resizeWaitMilliseconds)
            for (token, events) in ready where end == nil { try handle(Source(rawValue: token), events) }
            resizeIfDue()
            if ready.isEmpty, hasRecordsOnly { endExplain() }
        }
        return end ?? .detached
    }

    var isFinished: Bool { attachment.stream == nil && attachment.start == nil && attachment.wait == nil && attachment.explain == nil }

    /// Records of a container that has ended may be on their way; but an engine that keeps their stream open must not keep us.
    var hasRecordsOnly: Bool { attachment.stream == nil && attachment.start == nil && attachment.wait == nil && attachment.explain != nil }
    private static let patienceForRecordsMilliseconds: Int32 = 1000

    func watchInput() throws(KernelError) {
        guard inputIsOpen else { return }
        do throws(KernelError) {
            try poll.add(.standardInput, .readable, token: Source.input.rawValue)
        } catch {
            guard error.errno == 1 else { throw error }  // EPERM: a regular file, which is always ready
            inputIsFile = true
        }
    }

    func handle(_ source: Source?, _ events: Readiness) throws(KernelError) {
        switch source {
        case .input: readInput()
        case .signals: try readSignals()
        case .stream:
            if events.contains(.writable) { try writePending() }
            try readStream()
        case .explain: readExplain()
        case .start: readStart()
        case .wait: readWait()
        case .resize: readResize()
        case nil: break
        }
    }
}
