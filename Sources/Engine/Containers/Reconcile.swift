// At the start of an engine: what the database says, what the shims say and what lies about are brought together. The same code serves after
// `kill -9`, a reboot and an upgrade, and it may be interrupted anywhere, for it only removes what is half-made and reads the rest.
//
//     row `making` or `removing`     removed: nobody was told of it yet, or that it is still there; `dead` where that fails
//     shim answers: running          goes on; we listen from now on
//     shim answers: exited           its exit is applied, and the shim let go
//     no shim, exit record newer     the exit is applied
//     no shim, restart pending       it is started when its delay is over
//     no shim, no record, should run killed with its cgroup, recorded as 137, `supervisor died`
//     at rest, policy wants it       started: `always`, and `unless-stopped` unless somebody had stopped it
//     at rest, ended, made by --rm   removed
//     bundle without a row           its shim is ended, its directory removed
//
// Chapter 12.
import Cgroups
import DockerAPI
import Linux
import Logging
import Metadata
import Offload
import ShimProtocol
import Snapshots
import Synchronization

extension ContainerEngine {
    func reconcile() async throws {
        let (metadata, snapshots) = (metadata, snapshots)
        let stored = try await offloadMetadata { () throws(MetadataError) in
            try metadata.read { (transaction) throws(MetadataError) in try transaction.storedContainers() }
        }
        try await openNetworks()
        for row in stored where row.stage != .ready { await clearAway(row) }
        for row in stored where row.stage == .ready {
            let container = Container(row.record, name: row.name, past: row.past)
            containers.withLock { $0[container.id] = container }
            await meet(container, shouldRun: row.shouldRun)
        }
        let known = Set(containers.withLock { $0.keys })
        try await offload { () throws(SnapshotsError) in try snapshots.keepOnly(containers: known) }
        await collectStrays(known)
        await repairNetworks()
        await repairVolumes()
        for container in all { await bringBack(container) }
        log.info("\(known.count) containers, \(all.count { $0.isRunning }) running")
    }

    /// Removes what is half-made or half-removed. Where something does not go (a mount of somebody's, a broken disk) the engine comes up all the
    /// same, and the container is there as a dead one, for the next attempt.
    private func clearAway(_ row: StoredContainer) async {
        do {
            try await removeRemains(row)
        } catch {
            log.error("remove what is left of container \(row.record.id): \(error)")
            let container = Container(row.record, name: row.name, past: row.past)
            container.state.withLock { $0.life = .removing }
            containers.withLock { $0[container.id] = container }
        }
    }

    private func removeRemains(_ row: StoredContainer) async throws {
        let (metadata, id) = (metadata, row.record.id)
        await dismiss(bundle(id))
        await clear(Cgroup(FilePath(cgroupPath(id, row.record.host.CgroupParent)), in: hierarchies))
        try await offload { try self.removeFiles(id) }
        try await offloadMetadata { () throws(MetadataError) in
            try metadata.write { (transaction) throws(MetadataError) in
                try forgetNetworks(of: id, in: transaction)
                try transaction.deleteContainer(id)
            }
        }
    }

    /// Goes on with a container as its policy wants it, now that all that it needs is there.
    private func bringBack(_ container: Container) async {
        guard container.status != "dead" else { return }
        watchAgain(container)
        if container.isRestarting { return resumeRestart(container) }
        guard !container.isUp else { return }
        if container.autoRemove { return container.past.finishedAt == nil && container.past.error.isEmpty ? () : removeSelf(container) }
        guard container.past.startedAt != nil, container.past.restarts.comesBack(container.restartRule) else { return }
        await carryOut(container.apply(.comesBack), container)
    }

    /// Finds a container's shim, or what it left.
    private func meet(_ container: Container, shouldRun: Bool) async {
        if let (link, hello) = await reach(container) {
            modules.withLock { $0 = hello.modules }
            switch hello.state {
            case .running:
                guard let pid = hello.initPid, let time = hello.startedAt else { return }
                container.state.withLock { state in
                    state.life = .running(link, pid: pid)
                    (state.past.startedAt, state.past.exitCode, state.past.error, state.past.oomKilled) = (time, 0, "", false)
                    (state.past.restarts.isPending, state.isPaused) = (false, hello.paused == true)
                }
            case .exited:
                container.state.withLock { $0.life = .running(link, pid: 0) }
                if let record = hello.exit { await carryOut(container.apply(.exited(record)), container) }
            case .parked: container.state.withLock { $0.life = $0.past.restarts.isPending ? .restarting(parked: link) : .resting(parked: link) }
            }
            return
        }
        await bury(container, shouldRun: shouldRun)
    }

    private func reach(_ container: Container) async -> (ShimLink, ShimEvent.Hello)? {
        let (shims, socket) = (shims, bundle(container.id).appending("shim.sock"))
        let link = try? await offload {  // nobody there: the exit record speaks
            try shims.connect(socket, onEvent: self.received(for: container), onEnd: self.shimEnded(for: container))
        }
        guard let link, let hello = await link.hello.value else { return nil }
        return (link, hello)
    }

    /// A container without a shim: what remains of its run.
    private func bury(_ container: Container, shouldRun: Bool) async {
        let path = exitPath(container.id), log = log
        let record = await offload { () -> ExitRecord? in
            do { return try ExitRecord(readFrom: path) } catch {
                log.warning("read \(path): \(error)")
                return nil
            }
        }
        let isNews = record.map { record in container.past.finishedAt.map { record.finishedAt > $0 } ?? true } ?? false
        if let record, isNews {
            await carryOut(container.apply(.foundEnded(record)), container)
        } else if container.past.restarts.isPending {
            container.state.withLock { $0.life = .restarting(parked: nil) }
        } else if shouldRun {
            await carryOut(container.apply(.supervisorDied(at: .now)), container)
        }
    }

    /// Bundles that nobody knows: of containers whose row is gone, or never came.
    private func collectStrays(_ known: Set<String>) async {
        let folder = settings.execRoot.appending("containers")
        let names = await offload { (try? entries(folder)) ?? [] }  // nothing there: nothing left over
        for name in names where !known.contains(name) {
            let bundle = folder.appending(name), log = log
            await dismiss(bundle)
            await clear(Cgroup(FilePath(cgroupPath(name, nil)), in: hierarchies))
            await offload { do { try removeTree(bundle) } catch { log.warning("remove \(bundle): \(error)") } }
        }
    }

    /// Ends what is left in a cgroup that is to go, and removes it: its shim may have been killed too.
    private func clear(_ group: Cgroup) async {
        let log = log
        await offload {
            guard group.exists else { return }
            do {
                try group.kill()
                try group.remove()
            } catch {
                log.warning("remove cgroup: \(error)")
            }
        }
    }

    /// Ends the shim of a bundle that is to go, and what it runs.
    private func dismiss(_ bundle: FilePath) async {
        let shims = shims
        let link = try? await offload {  // nobody there: nothing to end
            try shims.connect(bundle.appending("shim.sock"), onEvent: { _, _ in }, onEnd: { _ in })
        }
        guard let link, let hello = await link.hello.value else { return }
        if hello.state == .running { _ = try? await link.ask(.signal(number: Signal.kill.rawValue, all: true)) }  // what survives, its cgroup's end takes
        for _ in 0..<20 where (try? await link.ask(.release)) == nil {  // refused until all has ended
            try? await Task.sleep(for: .milliseconds(50))  // cancelled: we are going too
        }
    }
}
