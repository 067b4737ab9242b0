// Opening, reading and writing files. Every descriptor is close-on-exec; reads and writes of whole contents loop until done, because the
// kernel may do less than it was asked for. man 2 open, read, write, fsync, rename. Chapter 00.
import CLinux
import Glibc

/// How to open a file: the `O_` words of man 2 open.
public struct OpenFlags: OptionSet, Sendable {
    public let rawValue: CInt
    public init(rawValue: CInt) { self.rawValue = rawValue }
    /// `O_RDONLY`
    public static let readOnly = OpenFlags(rawValue: O_RDONLY)
    /// `O_WRONLY`
    public static let writeOnly = OpenFlags(rawValue: O_WRONLY)
    /// `O_RDWR`
    public static let readWrite = OpenFlags(rawValue: O_RDWR)
    /// `O_CREAT`: with a mode
    public static let create = OpenFlags(rawValue: O_CREAT)
    /// `O_EXCL`: fail where something is there already
    public static let exclusive = OpenFlags(rawValue: O_EXCL)
    /// `O_TRUNC`
    public static let truncate = OpenFlags(rawValue: O_TRUNC)
    /// `O_APPEND`
    public static let append = OpenFlags(rawValue: O_APPEND)
    /// `O_DIRECTORY`
    public static let directory = OpenFlags(rawValue: O_DIRECTORY)
    /// `O_PATH`: a place in the tree, not its contents
    public static let path = OpenFlags(rawValue: 0o10000000)
    /// `O_NOFOLLOW`
    public static let noFollow = OpenFlags(rawValue: O_NOFOLLOW)
    /// `O_NONBLOCK`
    public static let nonBlocking = OpenFlags(rawValue: O_NONBLOCK)
    /// `O_NOCTTY`
    public static let noTerminal = OpenFlags(rawValue: O_NOCTTY)
}

/// How a path may be walked: the `RESOLVE_` words of man 2 openat2.
public struct Resolve: OptionSet, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// `RESOLVE_NO_XDEV`: not across mount points
    public static let noCrossing = Resolve(rawValue: 0x01)
    /// `RESOLVE_NO_MAGICLINKS`: not through /proc/PID/fd and the like
    public static let noMagicLinks = Resolve(rawValue: 0x02)
    /// `RESOLVE_NO_SYMLINKS`
    public static let noSymbolicLinks = Resolve(rawValue: 0x04)
    /// `RESOLVE_BENEATH`: leaving the root is an error
    public static let beneath = Resolve(rawValue: 0x08)
    /// `RESOLVE_IN_ROOT`: `/` and `..` mean the root, as after chroot
    public static let inRoot = Resolve(rawValue: 0x10)
}

extension FilePath {
    /// Lends the path as a C string.
    func cString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        unsafe withPlatformString(body)
    }
}

let currentDirectory = FileDescriptor(rawValue: AT_FDCWD)

/// Opens a file, close-on-exec. Blocks for fifos and some devices. man 2 openat.
/// - Parameters:
///   - mode: permissions of a file that is created, before umask
///   - directory: what a relative path starts from; nil for the current directory
public func open(_ path: FilePath, _ flags: OpenFlags, mode: UInt32 = 0, at directory: FileDescriptor? = nil) throws(KernelError) -> Descriptor {
    let start = directory ?? currentDirectory
    return Descriptor(
        try call("openat", "\(path)") { unsafe path.cString { unsafe slipwayOpenat(start.rawValue, $0, flags.rawValue | O_CLOEXEC, mode) } })
}

private func slipwayOpenat(_ at: CInt, _ path: UnsafePointer<CChar>, _ flags: CInt, _ mode: UInt32) -> CInt {
    unsafe Glibc.openat(at, path, flags, mode)
}

