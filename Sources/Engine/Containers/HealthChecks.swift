// Health checks: for each container that has one, a task that sleeps, probes (Probing.swift) and takes the result in (HealthStatus.swift). A
// task that sleeps costs some hundred bytes, so a hundred containers cost nothing. It ends with the run; while the container is paused it skips
// its turns. The status is in the database: after a `kill -9` of the daemon it is still known. Chapter 12; Engine API, "Health"; moby,
// daemon/health.go.
import DockerAPI
import Logging
import Metadata
import ShimProtocol
import Synchronization

extension Container {
    /// What its health check says; nil where it has none, or has never run.
    public var health: Health? { state.withLock { $0.health } }
}

extension HealthState {
    /// In Docker's form.
    init(_ health: Health) {
        let log = health.results.map { result in
            Probe(start: result.startedAt.description, end: result.endedAt.description, exitCode: result.code, output: result.output)
        }
        self.init(status: health.status.rawValue, failingStreak: health.failingStreak, log: log.isEmpty ? nil : log)
    }
}

extension ContainerEngine {
    /// Begins to look how a container does that has started: nobody knows yet.
    func watchHealth(_ container: Container) { watch(container, from: .starting) }

    /// Goes on with what an earlier daemon has left: how one that runs did then, and that one that rests is not well.
    func watchAgain(_ container: Container) {
        guard HealthCheck(container.record.config) != nil, container.past.startedAt != nil else { return }
        guard container.isRunning else { return container.state.withLock { $0.health = Health(status: .unhealthy) } }
        watch(container, from: container.past.health ?? .starting)
    }

    /// Stops looking. What does not run is not well, Docker says; that is no event.
    func endHealth(_ container: Container) {
        let task = container.state.withLock { state in
            state.health?.status = .unhealthy
            defer { state.healthTask = nil }
            return state.healthTask
        }
        task?.cancel()
    }

    private func watch(_ container: Container, from status: HealthStatus) {
        guard let check = HealthCheck(container.record.config) else { return container.state.withLock { $0.health = nil } }
        let task = Task { await self.look(container, check) }
        container.state.withLock { state in
            (state.health, state.healthTask, state.past.health) = (Health(status: status), task, status)
        }
    }

    /// One interval and one probe after the other, until the run ends.
    private func look(_ container: Container, _ check: HealthCheck) async {
        while true {
            let now = WallTime.now.nanoseconds, began = container.past.startedAt?.nanoseconds ?? now
            let pause = check.pauseNanoseconds(container.health?.status ?? .starting, sinceStart: now - began)
            do { try await Task.sleep(nanoseconds: UInt64(pause)) } catch { return }
            if container.isPaused { continue }
            let result = await probe(container, check)
            guard container.isRunning, !Task.isCancelled else { return }
            if let result, !container.isPaused { await take(result, check, container) }  // what was paused in the middle says nothing
        }
    }

    private func take(_ result: ProbeResult, _ check: HealthCheck, _ container: Container) async {
        let changed: HealthStatus? = container.state.withLock { state in
            let sinceStart = result.startedAt.nanoseconds - (state.past.startedAt?.nanoseconds ?? 0)
            let isNews = state.health?.take(result, retries: check.retries, isStarting: sinceStart < check.startPeriodNanoseconds) ?? false
            state.past.health = state.health?.status
            return isNews ? state.health?.status : nil
        }
        guard let changed else { return }
        publish("health_status: \(changed.rawValue)", container)
        container.mailbox.post { [log] in
            guard container.isRunning else { return }
            do { try await self.save(container, shouldRun: true) } catch { log.warning("container \(container.id): \(error)") }
        }
    }
}
