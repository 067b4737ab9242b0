// What inspect tells of an exec. Chapter 12; Engine API, "Inspect an exec instance".
public import DockerAPI
import FoundationEssentials
import ShimProtocol
import Synchronization
import Terminals

extension ContainerEngine {
    /// What inspect tells. Of one that seems to run the shim is asked something, whatever: its reply comes after all that it told before, and
    /// so after the end that a client has just seen as the end of its stream.
    public func inspect(_ exec: Exec) async -> ExecInspect {
        if exec.isRunning, let run = exec.container.run { _ = try? await run.shim.ask(.signal(number: 0, all: false)) }  // a refusal is a reply as well
        let state = exec.state.withLock { $0 }, request = exec.request, command = request.Cmd ?? []
        var reply = ExecInspect(
            id: exec.id, running: state.hasRun && state.exitCode == nil, exitCode: state.exitCode.map { Int($0) },
            process: .init(
                tty: exec.hasTerminal, entrypoint: command.first ?? "", arguments: Array(command.dropFirst()), privileged: request.Privileged ?? false,
                user: request.User.flatMap { $0.isEmpty ? nil : $0 }),
            stdin: request.AttachStdin ?? false, stdout: request.AttachStdout ?? false, stderr: request.AttachStderr ?? false,
            container: exec.container.id, pid: Int(state.pid))
        reply.DetachKeys = (request.DetachKeys ?? "").isEmpty ? "" : base64(exec.detachKeys)
        reply.CanRemove = (exec.age(at: .now) ?? 0) > Exec.removableAfterSeconds
        return reply
    }

    /// The keys' bytes, as Go writes bytes into JSON.
    private func base64(_ keys: String) -> String {
        let bytes = (try? DetachKeys(keys).sequence) ?? []  // checked when the exec was made
        return Data(bytes).base64EncodedString()
    }
}
