// The tree: directories, links, nodes, owners, modes. Where `at` is given, a path is relative to that open directory; that is how hostile
// trees are handled without a race. man 2 mkdirat, unlinkat, renameat2, symlinkat, linkat, mknodat, fchmodat, fchownat. Chapter 00.
import CLinux
import Glibc

/// What a path is: man 2 fstatat.
public struct FileStatus: Sendable, Equatable {
    /// Type and permissions, as `st_mode`.
    public let mode: UInt32
    /// Owner.
    public let user: UInt32
    /// Group.
    public let group: UInt32
    /// Size in bytes.
    public let bytes: Int64
    /// Space taken, in bytes.
    public let allocatedBytes: Int64
    /// Inode number.
    public let inode: UInt64
    /// Device on which it lies.
    public let device: UInt64
    /// For device nodes: which device.
    public let special: UInt64
    /// Hard links.
    public let links: UInt64
    /// Last change of the contents: seconds and nanoseconds since 1970.
    public let modified: (seconds: Int64, nanoseconds: Int64)

    /// The kind of file.
    public enum Kind: Sendable { case file, directory, symbolicLink, characterDevice, blockDevice, fifo, socket, other }

    /// The kind, read from the mode.
    public var kind: Kind {
        switch mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .directory
        case S_IFLNK: .symbolicLink
        case S_IFCHR: .characterDevice
        case S_IFBLK: .blockDevice
        case S_IFIFO: .fifo
        case S_IFSOCK: .socket
        default: .other
        }
    }

    /// Compares all but nothing left out.
    public static func == (one: FileStatus, other: FileStatus) -> Bool {
        (one.mode, one.user, one.group, one.bytes, one.inode, one.device) == (other.mode, other.user, other.group, other.bytes, other.inode, other.device)
            && (one.special, one.links, one.allocatedBytes) == (other.special, other.links, other.allocatedBytes) && one.modified == other.modified
    }

    init(_ raw: stat) {
        (mode, user, group, bytes) = (raw.st_mode, raw.st_uid, raw.st_gid, Int64(raw.st_size))
        (inode, device, special, links) = (UInt64(raw.st_ino), UInt64(raw.st_dev), UInt64(raw.st_rdev), UInt64(raw.st_nlink))
        allocatedBytes = Int64(raw.st_blocks) * 512
        modified = (Int64(raw.st_mtim.tv_sec), Int64(raw.st_mtim.tv_nsec))
    }
}

/// What lies at a path. man 2 fstatat.
public func status(_ path: FilePath, followLinks: Bool = true, at directory: FileDescriptor? = nil) throws(KernelError) -> FileStatus {
    var raw = stat()
    let start = (directory ?? currentDirectory).rawValue
    try call("fstatat", "\(path)") {
        unsafe path.cString { unsafe Glibc.fstatat(start, $0, &raw, followLinks ? 0 : AT_SYMLINK_NOFOLLOW) }
    }
    return FileStatus(raw)
}

/// What an open descriptor refers to. man 2 fstat.
public func status(_ descriptor: FileDescriptor) throws(KernelError) -> FileStatus {
    var raw = stat()
    try call("fstat", "\(descriptor.rawValue)") { unsafe Glibc.fstat(descriptor.rawValue, &raw) }
    return FileStatus(raw)
}

/// Whether something lies at a path (a link that leads nowhere counts).
public func exists(_ path: FilePath) -> Bool {
    (try? status(path, followLinks: false)) != nil  // any failure means that we cannot use it
}

/// Makes a directory. man 2 mkdirat.
public func makeDirectory(_ path: FilePath, mode: UInt32 = 0o755, at directory: FileDescriptor? = nil) throws(KernelError) {
    let start = (directory ?? currentDirectory).rawValue
    try call("mkdirat", "\(path)") { unsafe path.cString { unsafe Glibc.mkdirat(start, $0, mode) } }
}

/// Makes a directory and those above it that are missing.
public func makeDirectories(_ path: FilePath, mode: UInt32 = 0o755) throws(KernelError) {
    do throws(KernelError) {
        try makeDirectory(path, mode: mode)
    } catch {
        if error.errno == EEXIST { return }
        guard error.errno == ENOENT, path.removingLastComponent() != path else { throw error }
        try makeDirectories(path.removingLastComponent(), mode: mode)
        do throws(KernelError) {
            try makeDirectory(path, mode: mode)
        } catch {
            guard error.errno == EEXIST else { throw error }  // another was quicker
        }
    }
}

