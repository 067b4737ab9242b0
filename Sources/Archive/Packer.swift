// Makes a tar of a tree. The tree may be a stranger's, and alive: no link is followed, no directory is left by `..`, and what vanishes or
// shrinks meanwhile is no error. One directory is open at a time, so that depth costs nothing: what is still to come waits as paths. A
// directory is followed by what is in it, in the order of the names' bytes, so that the tar depends on nothing but the tree.
// OCI image-spec, layer.md, "Representing Changes"; Linux's Documentation/filesystems/overlayfs.rst; chapter 07.

import Glibc
public import Linux

/// Packs a tree as a pax tar that depends on nothing but the tree: entries in a fixed order, times to the nanosecond, holes as holes.
///
/// - Parameters:
///   - directory: the tree's root, open for reading; its own attributes are not packed, as Docker's layers do not have them
///   - output: where the tar is written to; its offset moves
/// - Throws: `ArchiveError.kernel`, naming the file; `output` then holds part of the tar.
/// - Note: the process's working directory is another one meanwhile: extended attributes are read relative to it.
public func pack(_ directory: FileDescriptor, into output: FileDescriptor, form: PackForm) throws(ArchiveError) -> Packed {
    let packer = Packer(root: directory, TarWriter(output), form: form)
    return try returning { () throws(ArchiveError) in try packer.packAll() }
}

/// Packs one file, or one directory with what is in it, as `pack(_:into:form:)` does.
///
/// - Parameters:
///   - part: what, and how it is called
///   - directory: the directory that holds it, open for reading
public func pack(_ part: PackPart, of directory: FileDescriptor, into output: FileDescriptor, form: PackForm) throws(ArchiveError) -> Packed {
    let packer = Packer(root: directory, TarWriter(output), form: form, part: part)
    return try returning { () throws(ArchiveError) in try packer.packAll() }
}

private final class Packer {
    private let root: FileDescriptor
    private let form: PackForm
    private let part: PackPart?
    private let writer: TarWriter
    /// What is still to be packed, the next one last.
    private var waiting: [(parent: FilePath, name: FilePath)] = []
    /// The directory of the last entry, kept open; it is the working directory too.
    private var lastParent: Descriptor?
    private var lastParentPath: FilePath?
    /// The names under which files with several names were packed.
    private var firstNames: [Inode: FilePath] = [:]
    private var leftOut: [String] = []
    /// The file under way, for errors.
    private var current: FilePath = ""

    private struct Inode: Hashable { let device: UInt64, number: UInt64 }

    init(root: FileDescriptor, _ writer: TarWriter, form: PackForm, part: PackPart? = nil) {
        (self.root, self.form, self.part, self.writer) = (root, form, part, writer)
    }

    func packAll() throws(ArchiveError) -> Packed {
        if let name = part?.name { waiting = [("", name)] } else { try beginWithRoot() }
        while let (parent, name) = waiting.popLast() {
            current = parent.pushing(name)
            try inParent(parent) { (directory) throws(ArchiveError) in try pack(name, in: directory, parent) }
        }
        var result = Packed(digest: try kernel { () throws(KernelError) in try writer.finish() })
        (result.bytes, result.entries, result.leftOut) = (writer.bytes, writer.entries, leftOut)
        return result
    }

    /// The root itself where it was asked for as a part, then what is in it.
    private func beginWithRoot() throws(ArchiveError) {
        if part != nil {
            let own = try kernel { () throws(KernelError) in
                try changeDirectory(root)
                return try status(root)
            }
            try write(header("", own, "5"), ".")
        }
        try wait(forNamesIn: root, "")
    }

    /// What a path is called in the tar.
    private func title(of path: FilePath) -> [UInt8] {
        guard let part else { return path.bytes }
        let rest = Array(path.bytes.dropFirst(part.name?.bytes.count ?? 0)), slash = UInt8(ascii: "/")
        return Array(part.title.utf8) + (rest.isEmpty || rest.first == slash ? rest : [slash] + rest)
    }

    // MARK: Directories

