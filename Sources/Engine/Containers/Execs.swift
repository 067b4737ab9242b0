// Further processes in a running container. An exec is made, started once, and known for some minutes after its end, for its exit code is asked
// for then. What cannot be started is told in its stream, as Docker does, for the client has its connection by then. Its terminal's size may be
// told before it starts: the genuine command sends both at once, on two connections. Chapter 12; Engine API, "Exec".
public import DockerAPI
import Linux
import OCI
import Offload
import ShimProtocol
import Synchronization

/// A process to be run in a container, running, or ended.
public final class Exec: Sendable {
    struct State: Sendable {
        var pid: Int32 = 0
        var exitCode: Int32?
        /// Somebody has claimed its only start.
        var isClaimed = false
        /// It runs, or has run.
        var hasRun = false
        /// The terminal's size where it was told before it ran.
        var window: Window?
        var endedAt: WallTime?
    }
    public let id: String
    public let container: Container
    public let request: ExecRequest
    /// What leaves its terminal.
    let detachKeys: String
    let state = Mutex(State())

    init(id: String, container: Container, request: ExecRequest, detachKeys: String) {
        (self.id, self.container, self.request, self.detachKeys) = (id, container, request, detachKeys)
    }

    public var hasTerminal: Bool { request.Tty ?? false }
    var commandText: String { (request.Cmd ?? []).joined(separator: " ") }
    var isRunning: Bool { state.withLock { $0.hasRun && $0.exitCode == nil } }

    /// Sets the exit code, once.
    func end(_ code: Int32) {
        state.withLock { state in
            state.exitCode = state.exitCode ?? code
            state.endedAt = state.endedAt ?? .now
        }
    }

    /// For how long an exec that has ended is known, and when it is said that it may go.
    static let keptSeconds: Int64 = 600, removableAfterSeconds: Int64 = 300

    /// Seconds since its end; nil where it has not ended.
    func age(at now: WallTime) -> Int64? { state.withLock { $0.endedAt }.map { (now.nanoseconds - $0.nanoseconds) / 1_000_000_000 } }
}

extension ContainerEngine {
    /// Makes an exec.
    /// - Throws: `invalid` for a missing command and for detach keys that there are not; `conflict` where the container does not run.
    public func makeExec(in container: Container, _ request: ExecRequest) throws(EngineError) -> String {
        guard let command = request.Cmd, !command.isEmpty else { throw EngineError(.invalid, "No exec command specified") }
        let keys = try checkedKeys(request.DetachKeys, "escape")
        try checkMoves(container)
        forgetOldExecs(of: container)
        let exec = Exec(id: randomIdentifier(), container: container, request: request, detachKeys: keys)
        execs.withLock { $0[exec.id] = exec }
        container.state.withLock { $0.execs.append(exec.id) }
        publish("exec_create: \(exec.commandText)" + (command.count == 1 ? " " : ""), container, ["execID": exec.id])
        return exec.id
    }

    /// Nothing can be run where nothing moves.
    private func checkMoves(_ container: Container) throws(EngineError) {
        if container.isRestarting { throw .restarting(container.id) }
        guard container.isRunning else { throw .notRunning(container.id) }
        if container.isPaused { throw EngineError(.conflict, "container \(container.id) is paused, unpause the container before exec") }
    }

    /// A container that is asked for years how it does must not fill the memory with the answers.
    private func forgetOldExecs(of container: Container) {
        let now = WallTime.now
        let old = container.state.withLock { $0.execs }.filter { id in
            execs.withLock { $0[id] }.map { ($0.age(at: now) ?? 0) > Exec.keptSeconds } ?? true
        }
        guard !old.isEmpty else { return }
        container.state.withLock { state in state.execs.removeAll { old.contains($0) } }
        execs.withLock { execs in for id in old { execs[id] = nil } }
    }

    /// The exec with this id, in full.
    public func exec(_ id: String) throws(EngineError) -> Exec {
        guard let exec = execs.withLock({ $0[id] }) else { throw EngineError(.notFound, "No such exec instance: \(id)") }
        return exec
    }

    /// The ids of those that run or wait for their start, as inspect lists them.
    func openExecs(of container: Container) -> [String] {
        container.state.withLock { $0.execs }.filter { id in execs.withLock { $0[id] }.map { exec in exec.state.withLock { $0.exitCode == nil } } ?? false }
    }

    /// Claims an exec for its only start.
    public func claim(_ exec: Exec) throws(EngineError) {
        guard exec.state.withLock({ $0.exitCode }) == nil else { throw EngineError(.conflict, "Error: Exec command \(exec.id) has already run") }
        try checkMoves(exec.container)
        let isFirst = exec.state.withLock { state in
            defer { state.isClaimed = true }
            return !state.isClaimed
        }
        guard isFirst else { throw EngineError(.conflict, "Error: Exec command \(exec.id) is already running") }
    }

