// A cgroup: a name, below which the kernel counts and limits. It is one directory in v2, and one of the same name in each of v1's trees; this
// value makes them look like one. It knows no names of its own: which path, the engine says. man 7 cgroups. Chapter 04.
import Glibc
public import Linux

/// A cgroup, made or not.
public struct Cgroup: Sendable, Equatable {
    /// Its path below the top of each tree, such as `/slipway/4f5a…`.
    public let path: FilePath
    /// The trees in which it is.
    public let hierarchies: Hierarchies

    /// Names a cgroup. `..` leads nowhere but to the top: paths come from configurations, and must not leave the trees.
    public init(_ path: FilePath, in hierarchies: Hierarchies) {
        (self.path, self.hierarchies) = (FilePath(root: "/", path.components).lexicallyNormalized(), hierarchies)
    }

    /// Its directory in each tree.
    public var directories: [FilePath] { hierarchies.all.map { $0.directory(of: path) } }

    /// Whether it is there, in any tree.
    public var exists: Bool { directories.contains { Linux.exists($0) } }

    /// Makes it in every tree, with what is missing above it.
    /// - Throws: EBUSY where it is there and holds processes: two must not share one by accident. What was made is taken away again.
    public func create() throws(KernelError) {
        try requireOwn("mkdir")
        guard try processes().isEmpty else { throw KernelError(call: "mkdir", subject: "\(path)", errno: EBUSY) }
        do throws(KernelError) {
            for tree in hierarchies.all { try make(in: tree) }
        } catch {
            try? remove()  // the first error is the one to tell
            throw error
        }
    }

    /// Every process in it or in a group below it, each once.
    public func processes() throws(KernelError) -> [ProcessID] {
        var found: Set<ProcessID> = []
        for directory in directories { try collect(directory, into: &found) }
        return found.sorted { $0.rawValue < $1.rawValue }
    }

    /// Takes it away, with the groups that its processes have made below it. Those must have ended; that the kernel needs a moment more to
    /// let go of the last is waited for.
    /// - Throws: EBUSY where processes are still in it after `milliseconds`.
    public func remove(within milliseconds: Int = 2000) throws(KernelError) {
        try requireOwn("rmdir")
        let deadline = monotonicNanoseconds() + UInt64(milliseconds) * 1_000_000
        for directory in directories { try removeGroup(directory, until: deadline) }
    }

    /// What it has used, as far as there are controllers that know.
    public func usage() -> Usage {
        var usage = Usage()
        readMemory(&usage)
        readProcessorTime(&usage)
        usage.pids = number("pids", "pids.current")
        return usage
    }

    /// Refuses the top of the trees, in which everybody is: killing or freezing it would be the end of the machine.
    func requireOwn(_ call: String) throws(KernelError) {
        guard !path.components.isEmpty else { throw KernelError(call: call, subject: "/", errno: EPERM) }
    }

    // MARK: Reading a controller's files

    /// A controller's file, or nil without that controller or file.
    func read(_ controller: String, _ file: String) -> String? {
        hierarchies.tree(of: controller).flatMap { try? readText($0.directory(of: path).appending(file)) }  // what cannot be read is not known
    }

    func number(_ controller: String, _ file: String) -> UInt64? {
        read(controller, file).flatMap { UInt64($0.filter { !$0.isWhitespace }) }
    }
}

/// The number behind a word in a file of lines such as `oom_kill 3`.
func entry(_ word: String, in text: String) -> UInt64? {
    for line in text.split(separator: "\n") {
        let fields = line.split(separator: " ")
        if fields.count == 2, fields[0] == word { return UInt64(fields[1]) }
    }
    return nil
}

// MARK: Making

extension Cgroup {
    private func make(in tree: Hierarchy) throws(KernelError) {
        var above = FilePath("/")
        for name in path.components {
            if tree.version == .v2 { try enableControllers(tree.directory(of: above)) }
            above.append(name)
            let directory = tree.directory(of: above)
            do throws(KernelError) { try makeDirectory(directory) } catch  where error.errno == EEXIST { continue }
            if tree.version == .v1, tree.controllers.contains("cpuset") { try inheritCPUSet(directory) }
        }
    }

    /// Hands the v2 controllers that we use on to the groups below; others are not ours to switch on.
    /// - Throws: EBUSY where processes are in the group itself: v2 wants them in its leaves ("no internal processes").
    private func enableControllers(_ directory: FilePath) throws(KernelError) {
        let words = try readText(directory.appending("cgroup.controllers")).split(whereSeparator: \.isWhitespace)
        let enabled = try readText(directory.appending("cgroup.subtree_control")).split(whereSeparator: \.isWhitespace)
        for word in words where !enabled.contains(word) && Controller.all.contains(where: { $0.name == word }) {
            try writeControl(directory.appending("cgroup.subtree_control"), "+\(word)")
        }
    }
}

// MARK: Counting and removing

private func collect(_ directory: FilePath, into found: inout Set<ProcessID>) throws(KernelError) {
    guard let text = try unlessGone({ () throws(KernelError) in try readText(directory.appending("cgroup.procs")) }) else { return }
    found.formUnion(text.split(separator: "\n").compactMap { Int32($0) }.map { ProcessID($0) })
    for group in try subgroups(directory) { try collect(group, into: &found) }
}

private func removeGroup(_ directory: FilePath, until deadline: UInt64) throws(KernelError) {
    while true {
        do throws(KernelError) {
            return try removeDirectory(directory)
        } catch {
            if error.errno == ENOENT { return }
            guard error.errno == EBUSY else { throw error }
            let below = try subgroups(directory)
            guard !below.isEmpty || monotonicNanoseconds() < deadline else { throw error }
            for group in below { try removeGroup(group, until: deadline) }
            if below.isEmpty { pause(milliseconds: 2) }
        }
    }
}

/// The groups directly below: in a cgroup, directories are groups and nothing else.
private func subgroups(_ directory: FilePath) throws(KernelError) -> [FilePath] {
    guard let names = try unlessGone({ () throws(KernelError) in try entries(directory) }) else { return [] }
    return names.map { directory.appending($0) }.filter { (try? status($0, followLinks: false).kind) == .directory }  // gone meanwhile: no group
}

private func unlessGone<Value>(_ body: () throws(KernelError) -> Value) throws(KernelError) -> Value? {
    do throws(KernelError) { return try body() } catch  where error.errno == ENOENT || error.errno == ENODEV { return nil }
}
