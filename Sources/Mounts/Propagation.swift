// Who hears of a mount. A new mount namespace starts as a copy, and where the host's `/` is shared (systemd does that), what is mounted in
// the copy still reaches the host. So a container's first act is to make everything it sees a slave: the host's unmounts still reach it
// (or it would keep a disk busy for ever), its own mounts reach nobody. man 7 mount_namespaces. Chapter 02.
public import Linux

/// How a mount shares what happens beneath it.
public enum Propagation: String, Sendable, CaseIterable {
    /// Both ways, among its peers.
    case shared
    /// Hears, but is not heard.
    case slave
    /// Neither way.
    case `private`
    /// Neither way, and cannot be bind-mounted.
    case unbindable

    var flag: MountFlags {
        switch self {
        case .shared: .shared
        case .slave: .slave
        case .private: .private
        case .unbindable: .unbindable
        }
    }
}

/// Sets the propagation of the mount at `path`. man 2 mount.
/// - Throws: EINVAL where `path` is no mount point.
public func setPropagation(_ path: FilePath, _ propagation: Propagation, recursive: Bool = true) throws(KernelError) {
    try mount(nil, onto: path, recursive ? [propagation.flag, .recursive] : propagation.flag)
}
