// Getting a process into a cgroup, and what that costs. Writing a pid to `cgroup.procs` moves a whole process: the kernel must keep all its
// threads from changing meanwhile, and after some idle time that waits for every processor to pass through a quiet state, about ten
// milliseconds. Two ways have no such wait:
//   v1   a process with one thread that writes 0 (itself) to `tasks`: the kernel then moves one thread only. 0.02 ms a tree.
//   v2   clone3(CLONE_INTO_CGROUP): the child is born there.
// So the child enters by itself where it can (measured here: 0.24 ms for nine trees, against 9 to 14). man 7 cgroups, man 2 clone3. Chapter 04.
public import Linux

/// The doors of a cgroup, opened early so that a process can go through all of them in one burst.
public struct Joiner: ~Copyable {
    private let doors: [(file: FileDescriptor, name: String)]

    fileprivate init(_ paths: [FilePath]) throws(KernelError) {
        var opened: [(FileDescriptor, String)] = []
        do throws(KernelError) {
            for path in paths { opened.append((try open(path, .writeOnly).release(), "\(path)")) }
        } catch {
            for (file, _) in opened { _ = Descriptor(owning: file) }
            throw error
        }
        doors = opened
    }

    deinit { for (file, _) in doors { _ = Descriptor(owning: file) } }

    /// Moves a process, or ourselves (nil), through every door.
    /// - Throws: ESRCH for a process that has ended, ENOSPC for a v1 cpuset without processors.
    public borrowing func join(_ process: ProcessID? = nil) throws(KernelError) {
        for (file, name) in doors {
            do throws(KernelError) {
                try write(file, process.map { "\($0)" } ?? "0")
            } catch {
                throw KernelError(call: "write", subject: "\(process.map { "\($0)" } ?? "0") to \(name)", errno: error.errno)
            }
        }
    }
}

extension Cgroup {
    /// Opens the doors for another process, threads and all: `cgroup.procs` of each tree.
    public func openForJoining() throws(KernelError) -> Joiner {
        try Joiner(directories.map { $0.appending("cgroup.procs") })
    }

    /// Opens the doors for a one-threaded child of ours that will go through them by itself, without the wait: `tasks` of v1's trees. v2's is
    /// left out where the child is to be born in it (`descriptorForClone`), else it is opened the slow way.
    /// - Parameter bornInside: whether the child is cloned into `descriptorForClone`
    public func openForSelf(bornInside: Bool) throws(KernelError) -> Joiner {
        let trees = hierarchies.all.filter { !(bornInside && $0.version == .v2) }
        return try Joiner(trees.map { $0.directory(of: path).appending($0.version == .v1 ? "tasks" : "cgroup.procs") })
    }

    /// The directory for `clone(into:)`: that of the v2 tree, with controllers or (hybrid) without; nil where there is none.
    public func descriptorForClone() throws(KernelError) -> Descriptor? {
        guard let tree = hierarchies.unified else { return nil }
        return try open(tree.directory(of: path), [.readOnly, .directory])
    }

    /// Moves a process into the group.
    public func join(_ process: ProcessID) throws(KernelError) {
        try openForJoining().join(process)
    }
}
