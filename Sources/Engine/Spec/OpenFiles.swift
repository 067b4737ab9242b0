// How many files a process may have open: the daemon as many as it can (a socket for each shim, each stream, each name service), its containers as
// many as it was given itself, so that a soft limit which the administrator chose holds for them. man 2 getrlimit. Chapter 12.
public import Linux
import OCI

/// `RLIMIT_NOFILE` as a process has it.
public struct OpenFiles: Sendable, Equatable {
    public var soft: UInt64, hard: UInt64

    /// The limits of this process.
    /// - Returns: nil where /proc does not say.
    static func current() throws(KernelError) -> OpenFiles? {
        let line = try readText("/proc/self/limits").split(separator: "\n").first { $0.hasPrefix("Max open files") }
        let numbers = (line ?? "").split(separator: " ").dropFirst(3).prefix(2).map { $0 == "unlimited" ? UInt64.max : UInt64($0) ?? 0 }
        return numbers.count == 2 && numbers[1] > 0 ? OpenFiles(soft: numbers[0], hard: numbers[1]) : nil
    }

    /// Lets this process open as many files as it may.
    /// - Returns: what held before, which its children are to have.
    public static func raise() throws(KernelError) -> OpenFiles? {
        guard let before = try current(), let number = resourceNumber(named: "RLIMIT_NOFILE") else { return nil }
        try setResourceLimit(number, soft: before.hard, hard: before.hard)
        return before
    }

    var limit: ResourceLimit { ResourceLimit(type: "RLIMIT_NOFILE", hard: hard, soft: soft) }
}
