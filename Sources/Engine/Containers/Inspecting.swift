// What the engine tells of a container: inspect and list, from values in memory. Chapter 12; Engine API, ContainerInspect and ContainerSummary.
import Digests
public import DockerAPI
import Images
import Linux
import Offload
import ShimProtocol
import Snapshots
import Synchronization

extension ContainerEngine {
    /// Everything of one container.
    public func inspect(_ container: Container) async throws(EngineError) -> ContainerInspect {
        let (record, id) = (container.record, container.id)
        var reply = ContainerInspect(
            id: id, created: timestamp(record.createdNanoseconds), path: record.path, args: record.arguments, state: state(of: container), image: record.image,
            name: "/" + container.name, hostConfig: record.host, config: record.config,
            graphDriver: GraphDriver(name: "overlay2", data: try await layers(of: container)),
            networks: networkSettings(container))
        let files = networkFiles(of: record)
        (reply.HostsPath, reply.HostnamePath) = (files.appending("hosts").string, files.appending("hostname").string)
        reply.ResolvConfPath = files.appending("resolv.conf").string
        reply.LogPath = record.host.LogConfig?.Type == "none" ? "" : logPath(id).string
        reply.Mounts = record.mounts
        let open = openExecs(of: container)
        reply.RestartCount = container.past.restarts.count
        reply.ExecIDs = open.isEmpty ? nil : open
        return reply
    }

    /// Where the layers lie; nil of a dead one, which has none any more.
    private func layers(of container: Container) async throws(EngineError) -> [String: String]? {
        guard container.status != "dead" else { return nil }
        let (id, snapshots) = (container.id, snapshots)
        let mount = try await asEngineError { try await offload { () throws(SnapshotsError) in try snapshots.overlay(of: id) } }
        return [
            "LowerDir": mount.lower.map(\.string).joined(separator: ":"), "UpperDir": mount.upper.string, "WorkDir": mount.work.string,
            "MergedDir": bundle(id).appending("rootfs").string
        ]
    }

    /// The state as flags, a word and times.
    public func state(of container: Container) -> ContainerState {
        let past = container.past
        var state = ContainerState(status: container.status)
        state.Running = container.isUp
        (state.Paused, state.Restarting, state.Dead) = (container.isPaused, container.isRestarting, state.Status == "dead")
        state.Health = container.health.map(HealthState.init)
        (state.Pid, state.ExitCode) = (Int(container.run?.pid ?? 0), Int(past.exitCode))
        (state.Error, state.OOMKilled) = (past.error, past.oomKilled)
        state.StartedAt = past.startedAt?.description ?? ContainerState.never
        state.FinishedAt = past.finishedAt?.description ?? ContainerState.never
        return state
    }

    /// A line of the list.
    public func summary(_ container: Container) -> ContainerSummary {
        let record = container.record
        return ContainerSummary(
            id: record.id, names: ["/" + container.name], image: record.config.Image ?? record.image, imageID: record.image,
            command: commandText([record.path] + record.arguments), created: record.createdNanoseconds / 1_000_000_000, labels: record.config.Labels ?? [:],
            state: container.status, status: statusLine(container), networkMode: record.host.NetworkMode ?? "bridge", networks: endpoints(container)
        )
        .with(mounts: record.mounts, ports: portSummaries(container))
    }

    /// `Up 3 seconds`, `Exited (0) 2 minutes ago`, `Created`.
    public func statusLine(_ container: Container) -> String {
        let past = container.past, status = container.status
        let moment = ["running", "paused"].contains(status) ? past.startedAt : past.finishedAt
        let seconds = max(0, (WallTime.now.nanoseconds - (moment?.nanoseconds ?? 0)) / 1_000_000_000)
        let text = statusText(status, exitCode: Int(past.exitCode), since: seconds)
        guard status == "running", let health = container.health else { return text }
        return text + (health.status == .starting ? " (health: starting)" : " (\(health.status.rawValue))")
    }

    /// Bytes in a container's own layer, and of all its files. Blocks for long in big containers.
    public func size(_ container: Container) async throws(EngineError) -> (own: Int64, all: Int64) {
        let (id, snapshots, images, image) = (container.id, snapshots, images, container.record.image)
        return try await asEngineError {
            try await offload {
                let own = try treeBytes(try snapshots.overlay(of: id).upper)
                return (own, own + (try images.resolve(image).sizeBytes))
            }
        }
    }
}

extension ContainerSummary {
    fileprivate func with(mounts: [MountPoint], ports: [PortSummary]) -> ContainerSummary {
        var copy = self
        (copy.Mounts, copy.Ports) = (mounts, ports)
        return copy
    }
}

/// RFC 3339 with nanoseconds.
public func timestamp(_ nanoseconds: Int64) -> String { WallTime(nanoseconds: nanoseconds).description }

/// A command as `ps` shows it: what has blanks stands in quotes.
func commandText(_ words: [String]) -> String {
    words.map { $0.isEmpty || $0.contains(where: \.isWhitespace) ? "'\($0)'" : $0 }.joined(separator: " ")
}

/// The bytes of all files below a directory, each hard link counted once.
private func treeBytes(_ directory: FilePath) throws(KernelError) -> Int64 {
    var bytes: Int64 = 0, seen: Set<UInt64> = [], open = [directory]
    while let next = open.popLast() {
        for name in try entries(next) {
            let path = next.appending(name)
            let found = try status(path, followLinks: false)
            if found.kind == .directory { open.append(path) }
            if found.links < 2 || found.kind == .directory || seen.insert(found.inode).inserted { bytes += found.kind == .file ? found.bytes : 0 }
        }
    }
    return bytes
}