    private func wait(forNamesIn directory: FileDescriptor, _ path: FilePath) throws(ArchiveError) {
        let names = try kernel { () throws(KernelError) in try entryNames(in: directory) }.map(\.bytes)
        waiting += names.sorted { $1.lexicographicallyPrecedes($0) }.map { (path, FilePath(bytes: $0)) }
    }

    /// Lends the directory at `path`; what is in one that is gone meanwhile is gone too.
    private func inParent(_ path: FilePath, _ body: (FileDescriptor) throws(ArchiveError) -> Void) throws(ArchiveError) {
        if lastParentPath != path {
            lastParent = try unlessGone { () throws(KernelError) in
                let directory = try openBeneath(
                    root, path.isEmpty ? "." : path, [.readOnly, .directory, .noFollow], resolve: [.beneath, .noSymbolicLinks, .noMagicLinks])
                try directory.borrow { (directory) throws(KernelError) in try changeDirectory(directory) }
                return directory
            }
            lastParentPath = path
        }
        try lastParent?.borrow(body)
    }

    private func packDirectory(_ name: FilePath, in parent: FileDescriptor, _ path: FilePath, _ status: FileStatus) throws(ArchiveError) {
        guard let directory = try unlessGone({ () throws(KernelError) in try open(name, [.readOnly, .directory, .noFollow], at: parent) }) else { return }
        try write(header(path, status, "5"), name)
        let isOpaque = try kernel { () throws(KernelError) in try attribute("trusted.overlay.opaque", of: name) } == [UInt8(ascii: "y")]
        if form == .layer, isOpaque { try mark(path, Array(".wh..wh..opq".utf8)) }
        try directory.borrow { (directory) throws(ArchiveError) in try wait(forNamesIn: directory, path) }
    }

    /// Writes one of the empty files that mean something else in a layer.
    private func mark(_ directory: FilePath, _ name: [UInt8]) throws(ArchiveError) {
        let prefix = directory.isEmpty ? [] : title(of: directory) + [UInt8(ascii: "/")]
        try kernel { () throws(KernelError) in try writer.write(TarHeader(type: "0", name: prefix + name)) }
    }

    // MARK: Entries

    private func pack(_ name: FilePath, in directory: FileDescriptor, _ parent: FilePath) throws(ArchiveError) {
        let path = current, bytes = name.bytes
        guard let status = try unlessGone({ () throws(KernelError) in try status(name, followLinks: false, at: directory) }) else { return }
        if form == .layer, status.isWhiteout { return try mark(parent, Array(".wh.".utf8) + bytes) }
        if form == .layer, bytes.starts(with: Array(".wh.".utf8)) { return leaveOut("a name that means something else in a layer") }
        let isShared = status.links > 1 && status.kind != .directory, inode = Inode(device: status.device, number: status.inode)
        if isShared, let first = firstNames[inode] { return try packLink(path, status, to: first) }
        let written = writer.entries
        switch status.kind {
        case .directory: try packDirectory(name, in: directory, path, status)
        case .file: try packFile(name, in: directory, path, status)
        case .socket, .other: leaveOut("a socket, which only a process can make")
        default: try write(special(name, in: directory, path, status), name)
        }
        if isShared, writer.entries > written { firstNames[inode] = path }
    }

    private func packLink(_ path: FilePath, _ status: FileStatus, to first: FilePath) throws(ArchiveError) {
        var link = header(path, status, "1")
        link.link = title(of: first)
        try kernel { () throws(KernelError) in try writer.write(link) }
    }

    private func special(_ name: FilePath, in directory: FileDescriptor, _ path: FilePath, _ status: FileStatus) throws(ArchiveError) -> TarHeader {
        switch status.kind {
        case .symbolicLink:
            var header = header(path, status, "2")
            header.link = try kernel { () throws(KernelError) in try linkText(name, in: directory) }
            return header
        case .characterDevice, .blockDevice:
            var header = header(path, status, status.kind == .characterDevice ? "3" : "4")
            header.device = deviceNumbers(status.special)
            return header
        default: return header(path, status, "6")
        }
    }

