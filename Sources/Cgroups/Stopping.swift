// Ending all of a cgroup at once. A v2 tree has a file for it, `cgroup.kill` (5.14), and nobody who forks meanwhile escapes; hybrid machines have
// it too. On v1 alone killing is a loop over `cgroup.procs` until nobody is left, and those that are frozen must thaw to die.
// cgroup-v2.rst, "Core Interface Files". Chapter 04.
import Glibc
public import Linux

extension Cgroup {
    /// Kills every process in it and below it. They may need a moment to be gone: wait for them, or call `remove`, which does.
    public func kill() throws(KernelError) {
        try requireOwn("kill")
        if let tree = hierarchies.unified, try control(tree, "cgroup.kill", "1") { return try thawAfterKilling() }
        for _ in 1...100 {
            let victims = try processes()
            if victims.isEmpty { return }
            for victim in victims {
                do throws(KernelError) { try send(.kill, to: victim) } catch  where error.errno == ESRCH { continue }
            }
            try thawAfterKilling()
            pause(milliseconds: 5)
        }
        throw KernelError(call: "kill", subject: "\(path)", errno: EBUSY)
    }

    /// Writes a control file; false where the kernel has none of that name.
    func control(_ tree: Hierarchy, _ file: String, _ text: String) throws(KernelError) -> Bool {
        do throws(KernelError) {
            try writeControl(tree.directory(of: path).appending(file), text)
            return true
        } catch  where error.errno == ENOENT { return false }
    }
}
