// Start, and what follows from what the shims tell. The order at a start: intent into the database, streams joined, record joined, `start` asked,
// result applied. So a daemon that is killed in between finds at its next start that the container should run, and asks the shim how it went.
// Chapter 12.
import Cgroups
import DockerAPI
import Linux
import Logging
import Metadata
import Offload
import ShimProtocol
import Synchronization

extension ContainerEngine {
    /// Starts a container.
    /// - Throws: `unchanged` where it runs; `invalid`, `notFound`, `failed` in Docker's words where it cannot be started.
    public func start(_ container: Container) async throws(EngineError) {
        try await asEngineError {
            try await container.mailbox.perform {
                guard !container.isPaused else { throw EngineError(.conflict, "cannot start a paused container, try unpause instead") }
                guard !container.isUp else { throw EngineError.unchanged }
                await self.carryOut(container.apply(.startAsked), container)
                try await self.startNow(container)
            }
        }
    }

    /// Starts one that rests, or that its policy starts again. In its mailbox.
    func startNow(_ container: Container) async throws {
        try checkUsable(container)
        do {
            let shim = try await parkedShim(container)
            try await save(container, shouldRun: true)
            try await join(container, shim)
            try await connectNetworks(container, shim)
            try await mountVolumes(container)
            await setWindow(container, shim)
            // Whoever writes into its tree is through with that before the shim mounts it.
            try await trees.lock(container.id).perform {
                let reply = try await shim.ask(.start)
                container.closeExplain()
                guard let pid = reply.pid, let time = reply.startedAt else { throw ShimFailure(.other, "the shim did not say which process it started") }
                await self.carryOut(container.apply(.started(shim, pid: pid, at: time)), container)
            }
        } catch {
            container.closeExplain()
            let failure = StartFailure(error)
            await carryOut(container.apply(.startFailed(code: failure.code, text: failure.error.message)), container)
            throw failure.error
        }
    }

    func checkUsable(_ container: Container) throws(EngineError) {
        guard !["removing", "dead"].contains(container.status) else {
            throw EngineError(.conflict, "container is marked for removal and cannot be started")
        }
    }

    /// The shim that waits since `create`, or a new one where that is gone or has had its run.
    private func parkedShim(_ container: Container) async throws -> ShimLink {
        if let shim = container.parked { return shim }
        try await offload { try self.writeBundle(container) }
        try await park(container)
        guard let shim = container.parked else { throw EngineError(.failed, "slipway-shim ended before it was ready") }
        return shim
    }

    /// Hands the streams that wait to the shim, before it starts: so the first byte is not lost.
    private func join(_ container: Container, _ shim: ShimLink) async throws(ShimFailure) {
        let (attachments, explain) = container.takeWaiting()
        for attachment in attachments { try await shim.ask(attachment.request, [attachment.descriptor]) }
        if let explain { try await shim.ask(.explain, [explain.descriptor]) }
    }

    /// Gives the terminal the size that a client has told before the start. A shim of an earlier version refuses that: its terminal keeps the first size.
    private func setWindow(_ container: Container, _ shim: ShimLink) async {
        let window = container.state.withLock { state in
            defer { state.window = nil }
            return state.window
        }
        guard let window else { return }
        _ = try? await shim.ask(.resize(stream: "", rows: window.rows, columns: window.columns))  // see above
    }

    func save(_ container: Container, shouldRun: Bool) async throws(MetadataError) {
        let (metadata, past, id) = (metadata, container.past, container.id)
        try await offloadMetadata { () throws(MetadataError) in
            try metadata.write { (transaction) throws(MetadataError) in try transaction.setRun(shouldRun, past, of: id) }
        }
    }

    // MARK: What the shims tell

    /// Called on the shims' thread.
    func received(for container: Container) -> @Sendable (ShimLink, ShimEvent) -> Void {
        { [self] link, event in
            switch event {
            case .exited(let record): container.mailbox.post { await self.ended(container, .exited(record), link) }
            case .execExited(let exit): execEnded(exit, container)
            case .detached(let who): detached(who.stream, container)
            case .logLost(let loss): log.warning("container \(container.id): \(loss.lines) log lines lost: \(loss.reason)")
            case .hello, .unknown: break
            }
        }
    }

    /// Called on the shims' thread when a shim has gone.
    func shimEnded(for container: Container) -> @Sendable (ShimLink) -> Void {
        { [self] link in container.mailbox.post { await self.lost(container, link) } }
    }

    private func ended(_ container: Container, _ event: LifeEvent<ShimLink>, _ link: ShimLink) async {
        guard container.run?.shim === link else { return }
        endExecs(of: container)
        await carryOut(container.apply(event), container)
    }

