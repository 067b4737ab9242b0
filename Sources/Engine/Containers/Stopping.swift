// Kill, stop, restart, remove, rename. A stop takes seconds, and must not sit in the mailbox meanwhile: the exit that it waits for has to come
// through there. So it sends its signal in the mailbox and waits outside. Chapter 12.
import Cgroups
public import DockerAPI
import Images
import Linux
import Logging
import Metadata
import Offload
import ShimProtocol
import Snapshots
import Synchronization
import Volumes

extension ContainerEngine {
    // MARK: Signals

    /// Sends a signal to the container's first process. SIGKILL waits up to ten seconds for the end, and takes the whole cgroup where the shim
    /// cannot.
    /// - Throws: `conflict` where it does not run; `invalid` for a signal that there is not.
    public func kill(_ container: Container, signal text: String?) async throws(EngineError) {
        let name = text.flatMap { $0.isEmpty ? nil : $0 } ?? "KILL"
        guard let number = signalNumber(name) else { throw EngineError(.invalid, "Invalid signal: \(name)") }
        guard container.isUp else { throw EngineError(.conflict, "cannot kill container: \(container.id): container \(container.id) is not running") }
        let end = container.wait(for: .notRunning)
        try await send(number, container)
        if number == Signal.kill.rawValue { _ = await end.value(within: 10) }
    }

    private func send(_ number: Int32, _ container: Container) async throws(EngineError) {
        try await asEngineError {
            try await container.mailbox.perform {
                let cancels = cancelsRestart(number, container.record.config)
                await self.carryOut(container.apply(.stopAsked(cancels: cancels)), container)
                guard let run = container.run else { return }  // between two runs there is nobody to signal
                do throws(ShimFailure) {
                    try await run.shim.ask(.signal(number: number, all: false))
                } catch {
                    guard error.kind != .notRunning else { return }  // it has ended by itself, and that is about to be told
                    throw error
                }
                self.publish("kill", container, ["signal": "\(number)"])
                if cancels, container.isPaused { try await self.thaw(container, run.shim) }
            }
        }
    }

    /// What is to end must move. A paused one that is stopped is let go first.
    private func thaw(_ container: Container, _ shim: ShimLink) async throws {
        do throws(ShimFailure) {
            try await shim.ask(.unpause)
        } catch {
            guard error.kind != .notRunning else { return }  // SIGKILL has ended it as it stood
            throw error
        }
        container.state.withLock { $0.isPaused = false }
        publish("unpause", container)
    }

    /// Stops a container: its stop signal, then after some time SIGKILL.
    /// - Parameters:
    ///   - signal: instead of the container's
    ///   - seconds: instead of the container's; below zero for ever
    /// - Throws: `unchanged` where it does not run.
    public func stop(_ container: Container, signal: String? = nil, seconds: Int? = nil) async throws(EngineError) {
        guard container.isUp else { throw .unchanged }
        let configured = container.record.config.StopSignal.flatMap { $0.isEmpty ? nil : $0 }
        let name = signal.flatMap { $0.isEmpty ? nil : $0 } ?? configured ?? "TERM"
        guard let number = signalNumber(name) else { throw EngineError(.invalid, "Invalid signal: \(name)") }
        let patience = seconds ?? container.record.config.StopTimeout ?? 10
        let end = container.wait(for: .notRunning)
        try await send(number, container)
        if patience < 0 {
            _ = await end.value
        } else if await end.value(within: Double(patience)) == nil {
            try await send(Signal.kill.rawValue, container)
            if await end.value(within: 10) == nil {
                throw EngineError(.failed, "cannot stop container: \(container.id): tried to kill container, but did not receive an exit event")
            }
        }
        publish("stop", container)
    }

    /// Stops a container that runs, and starts it. One that was made with `--rm` stays meanwhile.
    public func restart(_ container: Container, signal: String? = nil, seconds: Int? = nil) async throws(EngineError) {
        if container.isUp {
            container.state.withLock { $0.isRestartedByHand = true }
            defer { container.state.withLock { $0.isRestartedByHand = false } }
            do throws(EngineError) { try await stop(container, signal: signal, seconds: seconds) } catch  where error.kind == .unchanged {}
        }
        do throws(EngineError) { try await start(container) } catch  where error.kind == .unchanged {}
        publish("restart", container)
    }

    // MARK: Names

