// From namespaces to clone flags. clone3(2) and unshare(2) make several namespaces in one call; which ones, a set of bits says, a bit for
// each kind. man 7 namespaces has the table. Chapter 03, exercise 1.
public import Linux

/// The flags that ask the kernel for a new namespace of each of these kinds.
/// - Parameter namespaces: the kinds that are wanted, in any order; a kind may stand there twice
/// - Returns: the union of their flags; empty for an empty list.
public func cloneFlags(for namespaces: [Namespace]) -> NamespaceFlags {
    // lab: 03.1 collect the flag of every namespace in the list
    var flags: NamespaceFlags = []
    for namespace in namespaces {
        switch namespace {
        case .mount: flags.insert(.mount)
        case .uts: flags.insert(.uts)
        case .ipc: flags.insert(.ipc)
        case .pid: flags.insert(.pid)
        case .network: flags.insert(.network)
        case .user: flags.insert(.user)
        case .cgroup: flags.insert(.cgroup)
        case .time: flags.insert(.time)
        }
    }
    return flags
    // lab: end
}
