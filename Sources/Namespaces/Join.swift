// Making and joining namespaces: what a container's process is to get of each kind. A kind is either made new (clone3 or unshare), or
// joined (setns) by a path such as /proc/812/ns/net, or left as it is. Two kinds are special: joining a PID namespace holds for later
// children only, and joining a user namespace decides who owns what is made afterwards; both come before the clone, the rest after it.
// man 2 setns, unshare. Chapter 03.
public import Linux

/// A namespace that exists, and where it can be had.
public struct JoinTarget: Sendable, Equatable {
    /// Its kind; setns refuses a file of another kind.
    public let kind: Namespace
    /// A file on nsfs: /proc/PID/ns/…, a descriptor's /proc/PID/fd/N, or a bind mount of one.
    public let path: FilePath

    /// Names an existing namespace.
    public init(_ kind: Namespace, at path: FilePath) {
        (self.kind, self.path) = (kind, path)
    }
}

/// A list of namespaces that cannot be.
public enum NamespacesError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A kind is named twice: made twice, joined twice, or both.
    case twice(Namespace)
    /// A user or group map that cannot be read, and why.
    case badMap(String, why: String)
    /// The kernel said no.
    case kernel(KernelError)

    public var description: String {
        switch self {
        case .twice(let kind): "namespaces: \(kind.rawValue) is named twice"
        case .badMap(let text, let why): "id map \"\(text)\": \(why)"
        case .kernel(let error): error.description
        }
    }
}

/// What a process gets of each kind: made new, joined, or (named in neither list) shared with its parent.
public struct NamespacePlan: Sendable, Equatable {
    /// Kinds to make.
    public let create: [Namespace]
    /// Namespaces to join.
    public let join: [JoinTarget]

    /// Checks that no kind is named twice.
    public init(create: [Namespace], join: [JoinTarget] = []) throws(NamespacesError) {
        var seen: Set<Namespace> = []
        for kind in create + join.map(\.kind) {
            guard seen.insert(kind).inserted else { throw .twice(kind) }
        }
        (self.create, self.join) = (create, join)
    }

    /// The flags for clone3 or unshare.
    public var flags: NamespaceFlags { cloneFlags(for: create) }
    /// What has to be joined before the clone: they take effect, or give ownership, at the clone only.
    public var joinBeforeClone: [JoinTarget] { join.filter { $0.kind == .user || $0.kind == .pid } }
    /// What the child joins by itself.
    public var joinAfterClone: [JoinTarget] { join.filter { $0.kind != .user && $0.kind != .pid } }
    /// Whether the process gets this kind for itself, made or joined.
    public func isolates(_ kind: Namespace) -> Bool { create.contains(kind) || join.contains { $0.kind == kind } }
}

/// Joins existing namespaces, in the order that `joinOrder` gives. For programs with one thread.
///
/// All are opened before the first is joined: afterwards their paths may lead elsewhere, or we may no longer read them.
public func join(_ targets: [JoinTarget]) throws(KernelError) {
    var opened: [Namespace: FileDescriptor] = [:]
    defer { for descriptor in opened.values { _ = Descriptor(owning: descriptor) } }
    for target in targets {
        opened[target.kind] = try open(target.path, .readOnly).release()
    }
    for kind in joinOrder(targets.map(\.kind)) {
        if let descriptor = opened[kind] { try setNamespace(descriptor, kind.cloneFlag, subject: kind.procName) }
    }
}

/// Joins those of the wanted namespaces of a process that are not ours already: joining one's own user namespace is an error (EINVAL).
/// - Returns: the kinds that were joined.
@discardableResult
public func join(_ process: ProcessID, _ kinds: [Namespace] = Namespace.allCases) throws(KernelError) -> [Namespace] {
    var foreign: [Namespace] = []
    for kind in kinds where exists(kind.path(of: process)) {
        if try identity(of: process, kind) != identity(of: currentProcess(), kind) { foreign.append(kind) }
    }
    try join(foreign.map { JoinTarget($0, at: $0.path(of: process)) })
    return foreign
}
