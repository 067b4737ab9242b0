// `--pid container:ID`: a container that lives among another's processes. The namespace is named in the spec by a path below /proc/PID/ns, where PID
// is the other's first process; so the spec can only be written when that runs, and the shim is made at the start and not at the creation. When the
// other ends, the kernel ends all processes in its namespace, these among them: man 7 pid_namespaces. Chapter 12.
import DockerAPI

extension HostConfig {
    /// The container whose processes it shares, as the request names it.
    var processesOf: String? {
        guard let mode = PidMode, mode.hasPrefix("container:") else { return nil }
        return String(mode.dropFirst("container:".count))
    }
}

extension ContainerEngine {
    /// Paths of the namespaces of others that a container is to join, by kind.
    /// - Throws: `notFound` for a container that there is not, `conflict` where it does not run.
    func joinedNamespaces(_ host: HostConfig) throws(EngineError) -> [String: String] {
        guard let name = host.processesOf else { return [:] }
        let other = try find(name)
        if other.isRestarting { throw .restarting(other.id) }
        guard let run = other.run else { throw EngineError(.conflict, "cannot join PID namespace of a non running container: \(name)") }
        return ["pid": "/proc/\(run.pid)/ns/pid"]
    }
}
