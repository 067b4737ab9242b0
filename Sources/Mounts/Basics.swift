// The file systems without which hardly any program runs: /proc, a /dev of one's own, /sys. Not files on a disk but the kernel's answers, so
// a new root gets new mounts of them, never the host's. The list is that of the OCI specification ("Default Filesystems"). Chapter 02.
import Glibc
public import Linux

/// A file system that the kernel provides, and where it is expected.
public struct BasicMount: Sendable, Equatable {
    /// Where, from the new root.
    public let path: FilePath
    /// Its type.
    public let type: String
    /// Option words.
    public let options: [String]

    /// What every root gets, in an order in which no mount hides an earlier one.
    public static let all = [
        BasicMount(path: "/proc", type: "proc", options: ["nosuid", "noexec", "nodev"]),
        BasicMount(path: "/dev", type: "tmpfs", options: ["nosuid", "strictatime", "mode=755", "size=65536k"]),
        BasicMount(path: "/dev/pts", type: "devpts", options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]),
        BasicMount(path: "/dev/shm", type: "tmpfs", options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
        BasicMount(path: "/dev/mqueue", type: "mqueue", options: ["nosuid", "noexec", "nodev"]),
        BasicMount(path: "/sys", type: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"])
    ]
}

/// Mounts what every root gets and fills its /dev, before `pivot`.
///
/// /sys shows the network namespace that we are in, and belongs to its owner: a user namespace without a network namespace of its own may not
/// mount it (EPERM), and then goes without.
/// - Parameter place: opens the directory for a path below the new root, made if need be, so that no link can lead outside
public func mountBasics(place: (FilePath) throws(KernelError) -> Descriptor) throws(KernelError) {
    for basic in BasicMount.all {
        try place(basic.path).borrow { (directory) throws(KernelError) in
            let target = FilePath("/proc/self/fd/\(directory.rawValue)")
            do throws(KernelError) {
                try attach(basic.type, onto: target, type: basic.type, .parse(basic.options))
            } catch {
                guard basic.type == "sysfs" || basic.type == "mqueue", error.errno == EPERM else { throw error }
            }
        }
    }
    try place("/").borrow { (root) throws(KernelError) in
        let start = FilePath("/proc/self/fd/\(root.rawValue)")
        for node in DeviceNode.defaults { try makeDevice(node, in: start) }
        try makeDeviceLinks(in: start)
    }
}
