// One function for each kind of thing that a layer can hold. All of them work on one name in an open directory, and none follows a link there.
// Each first tries to make the thing, as if nothing were there: mostly nothing is, and a look before every entry would cost a call for each.
// man 2 openat, linkat, mknodat, symlinkat; Linux's Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories"; chapter 07.

import Glibc
import Linux

extension Unpacker {
    /// Makes what `entry` describes at `parent/name`. What was there before goes, unless both are directories.
    func make(_ entry: Entry, _ name: FilePath, in directory: FileDescriptor, _ parent: FilePath, _ reader: TarReader) throws(ArchiveError) {
        try checkKind(entry, name, in: directory, parent)
        switch entry.kind {
        case .file: return try makeFile(entry, name, in: directory, reader)
        case .directory: return try makeDirectory(entry, name, in: directory, parent.pushing(name))
        case .hardLink(let target): return try makeHardLink(to: target, name, in: directory, parent.pushing(name))
        case .socket: return leaveOut("a socket, which only a process can make")
        case .symbolicLink(let target): try makeSymbolicLink(target, name, in: directory)
        case .characterDevice(let major, let minor): try makeNode(S_IFCHR, major, minor, name, in: directory)
        case .blockDevice(let major, let minor): try makeNode(S_IFBLK, major, minor, name, in: directory)
        case .fifo: try makeNode(S_IFIFO, 0, 0, name, in: directory)
        }
        try setAttributes(of: entry, byName: name, in: directory)
    }

    /// Refuses to replace a directory by something else and the reverse, where that was asked for; in Docker's words.
    private func checkKind(_ entry: Entry, _ name: FilePath, in directory: FileDescriptor, _ parent: FilePath) throws(ArchiveError) {
        guard rules.keepsKinds, let there = try existing(name, in: directory), (there.kind == .directory) != (entry.kind == .directory) else { return }
        let (old, new) = there.kind == .directory ? ("directory", "non-directory") : ("non-directory", "directory")
        let path = FilePath(rules.title).pushing(parent).pushing(name)
        throw refused("cannot overwrite \(old) \"\(shown(path))\" with \(new) \"\(rules.title)\"")
    }

    // MARK: Kinds

    private func makeFile(_ entry: Entry, _ name: FilePath, in directory: FileDescriptor, _ reader: TarReader) throws(ArchiveError) {
        try count(bytes: entry.bytes)
        let file = try inPlace(of: name, in: directory) { () throws(KernelError) in
            try open(name, [.writeOnly, .create, .exclusive, .noFollow], mode: 0o600, at: directory)
        }
        try file.borrow { (file) throws(ArchiveError) in
            try copyContents(of: entry, reader, to: file)
            try setAttributes(of: entry, open: file)
            try kernel { () throws(KernelError) in try changeTimes(file, seconds: entry.seconds, nanoseconds: entry.nanoseconds) }
        }
    }

    /// Where a sparse file has a hole, nothing is written.
    private func copyContents(of entry: Entry, _ reader: TarReader, to file: FileDescriptor) throws(ArchiveError) {
        var end: Int64 = 0
        while let (bytes, offset) = try unsafe reader.data() {
            let (past, isTooFar) = offset.addingReportingOverflow(Int64(bytes.count))
            guard offset >= 0, !isTooFar, past <= entry.bytes else { throw refused("it has more data than it says") }
            if offset != end { try kernel { () throws(KernelError) in _ = try seek(file, to: offset) } }
            try kernel { () throws(KernelError) in try unsafe write(file, all: bytes) }
            end = past
        }
        if end < entry.bytes { try kernel { () throws(KernelError) in try truncate(file, to: entry.bytes) } }
    }

    private func makeDirectory(_ entry: Entry, _ name: FilePath, in directory: FileDescriptor, _ path: FilePath) throws(ArchiveError) {
        var hidesOthers = false
        do throws(KernelError) {
            try Linux.makeDirectory(name, mode: 0o700, at: directory)
        } catch {
            guard error.errno == EEXIST, let existing = try existing(name, in: directory) else { throw kernelError(error) }
            if existing.kind != .directory {
                try replace(name, in: directory)
                try kernel { () throws(KernelError) in try Linux.makeDirectory(name, mode: 0o700, at: directory) }
                // What takes the place of a whiteout must go on hiding what lies below.
                hidesOthers = existing.isWhiteout
            }
        }
        let made = try kernel { () throws(KernelError) in try open(name, [.readOnly, .directory, .noFollow], at: directory) }
        try made.borrow { (made) throws(ArchiveError) in
            if hidesOthers { try makeOpaque(made) }
            try setAttributes(of: entry, directory: made, path)
        }
    }

    /// A link's text is bytes, kept to the last slash.
    private func makeSymbolicLink(_ target: [CChar], _ name: FilePath, in directory: FileDescriptor) throws(ArchiveError) {
        try inPlace(of: name, in: directory) { () throws(KernelError) in
            _ = try call("symlinkat", "\(name)") { unsafe name.withPlatformString { unsafe symlinkat(target, directory.rawValue, $0) } }
        }
    }

