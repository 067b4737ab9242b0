// New limits for a container that runs: all of them, or none. What the kernel's EBUSY means here (a limit below what is in use) is said in runc's
// words, with the numbers that one needs to choose a better one. Chapter 06, over chapter 04's `change`.
public import Cgroups
import Explain
import Linux
public import OCI

/// Changes limits; what `resources` does not say stays as it is.
/// - Returns: limits that this kernel cannot set, in words.
/// - Throws: the step `change the limits`; everything is as it was then.
public func changeLimits(of cgroup: Cgroup, to resources: OCI.Resources) throws(RuntimeError) -> [String] {
    let limits = Limits(resources), step = "change the limits"
    do throws(KernelError) {
        return try cgroup.change(limits).map(\.description)
    } catch {
        guard error.errno == Errno.resourceBusy.rawValue, let limit = limits.memoryBytes, let memory = cgroup.statistics().memory else {
            throw RuntimeError(step: step, cause: .kernel(error))
        }
        throw RuntimeError(
            step: step,
            cause: .refused(
                what: "unable to set memory limit to \(limit)", why: "current usage: \(memory.usageBytes), peak usage: \(memory.peakBytes ?? memory.usageBytes)"
            ))
    }
}

extension ContainerStore {
    /// Changes the limits of a container that has not ended.
    /// - Returns: limits that this kernel cannot set, in words.
    /// - Throws: refused in runc's words if it has ended.
    public func update(_ container: StoredContainer, _ resources: OCI.Resources) throws(RuntimeError) -> [String] {
        guard isAlive(container) else {
            throw RuntimeError(step: "change the limits", cause: .refused(what: "container \(container.id)", why: "container not running"))
        }
        return try changeLimits(of: cgroup(of: container), to: resources)
    }
}
