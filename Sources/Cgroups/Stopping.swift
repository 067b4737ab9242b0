// Ending and freezing all of a cgroup at once. A v2 tree has a file for each: 1 to `cgroup.kill` (5.14) or `cgroup.freeze`, and nobody who
// forks meanwhile escapes; hybrid machines have it too. On v1 alone, freezing is a controller's work that may need repeating, and killing is
// a loop over `cgroup.procs` until nobody is left. cgroup-v2.rst, "Core Interface Files"; cgroup-v1/freezer-subsystem.rst. Chapter 04.
import Glibc
public import Linux

extension Cgroup {
    /// Kills every process in it and below it. They may need a moment to be gone: wait for them, or call `remove`, which does.
    public func kill() throws(KernelError) {
        try requireOwn("kill")
        if let tree = hierarchies.unified, try control(tree, "cgroup.kill", "1") { return }
        for _ in 1...100 {
            let victims = try processes()
            if victims.isEmpty { return }
            for victim in victims {
                do throws(KernelError) { try send(.kill, to: victim) } catch  where error.errno == ESRCH { continue }
            }
            if hierarchies.has("freezer") { try thaw() }  // v1 delivers nothing to those that are frozen
            pause(milliseconds: 5)
        }
        throw KernelError(call: "kill", subject: "\(path)", errno: EBUSY)
    }

    /// Stops every process in it, until `thaw`. Waits for as long as that takes, at most `milliseconds`.
    /// - Throws: ETIMEDOUT where some could not be stopped in time; all go on then. EOPNOTSUPP where the kernel offers no way.
    public func freeze(within milliseconds: Int = 2000) throws(KernelError) {
        try setFrozen(true)
        let deadline = monotonicNanoseconds() + UInt64(milliseconds) * 1_000_000
        while !isFrozen() {
            guard monotonicNanoseconds() < deadline else {
                try thaw()
                throw KernelError(call: "freeze", subject: "\(path)", errno: ETIMEDOUT)
            }
            pause(milliseconds: 1)
            if hierarchies.unified == nil { try setFrozen(true) }  // v1 wants to be asked again for those that came meanwhile
        }
    }

    /// Lets them go on.
    public func thaw() throws(KernelError) {
        try setFrozen(false)
    }

    /// Whether all of it stands still.
    public func isFrozen() -> Bool {
        if let tree = hierarchies.unified {
            let events = try? readText(tree.directory(of: path).appending("cgroup.events"))  // no such group: not frozen
            return events.flatMap { entry("frozen", in: $0) } == 1
        }
        return read("freezer", "freezer.state")?.hasPrefix("FROZEN") ?? false
    }

    private func setFrozen(_ frozen: Bool) throws(KernelError) {
        try requireOwn("freeze")
        if let tree = hierarchies.unified, try control(tree, "cgroup.freeze", frozen ? "1" : "0") { return }
        if let tree = hierarchies.tree(of: "freezer"), try control(tree, "freezer.state", frozen ? "FROZEN" : "THAWED") { return }
        throw KernelError(call: "freeze", subject: "\(path)", errno: EOPNOTSUPP)
    }

    /// Writes a control file; false where the kernel has none of that name.
    private func control(_ tree: Hierarchy, _ file: String, _ text: String) throws(KernelError) -> Bool {
        do throws(KernelError) {
            try writeControl(tree.directory(of: path).appending(file), text)
            return true
        } catch  where error.errno == ENOENT { return false }
    }
}