    private func packFile(_ name: FilePath, in directory: FileDescriptor, _ path: FilePath, _ seen: FileStatus) throws(ArchiveError) {
        let file = try unlessGone { () throws(KernelError) in try open(name, [.readOnly, .noFollow, .nonBlocking], at: directory) }
        guard let file else { return }
        try file.borrow { (file) throws(ArchiveError) in
            let now = try kernel { () throws(KernelError) in try status(file) }
            guard now.kind == .file, now.inode == seen.inode else { return leaveOut("it was replaced while it was packed") }
            var header = header(path, now, "0"), map: [UInt8] = []
            header.bytes = now.bytes
            let whole = [Extent(start: 0, count: now.bytes)]
            let extents =
                form != .whole && now.allocatedBytes < now.bytes ? try kernel { () throws(KernelError) in try dataExtents(of: file, now.bytes) } : whole
            if extents != whole { map = makeSparse(&header, extents) }
            try write(header, name)
            try kernel { () throws(KernelError) in try writer.put(map) }
            try copy(extents, of: file)
        }
    }

    private func copy(_ extents: [Extent], of file: FileDescriptor) throws(ArchiveError) {
        var written: Int64 = 0, missing: Int64 = 0
        try kernel { () throws(KernelError) in
            for extent in extents {
                try seek(file, to: extent.start)
                missing += try writer.copy(file, count: extent.count)
                written += extent.count
            }
            try writer.fillUp(Int(written & 511))
        }
        if missing > 0 { leaveOut("its last \(missing) bytes: it became shorter while it was packed") }
    }

    private func header(_ path: FilePath, _ status: FileStatus, _ type: Character) -> TarHeader {
        var header = TarHeader(type: type, name: title(of: path) + (type == "5" ? [UInt8(ascii: "/")] : []))
        (header.mode, header.user, header.group) = (status.mode & 0o7777, status.user, status.group)
        (header.seconds, header.nanoseconds) = status.modified
        return header
    }

    /// Writes a header with the attributes that layers carry.
    private func write(_ header: TarHeader, _ name: FilePath) throws(ArchiveError) {
        var full = header
        for attribute in try portableAttributes(of: name) { full.records.append(("SCHILY.xattr.\(attribute.name)", attribute.value)) }
        try kernel { () throws(KernelError) in try writer.write(full) }
    }

    /// Attributes of a name in the working directory, sorted. What is gone meanwhile has none.
    private func portableAttributes(of name: FilePath) throws(ArchiveError) -> [Attribute] {
        let names = try unlessGone { () throws(KernelError) in try attributes(of: name).sorted() } ?? []
        var found: [Attribute] = []
        for var attribute in names.map({ Attribute(name: $0, value: []) }) where attribute.isPortable {
            guard let value = try unlessGone({ () throws(KernelError) in try Linux.attribute(attribute.name, of: name) }) ?? nil else { continue }
            attribute.value = value
            found.append(attribute)
        }
        return found
    }

    // MARK: Errors

    private func leaveOut(_ why: String) {
        if leftOut.count < 100 { leftOut.append("\(shown(current)): \(why)") }
    }

    private func kernel<Result: ~Copyable>(_ body: () throws(KernelError) -> Result) throws(ArchiveError) -> Result {
        do throws(KernelError) { return try body() } catch { throw .kernel(entry: shown(current), error) }
    }

    /// Nil for what was there when its directory was read and is not any more.
    private func unlessGone<Result: ~Copyable>(_ body: () throws(KernelError) -> Result) throws(ArchiveError) -> Result? {
        do throws(KernelError) { return try body() } catch {
            guard [ENOENT, ENOTDIR, ELOOP].contains(error.errno) else { throw .kernel(entry: shown(current), error) }
            return nil
        }
    }
}

/// What a symbolic link says, byte for byte.
private func linkText(_ name: FilePath, in directory: FileDescriptor) throws(KernelError) -> [UInt8] {
    var text = [CChar](repeating: 0, count: longestPath + 1)
    let count = try call("readlinkat", "\(name)") {
        unsafe name.withPlatformString { unsafe readlinkat(directory.rawValue, $0, &text, text.count) }
    }
    return text.prefix(Int(count)).map(UInt8.init(bitPattern:))
}
