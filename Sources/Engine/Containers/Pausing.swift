// Pause and unpause. A paused container runs: it has its process, its networks and its place in `docker ps`; it only does not move. That it stands
// still is known to its shim, which tells the next daemon. What a signal does to it, Stopping.swift says. Chapter 12, over chapter 04's freezer;
// moby, daemon/pause.go.
import ShimProtocol
import Synchronization

extension ContainerEngine {
    /// Stops every process of a container where it is.
    /// - Throws: `conflict` where it does not run, is between two runs, or is paused already; `failed` where it could not be stopped.
    public func pause(_ container: Container) async throws(EngineError) {
        try await asEngineError {
            try await container.mailbox.perform {
                if container.isRestarting { throw EngineError.restarting(container.id) }
                guard let run = container.run else { throw EngineError.notRunning(container.id) }
                guard !container.isPaused else { throw EngineError(.conflict, "container \(container.id) is already paused") }
                do throws(ShimFailure) {
                    try await run.shim.ask(.pause)
                } catch {
                    throw error.kind == .notRunning
                        ? EngineError.notRunning(container.id) : EngineError(.failed, "cannot pause container \(container.id): \(error)")
                }
                container.state.withLock { $0.isPaused = true }
                self.publish("pause", container)
            }
        }
    }

    /// Lets a paused container go on.
    /// - Throws: `failed`, as Docker has it, where it is not paused.
    public func unpause(_ container: Container) async throws(EngineError) {
        try await asEngineError {
            try await container.mailbox.perform {
                guard container.isPaused, let run = container.run else { throw EngineError(.failed, "Container \(container.id) is not paused") }
                do throws(ShimFailure) {
                    try await run.shim.ask(.unpause)
                } catch {
                    throw EngineError(.failed, "cannot unpause container \(container.id): \(error)")
                }
                container.state.withLock { $0.isPaused = false }
                self.publish("unpause", container)
            }
        }
    }
}