/// Opens a file below `root`, which no symbolic link and no `..` can leave. man 2 openat2.
public func openBeneath(
    _ root: FileDescriptor, _ path: FilePath, _ flags: OpenFlags, mode: UInt32 = 0, resolve: Resolve = [.inRoot, .noMagicLinks]
) throws(KernelError) -> Descriptor {
    let bits = UInt64(UInt32(bitPattern: flags.rawValue | O_CLOEXEC))
    return Descriptor(
        try call("openat2", "\(path)") {
            unsafe path.cString { unsafe slipway_openat2(root.rawValue, $0, bits, flags.contains(.create) ? UInt64(mode) : 0, resolve.rawValue) }
        })
}

/// Reads once, at most what `buffer` holds; 0 at the end. man 2 read.
public func read(_ descriptor: FileDescriptor, into buffer: UnsafeMutableRawBufferPointer) throws(KernelError) -> Int {
    try call("read", "\(descriptor.rawValue)") { unsafe Glibc.read(descriptor.rawValue, buffer.baseAddress, buffer.count) }
}

/// Reads once, at most `capacity` bytes; empty at the end. man 2 read.
public func read(_ descriptor: FileDescriptor, upTo capacity: Int) throws(KernelError) -> [UInt8] {
    var failure: KernelError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
        do throws(KernelError) { count = try unsafe read(descriptor, into: UnsafeMutableRawBufferPointer(buffer)) } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
}

/// Reads to the end of the file or stream.
public func readAll(_ descriptor: FileDescriptor, upTo most: Int = .max) throws(KernelError) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < most {
        let part = try read(descriptor, upTo: min(65_536, most - bytes.count))
        if part.isEmpty { break }
        bytes += part
    }
    return bytes
}

/// A whole file's bytes.
public func readFile(_ path: FilePath) throws(KernelError) -> [UInt8] {
    let file = try open(path, .readOnly)
    return try file.borrow { (descriptor) throws(KernelError) in try readAll(descriptor) }
}

/// A whole file as UTF-8 text; broken sequences become U+FFFD.
public func readText(_ path: FilePath) throws(KernelError) -> String {
    String(decoding: try readFile(path), as: UTF8.self)
}

/// Writes once, from `offset` on; returns how many bytes the kernel took. man 2 write.
public func writeOnce(_ descriptor: FileDescriptor, _ bytes: UnsafeRawBufferPointer) throws(KernelError) -> Int {
    try call("write", "\(descriptor.rawValue)") { unsafe Glibc.write(descriptor.rawValue, bytes.baseAddress, bytes.count) }
}

/// Writes all bytes, however many calls it takes. man 2 write.
public func write(_ descriptor: FileDescriptor, all bytes: UnsafeRawBufferPointer) throws(KernelError) {
    var rest = unsafe bytes
    while unsafe !rest.isEmpty {
        let taken = try unsafe writeOnce(descriptor, rest)
        unsafe rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(taken))
    }
}

/// Writes all bytes, however many calls it takes. man 2 write.
public func write(_ descriptor: FileDescriptor, _ bytes: [UInt8]) throws(KernelError) {
    var failure: KernelError?
    unsafe bytes.withUnsafeBytes { buffer in
        do throws(KernelError) { try unsafe write(descriptor, all: buffer) } catch { failure = error }
    }
    if let failure { throw failure }
}

/// Writes a text as UTF-8.
public func write(_ descriptor: FileDescriptor, _ text: String) throws(KernelError) {
    try write(descriptor, Array(text.utf8))
}

/// Creates or replaces the contents of a file in one write where the kernel allows; what /proc and cgroup files need.
public func writeFile(_ path: FilePath, _ bytes: [UInt8], mode: UInt32 = 0o644, _ flags: OpenFlags = [.writeOnly, .create, .truncate]) throws(KernelError) {
    let file = try open(path, flags, mode: mode)
    do throws(KernelError) {
        try file.borrow { (descriptor) throws(KernelError) in try write(descriptor, bytes) }
    } catch {
        throw KernelError(call: error.call, subject: "\(path)", errno: error.errno)
    }
}

