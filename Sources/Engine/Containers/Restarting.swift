// Restart policies carried out: the pure rules of Restarts.swift say that a container goes on and when; here it is waited for and started. A timer
// that has become void (the container was stopped or removed meanwhile, or is started already) finds that out in the mailbox. What is pending is
// in the database, so a daemon that was killed goes on where it was. Chapter 12; Engine API, "Restart policies".
import DockerAPI
import Linux
import Logging
import ShimProtocol
import Synchronization

/// Whether a signal that somebody sends ends the automatic restarts: SIGKILL, the configured stop signal, and any where none is configured.
func cancelsRestart(_ number: Int32, _ config: ContainerConfig) -> Bool {
    guard let configured = config.StopSignal, !configured.isEmpty, number != Signal.kill.rawValue else { return true }
    return signalNumber(configured) == number
}

extension ContainerEngine {
    /// Starts a container again after a while, unless something else happens to it before.
    func restartLater(_ container: Container, _ milliseconds: Int) {
        let ticket = container.state.withLock { state in
            state.restartTicket += 1
            return state.restartTicket
        }
        let log = log
        Task {
            try? await Task.sleep(for: .milliseconds(milliseconds))  // nobody cancels this task
            await self.isReconciled.value
            do {
                try await container.mailbox.perform {
                    guard container.isRestarting, container.state.withLock({ $0.restartTicket }) == ticket else { return }
                    try await self.startNow(container)
                }
            } catch {
                log.warning("container \(container.id): automatic restart: \(error)")
            }
        }
    }

    /// A restart that was pending when an earlier daemon ended: what is left of its delay.
    func resumeRestart(_ container: Container) {
        let past = container.past, due = (past.finishedAt?.nanoseconds ?? 0) + Int64(past.restarts.delayMilliseconds) * 1_000_000
        let left = (due - WallTime.now.nanoseconds) / 1_000_000
        restartLater(container, Int(max(0, min(left, Int64(Restarts.longestDelayMilliseconds)))))
    }
}
