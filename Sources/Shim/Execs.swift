// Further processes in a running container. Each has streams of its own and at most one client, which brings its socket along; the runtime
// makes it our child, so that we reap it. Chapter 11.
import Linux
import OCI
import Runtime
import ShimProtocol

/// A further process that runs.
final class Exec {
    let id: String
    let streams: ProcessStreams

    init(id: String, streams: ProcessStreams) { (self.id, self.streams) = (id, streams) }
}

extension Supervisor {
    /// Runs a process in the container.
    func execute(
        _ id: String, _ process: OCI.Process, user: String?, groups: [String], _ wishes: Attachment.Wishes, client: consuming Descriptor?
    ) throws(ShimFailure) -> ProcessID {
        guard case .running(let container) = life else { throw ShimFailure(.notRunning, "the container is not running") }
        guard !container.isPaused else { throw ShimFailure(.notRunning, "the container is paused") }
        guard !execs.values.contains(where: { $0.id == id }) else { throw ShimFailure(.other, "exec \(id) is running already") }
        let isTerminal = process.terminal ?? false
        let streams = ProcessStreams(isTerminal: isTerminal, endOfInput: isTerminal ? .ignored : .closesStandardInput, log: nil, in: loop)
        streams.onDetach = { [unowned self] in tell(.detached(ShimEvent.Detached(stream: id))) }
        let isAttached = client != nil, takesInput = wishes.input
        if let client { try attach(client, wishes, to: streams) }
        do throws(RuntimeError) {
            let plan = try ExecPlan(process, inside: container.process, startedFrom: container.plan, user: user, additionalGroups: groups)
            let ends = try StreamEnds(isTerminal: isTerminal, hasInput: takesInput && isAttached, hasOutput: isAttached)
            var started = try executeInside(plan, streams: ends.theirs)
            let number = started.process
            execs[number] = Exec(id: id, streams: streams)
            try ends.hand(over: started.takeConsole(), takesInput: takesInput && isAttached, to: streams)
            return number
        } catch {
            close(streams) {}
            throw ShimFailure(error)
        }
    }

    func end(_ exec: Exec, _ status: ExitStatus) {
        let at = WallTime.now
        exec.streams.drain { [unowned self] in
            // First the code, then the end of the stream: a client that has seen the end asks for the code at once.
            tell(.execExited(ShimEvent.ExecExit(id: exec.id, code: status.code, at: at)))
            close(exec.streams) {}
        }
    }
}