/// Removes a file, link or node. man 2 unlinkat.
public func remove(_ path: FilePath, at directory: FileDescriptor? = nil) throws(KernelError) {
    let start = (directory ?? currentDirectory).rawValue
    try call("unlinkat", "\(path)") { unsafe path.cString { unsafe Glibc.unlinkat(start, $0, 0) } }
}

/// Removes an empty directory. man 2 unlinkat.
public func removeDirectory(_ path: FilePath, at directory: FileDescriptor? = nil) throws(KernelError) {
    let start = (directory ?? currentDirectory).rawValue
    try call("unlinkat", "\(path) AT_REMOVEDIR") { unsafe path.cString { unsafe Glibc.unlinkat(start, $0, AT_REMOVEDIR) } }
}

/// Renames, replacing what is at `target`. man 2 renameat2.
public func rename(
    _ source: FilePath, to target: FilePath, at sourceDirectory: FileDescriptor? = nil, targetAt targetDirectory: FileDescriptor? = nil,
    replacing: Bool = true
) throws(KernelError) {
    let (from, to) = ((sourceDirectory ?? currentDirectory).rawValue, (targetDirectory ?? currentDirectory).rawValue)
    try call("renameat2", "\(source) to \(target)") {
        unsafe source.cString { one in unsafe target.cString { unsafe slipway_renameat2(from, one, to, $0, replacing ? 0 : 1) } }
    }
}

/// Makes a symbolic link at `path` that says `target`. man 2 symlinkat.
public func symbolicLink(_ target: String, at path: FilePath, in directory: FileDescriptor? = nil) throws(KernelError) {
    let start = (directory ?? currentDirectory).rawValue
    try call("symlinkat", "\(target) at \(path)") { unsafe path.cString { unsafe Glibc.symlinkat(target, start, $0) } }
}

/// Makes a hard link. man 2 linkat.
public func link(
    _ existing: FilePath, to path: FilePath, at existingDirectory: FileDescriptor? = nil, in directory: FileDescriptor? = nil
) throws(KernelError) {
    let (from, to) = ((existingDirectory ?? currentDirectory).rawValue, (directory ?? currentDirectory).rawValue)
    try call("linkat", "\(existing) to \(path)") {
        unsafe existing.cString { one in unsafe path.cString { unsafe Glibc.linkat(from, one, to, $0, 0) } }
    }
}

/// What a symbolic link says. man 2 readlinkat.
public func readLink(_ path: FilePath, at directory: FileDescriptor? = nil) throws(KernelError) -> String {
    let start = (directory ?? currentDirectory).rawValue
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = try call("readlinkat", "\(path)") { unsafe path.cString { unsafe Glibc.readlinkat(start, $0, &buffer, buffer.count) } }
    return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
}

/// Makes a device node, fifo or socket. man 2 mknodat.
/// - Parameter mode: type and permissions, such as `S_IFCHR | 0o666`
public func makeNode(_ path: FilePath, mode: UInt32, major: UInt32 = 0, minor: UInt32 = 0, at directory: FileDescriptor? = nil) throws(KernelError) {
    let start = (directory ?? currentDirectory).rawValue
    try call("mknodat", "\(path) \(major):\(minor)") { unsafe path.cString { unsafe slipway_mknodat(start, $0, mode, major, minor) } }
}

/// A device's numbers from `st_rdev`. man 3 makedev.
public func deviceNumbers(_ device: UInt64) -> (major: UInt32, minor: UInt32) {
    (slipway_major(device), slipway_minor(device))
}

/// Changes permissions; links are followed. man 2 fchmodat.
public func changeMode(_ path: FilePath, _ mode: UInt32, at directory: FileDescriptor? = nil) throws(KernelError) {
    let start = (directory ?? currentDirectory).rawValue
    try call("fchmodat", "\(path)") { unsafe path.cString { unsafe Glibc.fchmodat(start, $0, mode, 0) } }
}

/// Changes permissions of an open file. man 2 fchmod.
public func changeMode(_ descriptor: FileDescriptor, _ mode: UInt32) throws(KernelError) {
    try call("fchmod", "\(descriptor.rawValue)") { Glibc.fchmod(descriptor.rawValue, mode) }
}