    private func makeNode(_ type: UInt32, _ major: UInt32, _ minor: UInt32, _ name: FilePath, in directory: FileDescriptor) throws(ArchiveError) {
        try inPlace(of: name, in: directory) { () throws(KernelError) in
            try Linux.makeNode(name, mode: type | 0o600, major: major, minor: minor, at: directory)
        }
    }

    // MARK: Hard links

    /// A second name for an earlier entry of this layer, whose attributes it shares; or for a file of a layer below, which is for others to find.
    private func makeHardLink(to target: FilePath, _ name: FilePath, in directory: FileDescriptor, _ path: FilePath) throws(ArchiveError) {
        let inside: FilePath
        do throws(RefusedName) { inside = try relative(rules.renamed(target)) } catch { throw refused("its target \(shown(target)): \(error.why)") }
        guard !inside.isEmpty else { throw refused("a hard link to the layer's root") }
        let taken = try existing(name, in: directory)
        guard let original = try existing(at: inside) else {
            guard inside != path else { throw refused("a hard link to itself") }
            guard rules.isLayer else { throw refused("a hard link to \(shown(target)), which is not there") }
            if taken?.isWhiteout == false { try replace(name, in: directory) }
            return try leave(UnresolvedLink(target: inside, name: path))
        }
        guard original.kind != .directory else { throw refused("a hard link to \(shown(target)), which is a directory") }
        guard !original.isWhiteout else { throw refused("a hard link to \(shown(target)), which this layer removes") }
        if let taken {
            // A link to itself, told twice: removing the name first would lose the file.
            if taken.inode == original.inode, taken.device == original.device { return }
            try replace(name, in: directory)
        }
        try kernel { () throws(KernelError) in
            let parent = inside.removingLastComponent(), last = FilePath(root: nil, inside.components.suffix(1))
            let place = try openBeneath(root, parent.isEmpty ? "." : parent, [.path, .directory], resolve: rules.resolve)
            try place.borrow { (place) throws(KernelError) in try link(last, to: name, at: place, in: directory) }
        }
    }

    // MARK: Whiteouts

    /// `.wh.NAME`: a device 0/0 tells overlayfs that the name is gone. What this layer itself has there stays: it hides the layers below by itself,
    /// a directory if it is opaque.
    func whiteOut(_ name: FilePath, in directory: FileDescriptor) throws(ArchiveError) {
        switch try existing(name, in: directory)?.kind {
        case nil: try makeNode(S_IFCHR, 0, 0, name, in: directory)
        case .directory:
            let own = try kernel { () throws(KernelError) in try open(name, [.readOnly, .directory, .noFollow], at: directory) }
            try own.borrow { (own) throws(ArchiveError) in try makeOpaque(own) }
        default: break
        }
    }

    /// Tells overlayfs that the layers below have nothing in this directory.
    func makeOpaque(_ directory: FileDescriptor) throws(ArchiveError) {
        try kernel { () throws(KernelError) in try setAttribute("trusted.overlay.opaque", of: directory, to: [UInt8(ascii: "y")]) }
    }

    // MARK: What is there

    /// What is at a name, without following a link.
    func existing(_ name: FilePath, in directory: FileDescriptor) throws(ArchiveError) -> FileStatus? {
        do throws(KernelError) {
            return try status(name, followLinks: false, at: directory)
        } catch {
            guard error.errno == ENOENT else { throw kernelError(error) }
            return nil
        }
    }

    /// What is at a path in the layer, without following a last link.
    func existing(at path: FilePath) throws(ArchiveError) -> FileStatus? {
        do throws(KernelError) {
            let found = try openBeneath(root, path.isEmpty ? "." : path, [.path, .noFollow], resolve: rules.resolve)
            return try found.borrow { (found) throws(KernelError) in try status(found) }
        } catch {
            guard error.errno == ENOENT || error.errno == ENOTDIR else { throw kernelError(error) }
            return nil
        }
    }

    /// Runs `make`; where the name is taken, clears it and runs it again.
    private func inPlace<Result: ~Copyable>(
        of name: FilePath, in directory: FileDescriptor, _ make: () throws(KernelError) -> Result
    ) throws(ArchiveError) -> Result {
        do throws(KernelError) { return try make() } catch {
            guard error.errno == EEXIST else { throw kernelError(error) }
        }
        try replace(name, in: directory)
        return try kernel(make)
    }

    func replace(_ name: FilePath, in directory: FileDescriptor) throws(ArchiveError) {
        try kernel { () throws(KernelError) in try removeTree(name, at: directory) }
        forgetParent()
    }
}

extension FileStatus {
    /// A device 0/0, overlayfs' mark for a name that is gone.
    var isWhiteout: Bool { kind == .characterDevice && special == 0 }
}
