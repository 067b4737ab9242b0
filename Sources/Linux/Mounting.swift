// The mount calls, old and new. The old ones take a path and a word of flags; the new ones (5.2 and later) make a file system, set it up
// option by option, and only then put it into the tree. man 2 mount, umount2, pivot_root, fsopen (kernel's Documentation/filesystems/mount_api).
// Chapters 01 and 02.
import CLinux
import Glibc

/// The flags of man 2 mount.
public struct MountFlags: OptionSet, Sendable, CustomStringConvertible {
    public let rawValue: UInt
    public init(rawValue: UInt) { self.rawValue = rawValue }
    /// `MS_RDONLY`
    public static let readOnly = MountFlags(rawValue: 1)
    /// `MS_NOSUID`
    public static let noSetUserID = MountFlags(rawValue: 2)
    /// `MS_NODEV`
    public static let noDevices = MountFlags(rawValue: 4)
    /// `MS_NOEXEC`
    public static let noExecute = MountFlags(rawValue: 8)
    /// `MS_SYNCHRONOUS`
    public static let synchronous = MountFlags(rawValue: 16)
    /// `MS_REMOUNT`
    public static let remount = MountFlags(rawValue: 32)
    /// `MS_DIRSYNC`
    public static let directorySynchronous = MountFlags(rawValue: 128)
    /// `MS_NOATIME`
    public static let noAccessTime = MountFlags(rawValue: 1024)
    /// `MS_NODIRATIME`
    public static let noDirectoryAccessTime = MountFlags(rawValue: 2048)
    /// `MS_BIND`
    public static let bind = MountFlags(rawValue: 4096)
    /// `MS_MOVE`
    public static let move = MountFlags(rawValue: 8192)
    /// `MS_REC`
    public static let recursive = MountFlags(rawValue: 16384)
    /// `MS_UNBINDABLE`
    public static let unbindable = MountFlags(rawValue: 1 << 17)
    /// `MS_PRIVATE`
    public static let `private` = MountFlags(rawValue: 1 << 18)
    /// `MS_SLAVE`
    public static let slave = MountFlags(rawValue: 1 << 19)
    /// `MS_SHARED`
    public static let shared = MountFlags(rawValue: 1 << 20)
    /// `MS_RELATIME`
    public static let relativeAccessTime = MountFlags(rawValue: 1 << 21)
    /// `MS_STRICTATIME`
    public static let strictAccessTime = MountFlags(rawValue: 1 << 24)

    private static let names: [(MountFlags, String)] = [
        (.readOnly, "ro"), (.noSetUserID, "nosuid"), (.noDevices, "nodev"), (.noExecute, "noexec"), (.synchronous, "sync"), (.remount, "remount"),
        (.directorySynchronous, "dirsync"), (.noAccessTime, "noatime"), (.noDirectoryAccessTime, "nodiratime"), (.bind, "bind"), (.move, "move"),
        (.recursive, "rec"), (.unbindable, "unbindable"), (.private, "private"), (.slave, "slave"), (.shared, "shared"),
        (.relativeAccessTime, "relatime"), (.strictAccessTime, "strictatime")
    ]

    /// The words that mount(8) uses, joined by commas.
    public var description: String { Self.names.filter { contains($0.0) }.map(\.1).joined(separator: ",") }
}

/// Attaches, binds, moves or changes a mount. Blocks for network file systems. man 2 mount.
/// - Parameters:
///   - source: nil where the kind needs none
///   - data: the file system's own options, at most 4,095 bytes
public func mount(
    _ source: String?, onto target: FilePath, type: String? = nil, _ flags: MountFlags = [], data: String? = nil
) throws(KernelError) {
    let words = [type, flags.isEmpty ? nil : flags.description, data].compactMap(\.self).joined(separator: " ")
    try call("mount", "\(source ?? "none") onto \(target)\(words.isEmpty ? "" : " \(words)")") {
        unsafe target.cString { unsafe Glibc.mount(source ?? "none", $0, type, flags.rawValue, data) }
    }
}

/// How to unmount: man 2 umount2.
public struct UnmountFlags: OptionSet, Sendable {
    public let rawValue: CInt
    public init(rawValue: CInt) { self.rawValue = rawValue }
    /// `MNT_FORCE`
    public static let force = UnmountFlags(rawValue: 1)
    /// `MNT_DETACH`: away from the tree now, gone when nobody uses it any more
    public static let detach = UnmountFlags(rawValue: 2)
    /// `UMOUNT_NOFOLLOW`
    public static let noFollow = UnmountFlags(rawValue: 8)
}

/// Takes the topmost mount at a path away. man 2 umount2.
public func unmount(_ target: FilePath, _ flags: UnmountFlags = []) throws(KernelError) {
    try call("umount2", "\(target)\(flags.contains(.detach) ? " detach" : "")") { unsafe target.cString { unsafe Glibc.umount2($0, flags.rawValue) } }
}

