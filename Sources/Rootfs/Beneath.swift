// Reaching into a tree that a stranger made. Its symbolic links may say `/etc` or `../../etc`: joined to the root as text they lead to the
// host's files. openat2(2) with RESOLVE_IN_ROOT walks as if it had chrooted first, in one call, so that nothing can be exchanged on the way.
// What is found is handed on as an open descriptor, never as text again; a mount names it by /proc/self/fd. man 2 openat2. Chapter 01.
import Glibc
public import Linux

/// Opens a directory below `root`, after making those on the way that are missing (mode 0755, unless told otherwise).
/// - Parameters:
///   - path: counts from the root, with or without a leading slash
///   - owner: of the directories that are made; nil leaves them to us
/// - Returns: a place (`O_PATH`), for `at:` parameters and for `FileDescriptor.procPath`.
/// - Throws: ENOTDIR where a file is in the way, EEXIST for a link that leads nowhere.
public func ensureDirectory(
    beneath root: FileDescriptor, _ path: FilePath, mode: UInt32 = 0o755, owner: (user: UInt32, group: UInt32)? = nil
) throws(KernelError) -> Descriptor {
    if let found = try lookUp(root, path, [.path, .directory]) { return found }
    let name = FilePath(root: nil, path.components.suffix(1))
    let parent = try ensureDirectory(beneath: root, above(path), mode: mode, owner: owner)
    try parent.borrow { (place) throws(KernelError) in
        try makeDirectory(name, mode: mode, at: place)
        if let owner { try changeOwner(name, user: owner.user, group: owner.group, at: place) }
    }
    return try openBeneath(root, path, [.path, .directory])
}

/// Opens a file below `root`, after making it (empty) and the directories on the way where they are missing: a place to bind a file to.
/// - Returns: a place (`O_PATH`).
public func ensureFile(beneath root: FileDescriptor, _ path: FilePath, mode: UInt32 = 0o644) throws(KernelError) -> Descriptor {
    if let found = try lookUp(root, path, .path) { return found }
    let name = FilePath(root: nil, path.components.suffix(1))
    let parent = try ensureDirectory(beneath: root, above(path))
    try parent.borrow { (place) throws(KernelError) in
        _ = try open(name, [.writeOnly, .create, .exclusive, .noFollow], mode: mode, at: place)
    }
    return try openBeneath(root, path, .path)
}

/// Reads a file below `root` that a stranger may have put there: nothing but a regular file, and not without end.
/// - Returns: nil where there is no such file.
/// - Throws: EINVAL for what is no regular file, EFBIG beyond `most` bytes.
public func readFile(beneath root: FileDescriptor, _ path: FilePath, most: Int = 4 << 20) throws(KernelError) -> [UInt8]? {
    guard let file = try lookUp(root, path, [.readOnly, .nonBlocking]) else { return nil }  // a fifo would keep us waiting
    return try file.borrow { (descriptor) throws(KernelError) in
        let found = try status(descriptor)
        guard found.kind == .file else { throw KernelError(call: "read", subject: "\(path)", errno: EINVAL) }
        guard found.bytes <= most else { throw KernelError(call: "read", subject: "\(path)", errno: EFBIG) }
        return try readAll(descriptor, upTo: most)
    }
}

extension FileDescriptor {
    /// A path for calls that take none but paths, such as mount(2): what is open here, wherever its name leads by now. Needs /proc.
    public var procPath: FilePath { FilePath("/proc/self/fd/\(rawValue)") }
}

private func lookUp(_ root: FileDescriptor, _ path: FilePath, _ flags: OpenFlags) throws(KernelError) -> Descriptor? {
    do throws(KernelError) {
        return try openBeneath(root, path, flags)
    } catch {
        guard error.errno == ENOENT, !path.components.isEmpty else { throw error }
        return nil
    }
}

private func above(_ path: FilePath) -> FilePath {
    let parent = FilePath(root: nil, path.components.dropLast())
    return parent.isEmpty ? "." : parent
}
