// The streams of one process, the container's own or an exec's: where its output goes, where its input comes from, and when both are over.
//
//     attached clients ──► InputPump ──► stdin  [process]  stdout, stderr ──► OutputPumps ──► log
//            ▲                                                                    │
//            └────────────────────────── frames, or raw from a terminal ──────────┘
//
// After the process's end the pumps run on until nobody holds the other ends. A grandchild may hold them for ever, so two seconds later the
// rest is given up, as Docker does; and a client that does not read must not hold up the exit, so by then its queue may grow. Chapter 11.
import Linux
import ShimProtocol

/// All streams of one process.
final class ProcessStreams {
    /// What the end of a client's input means. For one that came while the process ran `endsAttachment` is Docker's way: `echo x | docker attach`
    /// is to return. It gets the answer first, though, which Docker loses: the attachment ends when no output has come for a second, or after ten.
    enum EndOfInput { case endsAttachment, closesStandardInput, ignored }

    private let loop: Loop
    private let isTerminal: Bool
    private let endOfInput: EndOfInput
    private let log: LogKeeper?
    private let input: InputPump
    private var outputs: [OutputPump] = []
    private var attachments: [ObjectIdentifier: Attachment] = [:]
    private var console: Descriptor?
    private var hasProcessEnded = false, isFinishing = false
    private var whenDrained: (() -> Void)?
    private var whenClosed: (() -> Void)?
    private var patience: UInt64?
    private var isBegun = false

    /// A client has typed its detach keys.
    var onDetach: () -> Void = {}
    /// Streams are closed, and the last client has taken all its output or gone.
    var onLastClientGone: () -> Void = {}

    /// How much output waits for one client before the process has to; as much as a pipe may hold, once no more can be produced.
    private static let queueBytes = 262_144, lastQueueBytes = 4_194_304
    private static let patienceMilliseconds = 2_000
    private static let quietMilliseconds = 1_000, mostQuietWaits = 10

    init(isTerminal: Bool, endOfInput: EndOfInput, log: LogKeeper?, in loop: Loop) {
        (self.loop, self.isTerminal, self.endOfInput, self.log) = (loop, isTerminal, endOfInput, log)
        input = InputPump(in: loop)
        input.onRoomChange = { [unowned self] in for attachment in attachments.values { attachment.allowInput(input.hasRoom) } }
    }

    // MARK: Clients

    /// Joins a client. What was put out before is in the log, not in its stream.
    func attach(_ socket: consuming Descriptor, _ wishes: Attachment.Wishes) throws(KernelError) {
        let attachment = try Attachment(socket, wishes, queueBound: hasProcessEnded ? Self.lastQueueBytes : Self.queueBytes, in: loop)
        let key = ObjectIdentifier(attachment), isLate = isBegun
        attachment.onInput = { [unowned self] in input.append($0) }
        attachment.onInputEnd = { [unowned self, unowned attachment] in endInput(of: attachment, isLate: isLate) }
        attachment.onDetach = { [unowned self] in onDetach() }
        attachment.onRoom = { [unowned self] in updatePausing() }
        attachment.onEnd = { [unowned self] in
            attachments[key] = nil
            updatePausing()
            checkClosed()
        }
        attachments[key] = attachment
        attachment.allowInput(input.hasRoom)
    }

    private func endInput(of attachment: Attachment, isLate: Bool) {
        switch endOfInput {
        case .endsAttachment: if isLate { finishWhenQuiet(attachment, sent: attachment.sentBytes, waits: Self.mostQuietWaits) }
        case .closesStandardInput: input.finish()
        case .ignored: break
        }
    }

    private func finishWhenQuiet(_ attachment: Attachment, sent: Int, waits: Int) {
        loop.after(milliseconds: Self.quietMilliseconds) { [weak self, weak attachment] in
            guard let self, let attachment else { return }
            let now = attachment.sentBytes
            if now == sent || waits == 0 { attachment.finish() } else { finishWhenQuiet(attachment, sent: now, waits: waits - 1) }
        }
    }

    var hasClients: Bool { !attachments.isEmpty }

    // MARK: The process

    /// The process runs: pumps between it and the clients from now on.
    func begin(input target: consuming Descriptor?, output: consuming Descriptor?, error: consuming Descriptor?) throws(KernelError) {
        isBegun = true
        if let output { try add(OutputPump(consume output, .output)) }
        if let error { try add(OutputPump(consume error, .error)) }
        try input.begin(consume target)
    }

    /// The same for a process on a terminal, whose master goes both ways.
    func begin(console master: consuming Descriptor, takesInput: Bool) throws(KernelError) {
        console = try master.duplicate()
        let input = takesInput ? try master.duplicate() : nil
        try begin(input: input, output: consume master, error: nil)
    }

    private func add(_ pump: OutputPump) throws(KernelError) {
        outputs.append(pump)
        pump.onOutput = { [unowned self, unowned pump] in deliver($0, pump.stream) }
        pump.onEnd = { [unowned self] in checkDrained() }
        try pump.begin(in: loop)
        pump.pause(attachments.values.contains { $0.isFull && $0.wishes.include(pump.stream) })
    }

    /// Gives the terminal a size. Returns false where there is none.
    func resize(rows: UInt16, columns: UInt16) throws(KernelError) -> Bool {
        guard let number = console?.number else { return false }
        try setWindowSize(FileDescriptor(rawValue: number), rows: rows, columns: columns)
        return true
    }

    private func deliver(_ bytes: ArraySlice<UInt8>, _ stream: LogStream) {
        log?.append(bytes, stream)
        let readers = attachments.values.filter { $0.wishes.include(stream) }
        guard !readers.isEmpty else { return }
        let framed = isTerminal ? bytes : (Frame.header(stream, count: bytes.count) + bytes)[...]
        for attachment in readers { attachment.send(framed) }
        updatePausing()
    }

    private func updatePausing() {
        for pump in outputs where !pump.hasEnded {
            pump.pause(attachments.values.contains { $0.isFull && $0.wishes.include(pump.stream) })
        }
    }

    // MARK: The end

    /// The process has ended: `then` is called once its output is read to the end.
    func drain(then: @escaping () -> Void) {
        hasProcessEnded = true
        input.close()
        for attachment in attachments.values { attachment.extendBound(to: Self.lastQueueBytes) }
        updatePausing()
        whenDrained = then
        patience = loop.after(milliseconds: Self.patienceMilliseconds) { [weak self] in self?.outputs.forEach { $0.abandon() } }
        checkDrained()
    }

    private func checkDrained() {
        guard hasProcessEnded, outputs.allSatisfy(\.hasEnded), let then = whenDrained else { return }
        whenDrained = nil
        patience.map(loop.cancel)
        then()
    }

    /// Closes all clients' streams, each when it has taken its output. `then` is called when all have, or two seconds later: those who
    /// still read get the rest even after that.
    func close(then: @escaping () -> Void) {
        isFinishing = true
        whenClosed = then
        loop.after(milliseconds: Self.patienceMilliseconds) { [weak self] in self?.tellClosed() }
        for attachment in Array(attachments.values) { attachment.finish() }
        checkClosed()
    }

    private func checkClosed() {
        guard isFinishing, attachments.isEmpty else { return }
        tellClosed()
        onLastClientGone()
    }

    private func tellClosed() {
        let then = whenClosed
        whenClosed = nil
        then?()
    }
}
