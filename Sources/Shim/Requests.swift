// What each request does, in the order of ShimRequest's cases. Every one gets exactly one reply. Chapter 11.
import Cgroups
import Explain
import Linux
import OCI
import ShimProtocol
import Terminals

extension Supervisor {
    /// Carries a request out.
    func answer(_ envelope: ShimEnvelope, _ message: inout ReceivedMessage) -> ShimReply {
        var reply = ShimReply(sequence: envelope.sequence)
        do throws(ShimFailure) {
            try carryOut(envelope.request, &message, &reply)
        } catch {
            reply.error = error
        }
        return reply
    }

    private func carryOut(_ request: ShimRequest, _ message: inout ReceivedMessage, _ reply: inout ShimReply) throws(ShimFailure) {
        switch request {
        case .attach(let input, let output, let error, let keys):
            guard let socket = message.takeDescriptor() else { throw ShimFailure(.other, "attach: no socket came along") }
            let wishes = Attachment.Wishes(
                input: input && configuration.openStdin, output: output, error: error, keys: try detachKeys(keys, isTerminal: configuration.terminal))
            try attach(socket, wishes, to: streams)
        case .explain:
            guard let descriptor = message.takeDescriptor() else { throw ShimFailure(.other, "explain: no descriptor came along") }
            stopRecording()  // to the one before
            record = consume descriptor
        case .start:
            let container = try start()
            (reply.pid, reply.startedAt) = (container.process.rawValue, container.startedAt)
        case .signal(let number, let all):
            try send(Signal(rawValue: number), all: all)
        case .resize(let stream, let rows, let columns):
            try resize(stream, rows: rows, columns: columns)
        case .exec(let id, let process, let user, let groups, let input, let output, let error, let keys):
            let client = message.takeDescriptor()
            let wishes = Attachment.Wishes(
                input: input, output: output ?? true, error: error ?? true, keys: try detachKeys(keys, isTerminal: process.terminal ?? false))
            reply.pid = try execute(id, process, user: user, groups: groups ?? [], wishes, client: client).rawValue
        case .network(let path):
            reply.networkPath = try prepareNetwork(at: path)
        case .hold:
            try hold(&message)
        case .pause: try setPaused(true)
        case .unpause: try setPaused(false)
        case .update(let resources): reply.warnings = try update(resources)
        case .stats: reply.stats = try usage()
        case .release:
            try release()
        }
    }

    func attach(_ socket: consuming Descriptor, _ wishes: Attachment.Wishes, to streams: ProcessStreams) throws(ShimFailure) {
        if case .exited = life { throw ShimFailure(.notRunning, "the container has exited") }
        try asking("attach") { () throws(KernelError) in
            guard try status(FileDescriptor(rawValue: socket.number)).kind == .socket else {
                throw KernelError(call: "attach", subject: "\(socket.number)", errno: Errno.notSocket.rawValue)
            }
        }
        do throws(KernelError) {
            try streams.attach(socket, wishes)
        } catch {
            throw ShimFailure(.other, step: "attach", "\(error)")
        }
    }

    private var isRunning: Bool { if case .running = life { true } else { false } }

    private func send(_ signal: Signal, all: Bool) throws(ShimFailure) {
        guard case .running(let container) = life else { throw ShimFailure(.notRunning, "the container is not running") }
        guard (1...64).contains(signal.rawValue) else { throw ShimFailure(.other, "there is no signal \(signal.rawValue)") }
        try asking("signal") { () throws(KernelError) in
            if all && signal == .kill, let cgroup = container.cgroup { return try cgroup.kill() }
            let processes = all ? try container.cgroup?.processes() ?? [container.process] : [container.process]
            for process in processes {
                do throws(KernelError) {
                    try Linux.send(signal, to: process)
                } catch {
                    guard error.errno == Errno.noSuchProcess.rawValue else { throw error }  // it was quicker
                }
            }
            if signal == .kill, container.isPaused { try container.cgroup?.thawAfterKilling() }
        }
    }

    /// Keys are looked for on terminals only: elsewhere the bytes are data.
    private func detachKeys(_ text: String?, isTerminal: Bool) throws(ShimFailure) -> DetachKeys? {
        guard let text, isTerminal else { return nil }
        do throws(DetachKeysError) { return try DetachKeys(text) } catch { throw ShimFailure(.other, "\(error)") }
    }

    private func resize(_ id: String, rows: UInt16, columns: UInt16) throws(ShimFailure) {
        if case .parked = life, id.isEmpty, configuration.terminal { return firstSize = OCI.ConsoleSize(height: Int(rows), width: Int(columns)) }
        if id.isEmpty, !isRunning { throw ShimFailure(.notRunning, "the container is not running") }
        let target = id.isEmpty ? streams : execs.values.first { $0.id == id }?.streams
        guard let target else { throw ShimFailure(.notRunning, "no exec \(id) is running") }
        let isDone = try asking("resize") { () throws(KernelError) in try target.resize(rows: rows, columns: columns) }
        guard isDone else { throw ShimFailure(.notRunning, id.isEmpty ? "the container has no terminal, or is not running" : "exec \(id) has no terminal") }
    }
}

/// Asks the kernel within a named step.
func asking<Result>(_ step: String, _ body: () throws(KernelError) -> Result) throws(ShimFailure) -> Result {
    do throws(KernelError) { return try body() } catch { throw ShimFailure(.other, step: step, "\(error)") }
}