/// Creates or replaces the contents of a file with a text.
public func writeFile(_ path: FilePath, _ text: String, mode: UInt32 = 0o644) throws(KernelError) {
    try writeFile(path, Array(text.utf8), mode: mode)
}

/// Writes to a file that must exist already (of /proc, /sys or a cgroup), in one call.
public func writeControl(_ path: FilePath, _ text: String) throws(KernelError) {
    let file = try open(path, .writeOnly)
    do throws(KernelError) {
        try file.borrow { (descriptor) throws(KernelError) in try write(descriptor, Array(text.utf8)) }
    } catch {
        throw KernelError(call: error.call, subject: "\(text) to \(path)", errno: error.errno)
    }
}

/// Replaces a file so that a crash leaves the old or the new contents, never half: temporary file, fsync, rename, fsync of the directory.
public func writeDurably(_ path: FilePath, _ bytes: [UInt8], mode: UInt32 = 0o644) throws(KernelError) {
    let temporary = FilePath("\(path).\(getpid()).tmp")
    do throws(KernelError) {
        let file = try open(temporary, [.writeOnly, .create, .truncate], mode: mode)
        try file.borrow { (descriptor) throws(KernelError) in
            try write(descriptor, bytes)
            try synchronize(descriptor)
        }
        try rename(temporary, to: path)
    } catch {
        try? remove(temporary)  // it may not have been made; the first error is the one to tell
        throw error
    }
    try synchronizeDirectory(path.removingLastComponent())
}

/// Makes a directory's entries durable. man 2 fsync.
public func synchronizeDirectory(_ path: FilePath) throws(KernelError) {
    let directory = try open(path.isEmpty ? "." : path, [.readOnly, .directory])
    try directory.borrow { (descriptor) throws(KernelError) in try synchronize(descriptor) }
}

/// Makes a file's contents durable. Blocks for the disk. man 2 fsync.
public func synchronize(_ descriptor: FileDescriptor) throws(KernelError) {
    try call("fsync", "\(descriptor.rawValue)") { Glibc.fsync(descriptor.rawValue) }
}

/// Makes the whole file system durable. Blocks for the disk. man 2 syncfs.
public func synchronizeFileSystem(_ descriptor: FileDescriptor) throws(KernelError) {
    try call("syncfs", "\(descriptor.rawValue)") { slipway_syncfs(descriptor.rawValue) }
}

/// Takes the advisory lock of an open file. man 2 flock.
/// - Returns: false where another holds it and `wait` is false.
public func lock(_ descriptor: FileDescriptor, exclusive: Bool = true, wait: Bool = false) throws(KernelError) -> Bool {
    do throws(KernelError) {
        try call("flock", "\(descriptor.rawValue)") {
            slipway_flock(descriptor.rawValue, (exclusive ? LOCK_EX : LOCK_SH) | (wait ? 0 : LOCK_NB))
        }
        return true
    } catch {
        guard error.errno == EWOULDBLOCK else { throw error }
        return false
    }
}

/// Moves the offset of an open file; returns the new one. man 2 lseek.
@discardableResult
public func seek(_ descriptor: FileDescriptor, to offset: Int64, from start: CInt = 0) throws(KernelError) -> Int64 {
    Int64(try call("lseek", "\(descriptor.rawValue) \(offset)") { Glibc.lseek(descriptor.rawValue, off_t(offset), start) })
}

/// Cuts or extends an open file. man 2 ftruncate.
public func truncate(_ descriptor: FileDescriptor, to bytes: Int64) throws(KernelError) {
    try call("ftruncate", "\(descriptor.rawValue) \(bytes)") { Glibc.ftruncate(descriptor.rawValue, off_t(bytes)) }
}

/// An anonymous file in memory. man 2 memfd_create.
public func memoryFile(_ name: String) throws(KernelError) -> Descriptor {
    Descriptor(try call("memfd_create", name) { unsafe slipway_memfd_create(name, 1) })
}