/// Changes owner and group. man 2 fchownat.
public func changeOwner(
    _ path: FilePath, user: UInt32, group: UInt32, followLinks: Bool = false, at directory: FileDescriptor? = nil
) throws(KernelError) {
    let start = (directory ?? currentDirectory).rawValue
    try call("fchownat", "\(path) \(user):\(group)") {
        unsafe path.cString { unsafe Glibc.fchownat(start, $0, user, group, followLinks ? 0 : AT_SYMLINK_NOFOLLOW) }
    }
}

/// Changes owner and group of an open file. man 2 fchown.
public func changeOwner(_ descriptor: FileDescriptor, user: UInt32, group: UInt32) throws(KernelError) {
    try call("fchown", "\(descriptor.rawValue) \(user):\(group)") { Glibc.fchown(descriptor.rawValue, user, group) }
}

/// Sets the time of last change, and of last access to the same. man 2 utimensat.
public func changeTimes(
    _ path: FilePath, seconds: Int64, nanoseconds: Int64, followLinks: Bool = false, at directory: FileDescriptor? = nil
) throws(KernelError) {
    let start = (directory ?? currentDirectory).rawValue
    let time = timespec(tv_sec: Int(seconds), tv_nsec: Int(nanoseconds))
    try call("utimensat", "\(path)") {
        unsafe path.cString { unsafe Glibc.utimensat(start, $0, [time, time], followLinks ? 0 : AT_SYMLINK_NOFOLLOW) }
    }
}

/// Sets the times of an open file. man 2 futimens.
public func changeTimes(_ descriptor: FileDescriptor, seconds: Int64, nanoseconds: Int64) throws(KernelError) {
    let time = timespec(tv_sec: Int(seconds), tv_nsec: Int(nanoseconds))
    try call("futimens", "\(descriptor.rawValue)") { unsafe Glibc.futimens(descriptor.rawValue, [time, time]) }
}

/// The names in a directory, unsorted, without `.` and `..`. man 2 getdents64.
public func entries(_ path: FilePath) throws(KernelError) -> [String] {
    let folder = try open(path, [.readOnly, .directory])
    return try folder.borrow { (descriptor) throws(KernelError) in try entries(descriptor) }
}

/// The names in an open directory, unsorted, without `.` and `..`.
public func entries(_ descriptor: FileDescriptor) throws(KernelError) -> [String] {
    let copy = try open(".", [.readOnly, .directory], at: descriptor)
    let number = copy.release().rawValue
    guard let stream = unsafe fdopendir(number) else {
        let reason = Glibc.errno
        _ = Glibc.close(number)
        throw KernelError(call: "fdopendir", subject: "\(descriptor.rawValue)", errno: reason)
    }
    defer { unsafe _ = closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
        }
        if name != "." && name != ".." { names.append(name) }
    }
    return names
}

/// Sets an extended attribute, of a link itself where the path is one. man 2 lsetxattr.
public func setAttribute(_ name: String, of path: FilePath, to value: [UInt8]) throws(KernelError) {
    try call("lsetxattr", "\(name) of \(path)") { unsafe path.cString { unsafe slipway_set_xattr($0, name, value, UInt64(value.count)) } }
}

/// Sets an extended attribute of an open file. man 2 fsetxattr.
public func setAttribute(_ name: String, of descriptor: FileDescriptor, to value: [UInt8]) throws(KernelError) {
    try call("fsetxattr", "\(name) of \(descriptor.rawValue)") {
        unsafe slipway_fset_xattr(descriptor.rawValue, name, value, UInt64(value.count))
    }
}

/// An extended attribute, or nil where there is none of that name. man 2 lgetxattr.
public func attribute(_ name: String, of path: FilePath) throws(KernelError) -> [UInt8]? {
    var value = [UInt8](repeating: 0, count: 65_536)
    do throws(KernelError) {
        let size = try call("lgetxattr", "\(name) of \(path)") { unsafe path.cString { unsafe slipway_get_xattr($0, name, &value, UInt64(value.count)) } }
        return Array(value.prefix(Int(size)))
    } catch {
        guard error.errno == ENODATA else { throw error }
        return nil
    }
}

/// The names of all extended attributes. man 2 llistxattr.
public func attributes(of path: FilePath) throws(KernelError) -> [String] {
    var names = [CChar](repeating: 0, count: 65_536)
    let size = try call("llistxattr", "\(path)") { unsafe path.cString { unsafe slipway_list_xattr($0, &names, UInt64(names.count)) } }
    return names.prefix(Int(size)).split(separator: 0).map { String(decoding: $0.map(UInt8.init(bitPattern:)), as: UTF8.self) }
}