    /// Gives a container another name.
    public func rename(_ container: Container, to text: String) async throws(EngineError) {
        let name = bare(text)
        guard !name.isEmpty else { throw EngineError(.invalid, "Neither old nor new names may be empty") }
        guard isValidContainerName(name) else {
            throw EngineError(.invalid, "Error when allocating new name: Invalid container name (\(text)), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
        }
        try await asEngineError {
            try await container.mailbox.perform {
                let old = container.name, (metadata, id) = (self.metadata, container.id)
                guard old != name else { throw EngineError(.invalid, "Renaming a container with the same name as its current name") }
                let holder: String? = try await offloadMetadata { () throws(MetadataError) in
                    try metadata.write { (transaction) throws(MetadataError) in
                        if let holder = try transaction.holder(ofContainerName: name) { return holder }
                        try transaction.renameContainer(id, to: name)
                        return nil
                    }
                }
                if let holder { throw EngineError(.conflict, "Error when allocating new name: " + nameTaken(name, by: holder).message) }
                container.state.withLock { $0.name = name }
                await self.renameInNetworks(container)
                self.publish("rename", container, ["oldName": "/\(old)"])
            }
        }
    }

    // MARK: Removal

    /// Removes a container; `force` ends it first, `volumes` takes its anonymous volumes along.
    public func remove(_ container: Container, force: Bool, volumes: Bool = false) async throws(EngineError) {
        let isFirst = container.state.withLock { state in
            defer { state.isLeaving = true }
            return !state.isLeaving
        }
        guard isFirst else { throw EngineError(.conflict, "removal of container \(container.id) is already in progress") }
        do throws(EngineError) {
            if container.isUp {
                guard force else { throw refusal(of: container) }
                try await end(container)
            }
            try await asEngineError { try await container.mailbox.perform { try await self.removeNow(container, withVolumes: volumes) } }
        } catch {
            container.state.withLock { $0.isLeaving = false }
            throw error
        }
    }

    private func refusal(of container: Container) -> EngineError {
        let status = container.status, what = "cannot remove container \"/\(container.name)\": container is \(status)"
        return EngineError(.conflict, what + (status == "paused" ? " and must be unpaused first" : ": stop the container before removing or force remove"))
    }

    /// Ends a container by force: SIGKILL to the first process, and if that does not do it, to all of its cgroup.
    private func end(_ container: Container) async throws(EngineError) {
        let end = container.wait(for: .notRunning)
        do throws(EngineError) { try await send(Signal.kill.rawValue, container) } catch { log.warning("container \(container.id): kill: \(error)") }
        if await end.value(within: 5) != nil { return }
        let group = cgroup(container)
        try await asEngineError { try await offload { () throws(KernelError) in try group.kill() } }
        guard await end.value(within: 10) != nil else { throw EngineError(.failed, "could not kill container: \(container.id)") }
    }

    private func removeNow(_ container: Container, withVolumes: Bool) async throws {
        let (metadata, id) = (metadata, container.id)
        guard containers.withLock({ $0[id] }) != nil else { return }
        try await offloadMetadata { () throws(MetadataError) in
            try metadata.write { (transaction) throws(MetadataError) in
                try transaction.setStage(.removing, of: id)
                if withVolumes { try transaction.unnamedVolumesGo(with: id) }
            }
        }
        await carryOut(container.apply(.removalBegan), container)
        container.closeAttachments()
        try await offload { try self.removeFiles(id) }
        await releaseVolumes(container, withAnonymous: withVolumes)
        try await offloadMetadata { () throws(MetadataError) in
            try metadata.write { (transaction) throws(MetadataError) in
                try forgetNetworks(of: id, in: transaction)
                try transaction.deleteContainer(id)
            }
        }
        containers.withLock { $0[id] = nil }
        for exec in container.state.withLock({ $0.execs }) { execs.withLock { $0[exec] = nil } }
        publish("destroy", container)
        container.removed.fulfil(container.past.exitCode)
    }

    /// The container that was made with `--rm` goes by itself, in a task of its own: we are in its mailbox.
    func removeSelf(_ container: Container) {
        Task {
            do throws(EngineError) {
                try await remove(container, force: true, volumes: true)
            } catch {
                if error.kind != .conflict { log.error("remove container \(container.id): \(error)") }
            }
        }
    }

    /// Removes directories and layers of a container, whether they are there or not. Blocks.
    func removeFiles(_ id: String) throws {
        try removeTree(bundle(id))
        try snapshots.removeContainer(id)
        try removeTree(dataDirectory(id))
    }

    /// Removes all containers that don't run and that the filters choose.
    /// - Returns: their ids, and the bytes of their own layers.
    /// - Throws: `invalid` for a filter that there is not.
    public func prune(_ filters: Filters) async throws(EngineError) -> (removed: [String], bytes: Int64) {
        if let key = filters.unknownKey(besides: ["label", "label!", "until"]) { throw EngineError(.invalid, "invalid filter '\(key)'") }
        guard (filters["until"] ?? []).count < 2 else { throw EngineError(.invalid, "more than one until filter specified") }
        let until = try filters["until"]?.first.map { text throws(EngineError) in try filterMoment(text) }
        var removed: [String] = [], bytes: Int64 = 0
        for container in all where !container.isUp && container.record.createdNanoseconds <= until ?? .max && isChosen(container, filters) {
            do throws(EngineError) {
                let own = (try? await size(container))?.own ?? 0  // cannot be told: it goes all the same
                try await remove(container, force: false)
                (removed, bytes) = (removed + [container.id], bytes + own)
            } catch {
                log.info("prune \(container.id): \(error)")
            }
        }
        events.publish("container", "prune", "", ["reclaimed": "\(bytes)"])
        return (removed, bytes)
    }

    private func isChosen(_ container: Container, _ filters: Filters) -> Bool {
        let labels = container.record.config.Labels ?? [:]
        return hasLabels(labels, filters["label"] ?? []) && !(filters["label!"] ?? []).contains { hasLabels(labels, [$0]) }
    }
}

extension Promise {
    /// The value, or nil where it has not come within so many seconds.
    func value(within seconds: Double) async -> Value? {
        await withTaskGroup(of: Value?.self) { group in
            group.addTask { await self.valueUnlessCancelled }
            group.addTask {
                try? await Task.sleep(for: .seconds(seconds))  // cancelled: the value has come
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}
