// What controllers have in common. Each is a file of its own beside this one, with a table that sets v1's file names beside v2's, and a
// function from `Limits` to writes. A `Write` is a value, so that what would be written can be tested without a kernel, for both versions.
// man 7 cgroups, Linux's Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst. Chapter 04.
import Glibc
public import Linux

/// One thing that can be set, and its file in each version; nil where a version has none.
public struct Setting: Sendable, Equatable {
    /// What it is, in words.
    public let meaning: String
    /// The file in a v1 cgroup.
    public let v1: String?
    /// The file in a v2 cgroup.
    public let v2: String?

    /// The file in a cgroup of this version.
    public func file(_ version: Hierarchy.Version) -> String? { version == .v1 ? v1 : v2 }
}

/// A text to be written to a file of a cgroup.
public struct Write: Sendable, Equatable {
    /// The file's name.
    public let file: String
    /// What to write.
    public let text: String
    /// What it is for.
    public let meaning: String
    /// Whether a kernel without this file is told about (`Missing`) instead of being a failure.
    public let optional: Bool

    init(_ file: String, _ text: String, _ meaning: String, optional: Bool = false) {
        (self.file, self.text, self.meaning, self.optional) = (file, text, meaning, optional)
    }
}

/// A controller: which limits it is for, and how they are written.
public struct Controller: Sendable {
    /// Its name in mountinfo and `cgroup.controllers`.
    public let name: String
    /// Its table.
    public let settings: [Setting]
    /// The writes that set these limits, in the order in which the kernel takes them. `read` gives a file's present text, nil without it.
    public let writes: @Sendable (Limits, Hierarchy.Version, _ read: (String) -> String?) -> [Write]

    /// All controllers that `Limits` knows.
    public static let all = [memory, cpu, cpuset, pids]
}

extension Cgroup {
    /// Sets limits. What `limits` leaves out stays as it is.
    /// - Returns: limits that this kernel cannot set, for which there is no controller or no file; to be told to whoever asked.
    /// - Throws: EINVAL for values that the kernel refuses, EBUSY for a memory limit below what is in use.
    @discardableResult
    public func apply(_ limits: Limits) throws(KernelError) -> [Missing] {
        var changes: [Change]?
        return try apply(limits, &changes)
    }

    /// Changes the limits of a group that is in use: all of them, or none.
    /// - Returns: as `apply`.
    /// - Throws: as `apply`; what was changed before that is as it was.
    @discardableResult
    public func change(_ limits: Limits) throws(KernelError) -> [Missing] {
        var changes: [Change]? = []
        do throws(KernelError) {
            return try apply(limits, &changes)
        } catch {
            // What held a moment ago can be had again; the first error is the one to tell.
            for change in (changes ?? []).reversed() { try? writeControl(change.path, change.before) }  // see above
            throw error
        }
    }

    /// A file that was written, and what it said before.
    private struct Change {
        let path: FilePath, before: String
    }

    private func apply(_ limits: Limits, _ changes: inout [Change]?) throws(KernelError) -> [Missing] {
        var missing: [Missing] = []
        for controller in Controller.all {
            let tree = hierarchies.tree(of: controller.name)
            let folder = tree.map { $0.directory(of: path) }
            let version = tree?.version ?? .v2
            let writes = controller.writes(limits, version) { file in folder.flatMap { try? readText($0.appending(file)) } }  // nil: no such file
            guard let folder else {
                missing += writes.map { Missing(wanted: $0.meaning, reason: "no \(controller.name) controller") }
                continue
            }
            for write in writes {
                do throws(KernelError) {
                    let file = folder.appending(write.file), before = changes == nil ? "" : try readText(file).filter { !$0.isNewline }
                    try writeControl(file, write.text)
                    changes?.append(Change(path: file, before: before))
                } catch {
                    guard error.errno == ENOENT, write.optional else { throw error }
                    missing.append(Missing(wanted: write.meaning, reason: "the kernel has no \(write.file)"))
                }
            }
        }
        return missing
    }
}

/// A limit as the kernel takes it: v1 writes "no limit" as -1, v2 as `max`.
func text(_ limit: Int64, _ version: Hierarchy.Version) -> String {
    limit < 0 ? (version == .v1 ? "-1" : "max") : "\(limit)"
}
