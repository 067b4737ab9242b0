// One function for each kind of thing that a layer can hold. All of them work on one name in an open directory, and none follows a link there.
// man 2 openat, linkat, mknodat, symlinkat, lsetxattr; Linux's Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories".

import Glibc
import Linux

extension Unpacker {
    /// Makes what `entry` describes at `parent/name`. What was there before goes, unless both are directories.
    func make(_ entry: Entry, _ name: FilePath, in directory: FileDescriptor, _ parent: FilePath, _ reader: TarReader) throws(ArchiveError) {
        let existing = try existing(name, in: directory)
        if case .hardLink(let target) = entry.kind { return try makeHardLink(to: target, name, in: directory, replacing: existing) }
        let isKept = entry.kind == .directory && existing?.kind == .directory
        if existing != nil, !isKept { try replace(name, in: directory) }
        switch entry.kind {
        case .file: return try makeFile(entry, name, in: directory, reader)
        case .directory:
            if !isKept { try makeDirectory(name, in: directory) }
            // A directory that takes the place of a whiteout must go on hiding what lies below.
            if existing?.isWhiteout == true { try makeOpaque(parent.pushing(name)) }
            return try setAttributes(of: entry, directoryAt: parent.pushing(name))
        case .symbolicLink(let target): try kernel { () throws(KernelError) in try symbolicLink(target, at: name, in: directory) }
        case .characterDevice(let major, let minor): try makeNode(S_IFCHR, major, minor, name, in: directory)
        case .blockDevice(let major, let minor): try makeNode(S_IFBLK, major, minor, name, in: directory)
        case .fifo: try makeNode(S_IFIFO, 0, 0, name, in: directory)
        case .socket: return leaveOut("a socket, which only a process can make")
        case .hardLink: return
        }
        try setAttributes(of: entry, byName: name, in: directory)
    }

    // MARK: Kinds

    private func makeFile(_ entry: Entry, _ name: FilePath, in directory: FileDescriptor, _ reader: TarReader) throws(ArchiveError) {
        try count(bytes: entry.bytes)
        let file = try kernel { () throws(KernelError) in try open(name, [.writeOnly, .create, .exclusive, .noFollow], mode: 0o600, at: directory) }
        try file.borrow { (file) throws(ArchiveError) in
            var end: Int64 = 0
            while let (bytes, offset) = try unsafe reader.data() {
                let (past, isTooFar) = offset.addingReportingOverflow(Int64(bytes.count))
                guard offset >= 0, !isTooFar, past <= entry.bytes else { throw refused("it has more data than it says") }
                if offset != end { try kernel { () throws(KernelError) in _ = try seek(file, to: offset) } }
                try kernel { () throws(KernelError) in try unsafe write(file, all: bytes) }
                end = past
            }
            if end < entry.bytes { try kernel { () throws(KernelError) in try truncate(file, to: entry.bytes) } }
            try setAttributes(of: entry, open: file)
            try kernel { () throws(KernelError) in try changeTimes(file, seconds: entry.seconds, nanoseconds: entry.nanoseconds) }
        }
    }

    private func makeDirectory(_ name: FilePath, in directory: FileDescriptor) throws(ArchiveError) {
        try kernel { () throws(KernelError) in try Linux.makeDirectory(name, mode: 0o700, at: directory) }
    }

    private func makeNode(_ type: UInt32, _ major: UInt32, _ minor: UInt32, _ name: FilePath, in directory: FileDescriptor) throws(ArchiveError) {
        try kernel { () throws(KernelError) in try Linux.makeNode(name, mode: type | 0o600, major: major, minor: minor, at: directory) }
    }

    /// A second name for an earlier entry of this layer, whose attributes it shares.
    private func makeHardLink(to target: FilePath, _ name: FilePath, in directory: FileDescriptor, replacing existing: FileStatus?) throws(ArchiveError) {
        let path: FilePath
        do throws(RefusedName) { path = try relative(target) } catch { throw refused("its target \(target): \(error.why)") }
        guard let last = path.lastComponent else { throw refused("a hard link to the layer's root") }
        do throws(KernelError) {
            let place = try openBeneath(root, parentOrRoot(path), [.path, .directory])
            let original = try place.borrow { (place) throws(KernelError) in try status(FilePath(root: nil, [last]), followLinks: false, at: place) }
            // A link to itself, told twice: removing the name first would lose the file.
            if let existing, existing.inode == original.inode, existing.device == original.device { return }
            guard original.kind != .directory else { throw KernelError(call: "linkat", subject: target.string, errno: EISDIR) }
            if existing != nil { try removeTree(name, at: directory) }
            try place.borrow { (place) throws(KernelError) in try link(FilePath(root: nil, [last]), to: name, at: place, in: directory) }
        } catch {
            guard error.errno == ENOENT || error.errno == ENOTDIR else { throw kernelError(error) }
            throw refused("a hard link to \(target), which is no earlier entry of this layer")
        }
        forgetParent()
    }

    /// `.wh.NAME`: a device 0/0 tells overlayfs that the name is gone. What this layer itself has there stays: it hides the layers below by itself,
    /// a directory if it is opaque.
    func whiteOut(_ name: FilePath, in directory: FileDescriptor, _ parent: FilePath) throws(ArchiveError) {
        switch try existing(name, in: directory)?.kind {
        case nil: try makeNode(S_IFCHR, 0, 0, name, in: directory)
        case .directory: try makeOpaque(parent.pushing(name))
        default: break
        }
    }

