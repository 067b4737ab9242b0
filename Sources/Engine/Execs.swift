// Further processes in a running container. An exec is made, started once, and known for as long as its container is: its exit code is asked for
// after it has ended. What cannot be started is told in its stream, as Docker does, for the client has its connection by then. Chapter 12.
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
        var isStarted = false
    }
    public let id: String
    public let container: Container
    public let request: ExecRequest
    let state = Mutex(State())
    /// Set when it runs (true) or could not be started (false).
    let started = Promise<Bool>()
    let ended = Promise<Int32>()

    init(id: String, container: Container, request: ExecRequest) { (self.id, self.container, self.request) = (id, container, request) }

    public var hasTerminal: Bool { request.Tty ?? false }

    func end(_ code: Int32) {
        state.withLock { $0.exitCode = $0.exitCode ?? code }
        started.fulfil(false)
        ended.fulfil(code)
    }
}

extension ContainerEngine {
    /// Makes an exec.
    public func makeExec(in container: Container, _ request: ExecRequest) throws(EngineError) -> String {
        guard let command = request.Cmd, !command.isEmpty else { throw EngineError(.invalid, "no exec command specified") }
        guard container.isRunning else { throw .notRunning(container.id) }
        let exec = Exec(id: randomIdentifier(), container: container, request: request)
        execs.withLock { $0[exec.id] = exec }
        container.state.withLock { $0.execs.append(exec.id) }
        publish("exec_create: \(command.joined(separator: " "))" + (command.count == 1 ? " " : ""), container, ["execID": exec.id])
        return exec.id
    }

    /// The exec with this id, in full.
    public func exec(_ id: String) throws(EngineError) -> Exec {
        guard let exec = execs.withLock({ $0[id] }) else { throw EngineError(.notFound, "No such exec instance: \(id)") }
        return exec
    }

    /// Claims an exec for its only start.
    public func claim(_ exec: Exec) throws(EngineError) {
        guard exec.container.isRunning else { throw .notRunning(exec.container.id) }
        let isFirst = exec.state.withLock { state in
            defer { state.isStarted = true }
            return !state.isStarted
        }
        guard isFirst else { throw EngineError(.conflict, "exec command \(exec.id) is already running") }
    }

    /// Starts a claimed exec, joined with a client's stream or with none.
    /// - Returns: our end of the stream.
    /// - Throws: why it could not be started; its exit code is set then.
    public func start(_ exec: Exec, attached: Bool, consoleSize: [Int]? = nil) async throws(EngineError) -> AttachedStream? {
        let container = exec.container
        do {
            guard let run = container.run else { throw EngineError.notRunning(container.id) }
            let process = try makeProcess(exec, consoleSize)
            let pair = try StreamPair()
            let far = ShippedEnd(try pair.takeFar())
            let user = exec.request.User.flatMap { $0.isEmpty ? nil : $0 } ?? container.record.config.User.flatMap { $0.isEmpty ? nil : $0 }
            let reply = try await run.shim.ask(
                .exec(id: exec.id, process: process, user: user, groups: container.record.host.GroupAdd, input: exec.request.AttachStdin ?? false),
                attached ? [far.descriptor] : [])
            exec.state.withLock { $0.pid = reply.pid ?? 0 }
            exec.started.fulfil(true)
            publish("exec_start: \((exec.request.Cmd ?? []).joined(separator: " "))", container, ["execID": exec.id])
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

    private func makeProcess(_ exec: Exec, _ consoleSize: [Int]?) throws(EngineError) -> OCI.Process {
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
        let size = consoleSize ?? request.ConsoleSize ?? []
        if size.count == 2, size[0] > 0, size[1] > 0 { process.consoleSize = OCI.ConsoleSize(height: size[0], width: size[1]) }
        process.capabilities = try capabilities(host, user: user, available: available)
        process.noNewPrivileges = try Security(record.host).noNewPrivileges ? true : nil
        return process
    }

    /// Sets the size of an exec's terminal; one that is not started yet is waited for, up to ten seconds.
    public func resize(_ exec: Exec, rows: UInt16, columns: UInt16) async throws(EngineError) {
        guard await exec.started.value(within: 10) == true, let run = exec.container.run else { throw EngineError(.invalid, "exec process is not started") }
        guard exec.hasTerminal else { return }
        _ = try await asEngineError { try await run.shim.ask(.resize(stream: exec.id, rows: rows, columns: columns)) }
    }

    /// What inspect tells. Of one that seems to run the shim is asked something, whatever: its reply comes after all that it told before, and
    /// so after the end that a client has just seen as the end of its stream.
    public func inspect(_ exec: Exec) async -> ExecInspect {
        if exec.started.current == true, exec.state.withLock({ $0.exitCode }) == nil, let run = exec.container.run {
            _ = try? await run.shim.ask(.signal(number: 0, all: false))  // a refusal is a reply as well
        }
        let state = exec.state.withLock { $0 }, command = exec.request.Cmd ?? []
        return ExecInspect(
            id: exec.id, running: exec.started.current == true && state.exitCode == nil, exitCode: state.exitCode.map { Int($0) },
            process: .init(
                tty: exec.hasTerminal, entrypoint: command.first ?? "", arguments: Array(command.dropFirst()), privileged: exec.request.Privileged ?? false,
                user: exec.request.User),
            stdin: exec.request.AttachStdin ?? false, stdout: exec.request.AttachStdout ?? false, stderr: exec.request.AttachStderr ?? false,
            container: exec.container.id, pid: Int(state.pid))
    }

    /// Called on the shims' thread.
    func execEnded(_ exit: ShimEvent.ExecExit, _ container: Container) {
        guard let exec = execs.withLock({ $0[exit.id] }) else { return }
        exec.state.withLock { $0.exitCode = exit.code }
        exec.ended.fulfil(exit.code)
        publish("exec_die", container, ["execID": exit.id, "exitCode": "\(exit.code)"])
    }

    /// The kernel ends all processes of a container with its first.
    func endExecs(of container: Container) {
        for id in container.state.withLock({ $0.execs }) { execs.withLock { $0[id] }?.end(137) }
    }
}

/// An end that travels to the shim; ours is closed when this is gone.
private final class ShippedEnd: Sendable {
    private let socket: Descriptor
    init(_ socket: consuming Descriptor) { self.socket = socket }
    var descriptor: FileDescriptor { FileDescriptor(rawValue: socket.number) }
}
