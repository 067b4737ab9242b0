// Stopping all of a cgroup where it is, and letting it go on. v2 has `cgroup.freeze` in every cgroup, and says in `cgroup.events` when the last
// process stands still; those can be killed as they stand. v1 has a controller for it, which may need asking again for processes that came
// meanwhile, and delivers no signal before the thaw, not even SIGKILL. A hybrid machine has both, and one of them is enough: v2's is taken where
// its tree has the file. cgroup-v2.rst, "Core Interface Files"; cgroup-v1/freezer-subsystem.rst. Chapter 04.
import Glibc
public import Linux

/// What can stop a cgroup's processes.
enum Freezer: Equatable {
    /// `cgroup.freeze` of a v2 tree, with or without controllers.
    case unified(Hierarchy)
    /// v1's controller.
    case controller(Hierarchy)
}

extension Cgroup {
    /// Which way this cgroup can be frozen; nil where there is none. Probed each time: it costs one look at a directory.
    var freezer: Freezer? {
        if let tree = hierarchies.unified, Linux.exists(tree.directory(of: path).appending("cgroup.freeze")) { return .unified(tree) }
        return hierarchies.tree(of: "freezer").flatMap { $0.version == .v1 ? .controller($0) : nil }
    }

    /// Stops every process in it, until `thaw`. Waits until the last one stands still, at most `milliseconds`.
    /// - Throws: ETIMEDOUT where some could not be stopped in time; all go on then. EOPNOTSUPP where the kernel offers no way. ENOENT without
    ///   such a cgroup.
    public func freeze(within milliseconds: Int = 2000) throws(KernelError) {
        try setFrozen(true)
        let deadline = monotonicNanoseconds() + UInt64(milliseconds) * 1_000_000
        while !isFrozen() {
            guard monotonicNanoseconds() < deadline else {
                try thaw()
                throw KernelError(call: "freeze", subject: "\(path)", errno: ETIMEDOUT)
            }
            pause(milliseconds: 1)
            if case .controller = freezer { try setFrozen(true) }
        }
    }

    /// Lets them go on.
    public func thaw() throws(KernelError) { try setFrozen(false) }

    /// Whether all of it stands still.
    public func isFrozen() -> Bool {
        switch freezer {
        case .unified(let tree):
            let events = try? readText(tree.directory(of: path).appending("cgroup.events"))  // no such group: not frozen
            return events.flatMap { entry("frozen", in: $0) } == 1
        case .controller: return read("freezer", "freezer.state")?.hasPrefix("FROZEN") ?? false
        case nil: return false
        }
    }

    /// v1 delivers nothing to those that are frozen: after a SIGKILL they must go on to end.
    public func thawAfterKilling() throws(KernelError) {
        if case .controller(let tree) = freezer { _ = try control(tree, "freezer.state", "THAWED") }
    }

    private func setFrozen(_ frozen: Bool) throws(KernelError) {
        try requireOwn("freeze")
        let isWritten =
            switch freezer {
            case .unified(let tree): try control(tree, "cgroup.freeze", frozen ? "1" : "0")
            case .controller(let tree): try control(tree, "freezer.state", frozen ? "FROZEN" : "THAWED")
            case nil: throw KernelError(call: "freeze", subject: "\(path)", errno: EOPNOTSUPP)
            }
        guard isWritten else { throw KernelError(call: "freeze", subject: "\(path)", errno: ENOENT) }
    }
}
