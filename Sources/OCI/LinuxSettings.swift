// `linux` of a bundle's `config.json`: namespaces, devices, masked paths, sysctls; resources and seccomp have files of their own.
//
// Named LinuxSettings, not Linux: a type of that name would hide the module Linux wherever both are imported.
//
// https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md · chapter 06

/// What only Linux has.
public struct LinuxSettings: Codable, Equatable, Sendable {
    /// Namespaces to make, or (with a path) to join. One that is absent is shared with the runtime.
    public var namespaces: [Namespace]?
    /// User ids inside → outside; for a new user namespace.
    public var uidMappings: [IDMapping]?
    /// Group ids inside → outside.
    public var gidMappings: [IDMapping]?
    /// Device nodes to make besides the default ones.
    public var devices: [Device]?
    /// Cgroup relative to the root of every hierarchy.
    public var cgroupsPath: String?
    /// Limits of the cgroup.
    public var resources: Resources?
    /// `slave`, `private`, `shared`, `unbindable`, each also with an `r` before it.
    public var rootfsPropagation: String?
    /// System-call filter.
    public var seccomp: SeccompSettings?
    /// Kernel parameters by dotted name; only those that a namespace owns are allowed.
    public var sysctl: [String: String]?
    /// Paths that are hidden under /dev/null or an empty directory.
    public var maskedPaths: [String]?
    /// Paths that are remounted read-only.
    public var readonlyPaths: [String]?
    /// SELinux label of mounts.
    public var mountLabel: String?

    /// Nothing but the given namespaces; set what else is wanted.
    public init(namespaces: [Namespace]? = nil) { self.namespaces = namespaces }
}

/// A namespace to make or to join.
public struct Namespace: Codable, Equatable, Sendable {
    /// `pid`, `network`, `mount`, `ipc`, `uts`, `user`, `cgroup` or `time`.
    public var type: String
    /// A file such as `/proc/PID/ns/net` to join; absent: make a new one.
    public var path: String?

    /// A namespace of kind `type`.
    public init(type: String, path: String? = nil) {
        self.type = type
        self.path = path
    }
}

/// A range of ids: `containerID…` inside is `hostID…` outside.
public struct IDMapping: Codable, Equatable, Sendable {
    /// First id inside.
    public var containerID: UInt32
    /// First id outside.
    public var hostID: UInt32
    /// How many.
    public var size: UInt32

    /// A range of `size` ids.
    public init(containerID: UInt32, hostID: UInt32, size: UInt32) {
        self.containerID = containerID
        self.hostID = hostID
        self.size = size
    }
}

/// A device node to make.
public struct Device: Codable, Equatable, Sendable {
    /// Absolute path inside.
    public var path: String
    /// `c` or `u` character, `b` block, `p` FIFO.
    public var type: String
    /// Major number.
    public var major: Int64?
    /// Minor number.
    public var minor: Int64?
    /// Permission bits, 0666 if absent.
    public var fileMode: UInt32?
    /// Owner.
    public var uid: UInt32?
    /// Group.
    public var gid: UInt32?

    /// A node at `path`.
    public init(path: String, type: String, major: Int64? = nil, minor: Int64? = nil, fileMode: UInt32? = nil, uid: UInt32? = nil, gid: UInt32? = nil) {
        self.path = path
        self.type = type
        self.major = major
        self.minor = minor
        self.fileMode = fileMode
        self.uid = uid
        self.gid = gid
    }
}