/// Swaps the root mount of this mount namespace. man 2 pivot_root, "pivot_root(".", ".")".
public func pivotRoot(_ new: FilePath, _ old: FilePath) throws(KernelError) {
    try call("pivot_root", "\(new) \(old)") { unsafe new.cString { one in unsafe old.cString { unsafe slipway_pivot_root(one, $0) } } }
}

/// Changes what `/` means for this process. It is no wall: see chapter 01. man 2 chroot.
public func changeRoot(_ path: FilePath) throws(KernelError) {
    try call("chroot", "\(path)") { unsafe path.cString { unsafe Glibc.chroot($0) } }
}

/// Changes the current directory. man 2 chdir.
public func changeDirectory(_ path: FilePath) throws(KernelError) {
    try call("chdir", "\(path)") { unsafe path.cString { unsafe Glibc.chdir($0) } }
}

/// Changes the current directory to an open one. man 2 fchdir.
public func changeDirectory(_ directory: FileDescriptor) throws(KernelError) {
    try call("fchdir", "\(directory.rawValue)") { Glibc.fchdir(directory.rawValue) }
}

// MARK: The new mount API

/// Attributes of a mount in the new API: `MOUNT_ATTR_` of man 2 mount_setattr.
public struct MountAttributes: OptionSet, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// `MOUNT_ATTR_RDONLY`
    public static let readOnly = MountAttributes(rawValue: 1)
    /// `MOUNT_ATTR_NOSUID`
    public static let noSetUserID = MountAttributes(rawValue: 2)
    /// `MOUNT_ATTR_NODEV`
    public static let noDevices = MountAttributes(rawValue: 4)
    /// `MOUNT_ATTR_NOEXEC`
    public static let noExecute = MountAttributes(rawValue: 8)
}

/// Starts a file system that is in no tree yet. man 2 fsopen.
public func openFileSystem(_ type: String) throws(KernelError) -> Descriptor {
    Descriptor(try call("fsopen", type) { unsafe slipway_fsopen(type, 1) })
}

/// Sets one option of a file system that is being made; nil as value for a flag. man 2 fsconfig.
public func configure(_ context: FileDescriptor, _ key: String, _ value: String?) throws(KernelError) {
    try call("fsconfig", value.map { "\(key)=\($0)" } ?? key) {
        unsafe slipway_fsconfig(context.rawValue, value == nil ? 0 : 1, key, value, 0)
    }
}

/// Creates the file system as set up, and gives a mount of it that is in no tree yet. man 2 fsconfig, fsmount.
public func mountFileSystem(_ context: FileDescriptor, _ attributes: MountAttributes = []) throws(KernelError) -> Descriptor {
    try call("fsconfig", "CMD_CREATE") { slipway_fsconfig(context.rawValue, 6, nil, nil, 0) }
    return Descriptor(try call("fsmount", "\(context.rawValue)") { slipway_fsmount(context.rawValue, 1, UInt32(attributes.rawValue)) })
}

/// Puts a detached mount into the tree; a link at `target`, such as /proc/self/fd/N, is followed. man 2 move_mount.
public func moveMount(_ mount: FileDescriptor, onto target: FilePath) throws(KernelError) {
    try call("move_mount", "\(mount.rawValue) onto \(target)") {
        unsafe target.cString { unsafe slipway_move_mount(mount.rawValue, "", AT_FDCWD, $0, 0x04 | 0x10) }
    }
}

/// Copies a mount (with those below it) into one that is in no tree. man 2 open_tree.
public func openTree(_ path: FilePath, recursive: Bool = true) throws(KernelError) -> Descriptor {
    Descriptor(
        try call("open_tree", "\(path)") {
            unsafe path.cString { unsafe slipway_open_tree(AT_FDCWD, $0, 1 | 0o2000000 | (recursive ? 0x8000 : 0)) }
        })
}

/// Changes the attributes of a mount, of those below it too where `recursive`. man 2 mount_setattr.
public func setMountAttributes(
    _ path: FilePath, set: MountAttributes = [], clear: MountAttributes = [], propagation: MountFlags = [], recursive: Bool = false
) throws(KernelError) {
    try call("mount_setattr", "\(path)") {
        unsafe path.cString { unsafe slipway_mount_setattr(AT_FDCWD, $0, recursive ? 0x8000 : 0, set.rawValue, clear.rawValue, UInt64(propagation.rawValue)) }
    }
}

/// Changes the attributes of an open mount, in the tree or not yet. man 2 mount_setattr, `AT_EMPTY_PATH`.
public func setMountAttributes(
    of mount: FileDescriptor, set: MountAttributes = [], clear: MountAttributes = [], propagation: MountFlags = [], recursive: Bool = false
) throws(KernelError) {
    try call("mount_setattr", "\(mount.rawValue)") {
        unsafe slipway_mount_setattr(
            mount.rawValue, "", 0x1000 | (recursive ? 0x8000 : 0), set.rawValue, clear.rawValue, UInt64(propagation.rawValue))
    }
}