    /// Starts a claimed exec, joined with a client's stream or with none.
    /// - Parameter consoleSize: rows and columns, in place of what was said when it was made
    /// - Returns: our end of the stream.
    /// - Throws: why it could not be started; its exit code is set then.
    public func start(_ exec: Exec, attached: Bool, consoleSize: [Int]? = nil) async throws(EngineError) -> AttachedStream? {
        let container = exec.container
        do {
            guard let run = container.run else { throw EngineError.notRunning(container.id) }
            let window = exec.state.withLock { $0.window } ?? Window(consoleSize) ?? Window(exec.request.ConsoleSize)
            let process = try makeProcess(exec, window)
            let pair = try StreamPair()
            let far = ShippedEnd(try pair.takeFar())
            let reply = try await run.shim.ask(makeRequest(exec, process), attached ? [far.descriptor] : [])
            try await began(exec, run.shim, pid: reply.pid ?? 0, with: window)
            return attached ? AttachedStream(socket: try pair.takeNear(), key: ObjectIdentifier(exec), container: nil) : nil
        } catch let failure as ShimFailure {
            exec.end(failure.kind == .notFound ? 127 : 126)
            throw EngineError(
                failure.kind == .notRunning ? .conflict : .invalid, "OCI runtime exec failed: exec failed: unable to start container process: \(failure)")
        } catch {
            exec.end(126)
            throw EngineError(error)
        }
    }

    /// It runs: whoever tells a size from now on tells the shim, and what was told meanwhile is made up for.
    private func began(_ exec: Exec, _ shim: ShimLink, pid: Int32, with window: Window?) async throws {
        let late = exec.state.withLock { state in
            state.hasRun = true
            state.pid = pid
            return state.window
        }
        publish("exec_start: \(exec.commandText)" + ((exec.request.Cmd ?? []).count == 1 ? " " : ""), exec.container, ["execID": exec.id])
        guard let late, late != window, exec.hasTerminal else { return }
        _ = try? await shim.ask(.resize(stream: exec.id, rows: late.rows, columns: late.columns))  // it may have ended already
    }

    private func makeRequest(_ exec: Exec, _ process: OCI.Process) -> ShimRequest {
        let (request, record) = (exec.request, exec.container.record)
        let user = request.User.flatMap { $0.isEmpty ? nil : $0 } ?? record.config.User.flatMap { $0.isEmpty ? nil : $0 }
        return .exec(
            id: exec.id, process: process, user: user, groups: record.host.GroupAdd, input: request.AttachStdin ?? false, output: request.AttachStdout ?? false,
            error: request.AttachStderr ?? false, detachKeys: exec.hasTerminal ? exec.detachKeys : nil)
    }

    private func makeProcess(_ exec: Exec, _ window: Window?) throws(EngineError) -> OCI.Process {
        let (record, request) = (exec.container.record, exec.request)
        let user = request.User.flatMap { $0.isEmpty ? nil : $0 } ?? record.config.User ?? ""
        var host = record.host
        if request.Privileged == true { host.Privileged = true }
        let directory = request.WorkingDir.flatMap { $0.isEmpty ? nil : $0 } ?? record.config.WorkingDir.flatMap { $0.isEmpty ? nil : $0 } ?? "/"
        var process = OCI.Process(args: request.Cmd, cwd: directory)
        var config = record.config
        config.Tty = request.Tty
        process.env = replaced(environment(config), by: request.Env ?? [])
        process.terminal = request.Tty == true ? true : nil
        process.consoleSize = window.map { OCI.ConsoleSize(height: Int($0.rows), width: Int($0.columns)) }
        process.capabilities = try capabilities(host, user: user, available: available)
        process.noNewPrivileges = try Security(record.host).noNewPrivileges ? true : nil
        process.rlimits = resourceLimits(record.host, settings.openFiles)
        return process
    }

    /// Sets the size of an exec's terminal. One that is not started yet is started with it.
    /// - Throws: `invalid` where it could not be started; `conflict` where it has ended.
    public func resize(_ exec: Exec, rows: UInt16, columns: UInt16) async throws(EngineError) {
        let (isEarly, hasRun) = exec.state.withLock { state in
            let isEarly = !state.hasRun && state.exitCode == nil
            if isEarly { state.window = Window(rows: rows, columns: columns) }
            return (isEarly, state.hasRun)
        }
        guard !isEarly else { return }
        guard hasRun else { throw EngineError(.invalid, "exec process is not started") }
        guard exec.isRunning, let run = exec.container.run else { throw EngineError(.conflict, "exec process \(exec.id) is not running") }
        guard exec.hasTerminal else { return }
        _ = try await asEngineError { try await run.shim.ask(.resize(stream: exec.id, rows: rows, columns: columns)) }
    }

    /// Called on the shims' thread.
    func execEnded(_ exit: ShimEvent.ExecExit, _ container: Container) {
        guard let exec = execs.withLock({ $0[exit.id] }) else { return }
        exec.end(exit.code)
        publish("exec_die", container, ["execID": exit.id, "exitCode": "\(exit.code)"])
    }

    /// The kernel ends all processes of a container with its first.
    func endExecs(of container: Container) {
        for id in container.state.withLock({ $0.execs }) { execs.withLock { $0[id] }?.end(137) }
    }
}

extension Window {
    /// Rows and columns, as a request tells them; nil where it tells none.
    init?(_ size: [Int]?) {
        guard let size, size.count == 2, size[0] > 0, size[1] > 0 else { return nil }
        self.init(rows: UInt16(clamping: size[0]), columns: UInt16(clamping: size[1]))
    }
}

/// An end that travels to the shim; ours is closed when this is gone.
private final class ShippedEnd: Sendable {
    private let socket: Descriptor
    init(_ socket: consuming Descriptor) { self.socket = socket }
    var descriptor: FileDescriptor { FileDescriptor(rawValue: socket.number) }
}
