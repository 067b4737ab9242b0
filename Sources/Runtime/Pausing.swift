// Stopping all processes of a container where they are, and letting them go on: the freezer's work. What they hold stays held (memory, connections,
// locks), and they notice only that the clock has moved. Nobody can be added meanwhile, and only SIGKILL still ends them. Chapter 06, over
// chapter 04's `freeze`.
public import Cgroups
import Explain
public import Linux
import OCI

/// Stops every process of a container's cgroup. Waits until the last one stands still, two seconds at most.
/// - Throws: the step `pause the container`; all run on then.
public func pauseProcesses(of cgroup: Cgroup) throws(RuntimeError) {
    try asking("pause the container") { () throws(KernelError) in try cgroup.freeze() }
}

/// Lets them go on.
/// - Throws: the step `resume the container`.
public func resumeProcesses(of cgroup: Cgroup) throws(RuntimeError) {
    try asking("resume the container") { () throws(KernelError) in try cgroup.thaw() }
}

extension ContainerStore {
    /// Stops a container that runs, or waits for its start, where it is.
    /// - Throws: refused in runc's words if there is nothing to stop.
    public func pause(_ container: StoredContainer) throws(RuntimeError) {
        let status = status(of: container)
        guard status == .running || status == .created else {
            throw RuntimeError(step: "pause the container", cause: .refused(what: "container \(container.id)", why: "container not running"))
        }
        try pauseProcesses(of: cgroup(of: container))
    }

    /// Lets a paused container go on.
    /// - Throws: refused in runc's words if it is not paused.
    public func resume(_ container: StoredContainer) throws(RuntimeError) {
        guard status(of: container) == .paused else {
            throw RuntimeError(step: "resume the container", cause: .refused(what: "container \(container.id)", why: "container not paused"))
        }
        try resumeProcesses(of: cgroup(of: container))
    }

    /// The container's cgroup, as this machine's hierarchies lie.
    public func cgroup(of container: StoredContainer) throws(RuntimeError) -> Cgroup {
        try asking("find the cgroup") { () throws(KernelError) in Cgroup(FilePath(container.cgroupPath), in: try Hierarchies.discover()) }
    }

    /// Every process of a container, as the host counts them; none of one that has ended.
    public func processes(of container: StoredContainer) throws(RuntimeError) -> [ProcessID] {
        let cgroup = try cgroup(of: container)
        return try asking("list the processes") { () throws(KernelError) in try cgroup.processes() }
    }

    /// How many of a container's processes the kernel has killed because its memory limit was reached.
    public func outOfMemoryKills(in container: StoredContainer) throws(RuntimeError) -> UInt64 {
        try cgroup(of: container).outOfMemoryKills() ?? 0
    }

    /// What a container has used until now.
    /// - Throws: refused in runc's words if it does not run.
    public func statistics(of container: StoredContainer) throws(RuntimeError) -> Statistics {
        guard isAlive(container) else {
            throw RuntimeError(
                step: "read the statistics", cause: .refused(what: "container \(container.id)", why: "container with id \(container.id) is not running"))
        }
        return try cgroup(of: container).statistics()
    }
}

func asking<Result>(_ step: String, _ body: () throws(KernelError) -> Result) throws(RuntimeError) -> Result {
    do throws(KernelError) { return try body() } catch { throw RuntimeError(step: step, cause: .kernel(error)) }
}