    /// Tells overlayfs that the layers below have nothing in the directory at `path`.
    func makeOpaque(_ path: FilePath) throws(ArchiveError) {
        try kernel { () throws(KernelError) in
            let directory = try openBeneath(root, path.isEmpty ? "." : path, [.readOnly, .directory])
            try directory.borrow { (directory) throws(KernelError) in try setAttribute("trusted.overlay.opaque", of: directory, to: [UInt8(ascii: "y")]) }
        }
    }

    // MARK: Attributes

    func setAttributes(ofRoot entry: Entry) throws(ArchiveError) {
        guard entry.kind == .directory else { throw refused("the layer's root must be a directory") }
        try setAttributes(of: entry, directoryAt: "")
    }

    private func setAttributes(of entry: Entry, directoryAt path: FilePath) throws(ArchiveError) {
        let directory = try kernel { () throws(KernelError) in
            try openBeneath(root, path.isEmpty ? "." : path, [.readOnly, .directory, .noFollow])
        }
        try directory.borrow { (directory) throws(ArchiveError) in try setAttributes(of: entry, open: directory) }
        remember(timesOf: path, entry)
    }

    private func setAttributes(of entry: Entry, open file: FileDescriptor) throws(ArchiveError) {
        let (user, group) = try owner(of: entry)
        try kernel { () throws(KernelError) in
            try changeOwner(file, user: user, group: group)
            try changeMode(file, entry.mode)
            for (name, value) in accepted(entry.attributes) {
                try unlessUnsupported(name) { () throws(KernelError) in try setAttribute(name, of: file, to: value) }
            }
        }
    }

    /// For links and nodes, which cannot be opened. Attributes have no `…at` call before Linux 6.13: the directory becomes the working one.
    private func setAttributes(of entry: Entry, byName name: FilePath, in directory: FileDescriptor) throws(ArchiveError) {
        let (user, group) = try owner(of: entry)
        var isLink = false
        if case .symbolicLink = entry.kind { isLink = true }
        try kernel { () throws(KernelError) in
            try changeOwner(name, user: user, group: group, at: directory)
            if !isLink { try changeMode(name, entry.mode, at: directory) }
            let attributes = accepted(entry.attributes)
            if !attributes.isEmpty { try changeDirectory(directory) }
            for (attribute, value) in attributes {
                try unlessUnsupported(attribute) { () throws(KernelError) in try setAttribute(attribute, of: name, to: value) }
            }
            try changeTimes(name, seconds: entry.seconds, nanoseconds: entry.nanoseconds, at: directory)
        }
    }

    private func owner(of entry: Entry) throws(ArchiveError) -> (user: UInt32, group: UInt32) {
        guard let user = UInt32(exactly: entry.user), let group = UInt32(exactly: entry.group), user != .max, group != .max else {
            throw refused("its owner \(entry.user):\(entry.group) is none")
        }
        return (user, group)
    }

    /// The attributes that a layer may set: file capabilities, users' own, and access lists. `trusted.*` would speak to overlayfs, and the
    /// others to security modules of this machine.
    private func accepted(_ attributes: [(name: String, value: [UInt8])]) -> [(name: String, value: [UInt8])] {
        attributes.filter { attribute in
            let name = attribute.name
            if name == "security.capability" || name.hasPrefix("system.posix_acl_") || (name.hasPrefix("user.") && !name.hasPrefix("user.overlay.")) {
                return true
            }
            leaveOut("attribute \(name)")
            return false
        }
    }

    /// Users' attributes are left out where the file system has none, or where the kernel allows none: on links and nodes. A file capability
    /// that cannot be set is an error, for without it the program would not work.
    private func unlessUnsupported(_ attribute: String, _ set: () throws(KernelError) -> Void) throws(KernelError) {
        do throws(KernelError) {
            try set()
        } catch {
            guard attribute.hasPrefix("user."), error.errno == EPERM || error.errno == EOPNOTSUPP else { throw error }
            leaveOut("attribute \(attribute), which this file cannot have")
        }
    }

    // MARK: What is there

    private func existing(_ name: FilePath, in directory: FileDescriptor) throws(ArchiveError) -> FileStatus? {
        do throws(KernelError) {
            return try status(name, followLinks: false, at: directory)
        } catch {
            guard error.errno == ENOENT else { throw kernelError(error) }
            return nil
        }
    }

    private func replace(_ name: FilePath, in directory: FileDescriptor) throws(ArchiveError) {
        try kernel { () throws(KernelError) in try removeTree(name, at: directory) }
        forgetParent()
    }

    private func kernelError(_ error: KernelError) -> ArchiveError {
        .kernel(entry: current.string, error)
    }
}

private func parentOrRoot(_ path: FilePath) -> FilePath {
    let parent = path.removingLastComponent()
    return parent.isEmpty ? "." : parent
}

extension FileStatus {
    /// A device 0/0, overlayfs' mark for a name that is gone.
    fileprivate var isWhiteout: Bool { kind == .characterDevice && special == 0 }
}
