// The kinds of namespace. A namespace is what a process sees of one kind of thing: of mounts, of names, of processes. Every process has
// one of each kind, and the kernel names it by an inode: /proc/PID/ns/net reads `net:[4026531840]`. Two processes with the same inode
// share that view. Our words are those of the OCI runtime specification. man 7 namespaces. Chapter 03.
public import Linux

/// A kind of namespace; the raw value is its word in an OCI `config.json`.
public enum Namespace: String, CaseIterable, Sendable, Codable {
    /// Mounts: which file systems lie where. man 7 mount_namespaces
    case mount
    /// The host's name and domain. man 7 uts_namespaces
    case uts
    /// System V objects and POSIX message queues. man 7 ipc_namespaces
    case ipc
    /// Process numbers; whoever comes first is PID 1. man 7 pid_namespaces
    case pid
    /// Interfaces, addresses, routes, rules, ports. man 7 network_namespaces
    case network
    /// Users, groups and the capabilities over all the others. man 7 user_namespaces
    case user
    /// Where the cgroup tree begins. man 7 cgroup_namespaces
    case cgroup
    /// Offsets of the monotonic and boot clocks. man 7 time_namespaces
    case time

    /// Its name below /proc/PID/ns.
    public var procName: String {
        switch self {
        case .mount: "mnt"
        case .network: "net"
        default: rawValue
        }
    }

    /// Finds a kind by its word in OCI files or by its name below /proc/PID/ns.
    public init?(name: String) {
        guard let kind = Namespace.allCases.first(where: { name == $0.rawValue || name == $0.procName }) else { return nil }
        self = kind
    }

    /// Its `CLONE_NEW…` flag, which clone3, unshare and setns all take.
    public var cloneFlag: NamespaceFlags { cloneFlags(for: [self]) }

    /// The file that stands for the namespace of this kind in which `process` lives.
    public func path(of process: ProcessID) -> FilePath { FilePath("/proc/\(process.rawValue)/ns/\(procName)") }
}

/// Which namespace of its kind: equal means the same one.
public struct NamespaceIdentity: Hashable, Sendable, CustomStringConvertible {
    /// The kind.
    public let kind: Namespace
    /// The number in `net:[4026531840]`: the inode on the kernel's nsfs.
    public let inode: UInt64

    /// As the kernel writes it, such as `net:[4026531840]`.
    public var description: String { "\(kind.procName):[\(inode)]" }
}

/// The namespace of one kind in which a process lives.
/// - Throws: ENOENT where the kernel has no such kind or process; EACCES where we may not look.
public func identity(of process: ProcessID, _ kind: Namespace) throws(KernelError) -> NamespaceIdentity {
    NamespaceIdentity(kind: kind, inode: try status(kind.path(of: process)).inode)
}
