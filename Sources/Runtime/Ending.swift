// The other end of a container's life, for those who aren't its parent: signals to its process, or to all in its cgroup, and taking away what is
// left. Processes are meant by pidfd, so that a number that has changed hands is never hit. man 2 pidfd_send_signal. Chapter 06.

import Cgroups
import Explain
public import Linux
public import OCI

extension ContainerStore {
    /// Sends a signal.
    /// - Parameter all: to every process in the cgroup, not to the first one alone.
    /// - Throws: refused if the container is not running.
    public func signal(_ container: StoredContainer, _ signal: Signal, all: Bool = false) throws(RuntimeError) {
        let step = "send the signal"
        guard isAlive(container) || all else {
            throw RuntimeError(step: step, cause: .refused(what: "container \(container.id)", why: "container not running"))
        }
        do throws(KernelError) {
            if all { return try signalAll(container, signal) }
            try openProcess(container.pid).borrow { (process) throws(KernelError) in
                guard isAlive(container) else { return }  // the number may have changed hands before it was opened
                try send(signal, to: process)
            }
            if signal == .kill { try thaw(container) }
        } catch {
            throw RuntimeError(step: step, cause: .kernel(error))
        }
    }

    /// Frozen by v1's controller, a process does not even hear SIGKILL.
    private func thaw(_ container: StoredContainer) throws(KernelError) {
        try Cgroup(FilePath(container.cgroupPath), in: Hierarchies.discover()).thawAfterKilling()
    }

    private func signalAll(_ container: StoredContainer, _ signal: Signal) throws(KernelError) {
        defer { if signal == .kill { try? thaw(container) } }  // those of v2 need none; an error shows when they do not end
        for process in try Cgroup(FilePath(container.cgroupPath), in: Hierarchies.discover()).processes() {
            do throws(KernelError) { try send(signal, to: process) } catch  where error.errno == 3 { continue }  // ESRCH: ended meanwhile
        }
    }

    /// Takes away what is left of a container: its cgroup, its name.
    /// - Parameter force: kills it first if it lives, and is content if there is none.
    /// - Returns: what hooks complained about.
    @discardableResult
    public func delete(_ id: String, force: Bool) throws(RuntimeError) -> [String] {
        let container: StoredContainer
        do throws(RuntimeError) {
            container = try read(id)
        } catch {
            guard force else { throw error }
            if try list().contains(id) { try forget(id) }  // a `create` that was killed half-way
            return []
        }
        if isAlive(container) {
            guard force || status(of: container) == .created else {
                throw RuntimeError(
                    step: "delete the container",
                    cause: .refused(what: "container \(id)", why: "is not stopped: \(status(of: container).rawValue); --force kills it"))
            }
            try killAndWait(container)
        }
        do throws(KernelError) {
            try removeCgroup(container, force: force)
        } catch {
            throw RuntimeError(step: "remove the cgroup", cause: .kernel(error))
        }
        try forget(id)
        let spec = try? Bundle(path: FilePath(container.bundle)).spec  // a bundle that is gone has no hooks to call any more
        return callHooks(spec?.hooks?.poststop, state: state(of: container, .stopped, annotations: spec?.annotations))
    }

    /// Its processes have ended with PID 1; those of a container without a PID namespace of its own may have not.
    private func removeCgroup(_ container: StoredContainer, force: Bool) throws(KernelError) {
        let cgroup = Cgroup(FilePath(container.cgroupPath), in: try Hierarchies.discover())
        do throws(KernelError) {
            try cgroup.remove(within: force ? 20 : 2000)
        } catch {
            guard force, error.errno == 16 else { throw error }  // EBUSY
            try signalAll(container, .kill)
            try cgroup.remove()
        }
    }

    private func killAndWait(_ container: StoredContainer) throws(RuntimeError) {
        do throws(KernelError) {
            try openProcess(container.pid).borrow { (process) throws(KernelError) in
                guard isAlive(container) else { return }
                try send(.kill, to: process)
                try thaw(container)
                let poll = try Poll()
                try poll.add(process, .readable, token: 0)
                _ = try poll.wait(milliseconds: 10_000)
            }
        } catch {
            guard error.errno == 3 else { throw RuntimeError(step: "kill the container", cause: .kernel(error)) }  // ESRCH: ended by itself
        }
    }

    /// The container's state in the specification's form.
    public func state(of container: StoredContainer, _ status: State.Status, annotations: [String: String]?) -> State {
        State(id: container.id, status: status, pid: status == .stopped ? 0 : container.pid.rawValue, bundle: container.bundle, annotations: annotations)
    }
}
