// What every program expects below /dev: six devices and a few links. A container's /dev is a tmpfs that we fill, never the host's, whose
// disks lie there too. mknod(2) is refused in a user namespace, so there the host's own nodes are bind-mounted. man 4 null, random, tty;
// the list is that of the OCI specification, "Default Devices". Chapter 02.
public import Glibc
public import Linux

/// A device node.
public struct DeviceNode: Sendable, Equatable {
    /// Where, from the container's root: `/dev/null`.
    public let path: FilePath
    /// Type and permissions, as `st_mode`: `S_IFCHR | 0o666`.
    public let mode: UInt32
    /// Which driver.
    public let major: UInt32
    /// Which device of that driver.
    public let minor: UInt32
    /// Owner.
    public let user: UInt32
    /// Group.
    public let group: UInt32

    /// Describes a node; a character device that everybody may use, unless told otherwise.
    public init(_ path: FilePath, _ major: UInt32, _ minor: UInt32, mode: UInt32 = S_IFCHR | 0o666, user: UInt32 = 0, group: UInt32 = 0) {
        (self.path, self.major, self.minor, self.mode, self.user, self.group) = (path, major, minor, mode, user, group)
    }

    /// The six that every container gets.
    public static let defaults = [
        DeviceNode("/dev/null", 1, 3), DeviceNode("/dev/zero", 1, 5), DeviceNode("/dev/full", 1, 7), DeviceNode("/dev/random", 1, 8),
        DeviceNode("/dev/urandom", 1, 9), DeviceNode("/dev/tty", 5, 0)
    ]
}

/// Links below /dev: what they are called and what they say.
public let deviceLinks: [(path: FilePath, target: String)] = [
    ("/dev/fd", "/proc/self/fd"), ("/dev/stdin", "/proc/self/fd/0"), ("/dev/stdout", "/proc/self/fd/1"), ("/dev/stderr", "/proc/self/fd/2"),
    ("/dev/ptmx", "pts/ptmx"), ("/dev/core", "/proc/kcore")
]

/// Makes a node below `root`; where the kernel allows no mknod, the host's node of the same path is bind-mounted instead.
/// - Parameter root: a directory of which we made everything on the way to the node, such as a fresh tmpfs on its /dev
public func makeDevice(_ node: DeviceNode, in root: FilePath = "/") throws(KernelError) {
    let place = root.appending(node.path.components)
    do throws(KernelError) {
        try makeNode(place, mode: node.mode, major: node.major, minor: node.minor)
        try changeMode(place, node.mode & 0o7777)  // the umask has taken some away
        if node.user != 0 || node.group != 0 { try changeOwner(place, user: node.user, group: node.group) }
    } catch  where error.errno == EPERM {
        try writeFile(place, "")
        try bind(node.path, onto: place)
    }
}

/// Makes the links below `root`; one that is there already stays as it is.
public func makeDeviceLinks(in root: FilePath = "/") throws(KernelError) {
    for link in deviceLinks {
        do throws(KernelError) {
            try symbolicLink(link.target, at: root.appending(link.path.components))
        } catch {
            guard error.errno == EEXIST else { throw error }
        }
    }
}