    /// A shim that has gone: its exit record speaks if there is one; otherwise it was killed, and so is what it left.
    private func lost(_ container: Container, _ link: ShimLink) async {
        if container.parked === link { return await carryOut(container.apply(.shimGone), container) }
        guard let run = container.run, run.shim === link else { return }
        let path = exitPath(container.id), log = log
        let record = await offload { () -> ExitRecord? in
            do { return try ExitRecord(readFrom: path) } catch {
                log.warning("read \(path): \(error)")
                return nil
            }
        }
        let event: LifeEvent<ShimLink> = record.map { .exited($0) } ?? .supervisorDied(at: .now)
        await ended(container, event, link)
    }

    // MARK: Effects

    /// Carries out what a change demands, in order. What fails here cannot be undone by the asker, so it is logged.
    func carryOut(_ effects: [LifeEffect<ShimLink>], _ container: Container) async {
        for effect in effects {
            do { try await carryOut(effect, container) } catch { log.error("container \(container.id): \(error)") }
        }
    }

    private func carryOut(_ effect: LifeEffect<ShimLink>, _ container: Container) async throws {
        switch effect {
        case .save: try await save(container, shouldRun: container.isRunning)
        case .tellEnd(let code): container.tellEnd(code)
        case .publish(let action, let code): publish(action, container, code.map { endAttributes($0, container.past) } ?? [:])
        case .release(let shim): _ = try? await shim.ask(.release)  // gone already is as good
        case .closeAttachments: container.closeAttachments()
        case .giveBack:
            await disconnectNetworks(container)
            await unmountVolumes(container)
        case .clearCgroup: try await clearCgroup(container)
        case .watchHealth: watchHealth(container)
        case .endHealth: endHealth(container)
        case .restart(let milliseconds): restartLater(container, milliseconds)
        case .removeSelf: removeSelf(container)
        }
    }

    /// What `die` tells besides: how it ended, and how many seconds it ran.
    private func endAttributes(_ code: Int32, _ past: Past) -> [String: String] {
        guard let start = past.startedAt, let end = past.finishedAt else { return ["exitCode": "\(code)"] }
        return ["exitCode": "\(code)", "execDuration": "\(max(0, end.nanoseconds - start.nanoseconds) / 1_000_000_000)"]
    }

    func clearCgroup(_ container: Container) async throws {
        let group = cgroup(container)
        try await offload { () throws(KernelError) in
            guard group.exists else { return }
            try group.kill()
            try group.remove()
        }
    }
}

/// Why a start failed, as `wait` and `inspect` report it.
private struct StartFailure {
    let code: Int32
    let error: EngineError

    /// The words by which Docker's client finds its own exit code: 127, 126, or 125 for all else.
    init(_ failure: any Error) {
        guard let failure = failure as? ShimFailure else {
            (code, error) = (128, EngineError(failure))
            return
        }
        let text = "failed to create task for container: failed to create shim task: OCI runtime create failed: unable to start container process: \(failure)"
        switch failure.kind {
        case .notFound: (code, error) = (127, EngineError(.invalid, text))
        case .notExecutable: (code, error) = (126, EngineError(.invalid, text))
        case .userNotFound: (code, error) = (126, EngineError(.invalid, failure.message))
        case .notRunning, .notYet, .other: (code, error) = (128, EngineError(.failed, text))
        }
    }
}

extension Container {
    var parked: ShimLink? {
        state.withLock { state in
            switch state.life {
            case .resting(let shim), .restarting(let shim): shim
            case .running, .removing: nil
            }
        }
    }

    /// The streams that wait for a run, which belong to the caller from now on.
    func takeWaiting() -> (attachments: [Attachment], explain: Attachment?) {
        state.withLock { state in
            defer { state.attachments = [:] }
            return (Array(state.attachments.values), state.explain)
        }
    }

    /// Our end of the record; the shim has its own copy.
    func closeExplain() { state.withLock { $0.explain = nil } }
}

extension ContainerEngine {
    func cgroup(_ container: Container) -> Cgroup {
        Cgroup(FilePath(cgroupPath(container.id, container.record.host.CgroupParent)), in: hierarchies)
    }

    /// At the end of a daemon: with no container left, the cgroup above them goes too. One that was given to us stays.
    public func leave() async {
        await leaveNetworks()
        guard all.isEmpty, settings.cgroupParent == nil else { return }
        let group = Cgroup(FilePath(cgroupPath("", nil)), in: hierarchies), log = log
        await offload {
            do throws(KernelError) { if group.exists { try group.remove(within: 0) } } catch { log.info("\(error)") }
        }
    }
}
