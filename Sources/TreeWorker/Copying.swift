// Copying a directory of an image into an empty one, for the first use of a volume. Inside the walls there are just two trees:
//
//      /image     the layers as a container sees them, read-only
//      /copy      the directory to fill
//
// so whatever link an image has planted ends in one of them. The path that was asked for is followed like a container would follow it; below it,
// no link is followed in either tree: names are opened one by one beneath open directories, and links are copied as links. Devices, fifos and
// sockets become nodes again, as with Docker (they can be opened only where the mount of the volume allows devices).
// containerd, continuity/fs/copy.go; man 2 openat2, lseek, copy_file_range. Chapter 10.

import Glibc
import Linux
import Mounts
import Trees

/// Copies as `request` says, confined.
func copy(_ request: CopyRequest) throws(TreesError) -> Copied {
    let place = FilePath(request.place), layers = request.layers.map { FilePath($0) }
    guard !layers.isEmpty else { throw .died("a copy of no image") }
    try confine(to: place, .writing(request.limits)) { () throws(KernelError) in
        try mount("none", onto: place, type: "tmpfs", data: "size=64k,mode=700")
        for name in ["image", "copy"] { try makeDirectory(place.appending(name), mode: 0o700) }
        try mountOverlay(Overlay(lower: layers), at: place.appending("image"))
        try bind(FilePath(request.directory), onto: place.appending("copy"))
    }
    let image = try kernel { () throws(KernelError) in try open("/image", [.readOnly, .directory]) }
    let target = try kernel { () throws(KernelError) in try open("/copy", [.readOnly, .directory]) }
    return try image.borrow { (image) throws(TreesError) in
        let found = try kernel(for: request.path) { () throws(KernelError) in
            try unlessMissing { () throws(KernelError) in try openBeneath(image, request.path.path, [.readOnly, .directory]) }
        }
        switch found {
        case .none: return Copied(isFound: false)
        case .some(let source):
            return try source.borrow { (source) throws(TreesError) in
                try target.borrow { (target) throws(TreesError) in
                    var copier = Copier(source: source, target: target, limits: request.limits)
                    try copier.copyAll()
                    return copier.report
                }
            }
        }
    }
}

/// One copy under way.
private struct Copier {
    let source: FileDescriptor, target: FileDescriptor, limits: UnpackLimits
    var report = Copied(isFound: true)
    /// Where a file with several names was copied to first, by its inode; all are of one file system, the overlay.
    private var linked: [UInt64: FilePath] = [:]
    /// Directories whose attributes are still to be set: children change the times of their parents, and a mode may shut us out.
    private var finished: [(path: FilePath, status: FileStatus)] = []

    init(source: FileDescriptor, target: FileDescriptor, limits: UnpackLimits) { (self.source, self.target, self.limits) = (source, target, limits) }

    mutating func copyAll() throws(TreesError) {
        var left: [FilePath] = ["."]
        while let path = left.popLast() {
            var names: [(FilePath, FileStatus)] = []
            try kernel(for: TreePath(path)) { () throws(KernelError) in
                try below(source, path).borrow { (directory) throws(KernelError) in
                    finished.append((path, try status(directory)))
                    for name in try entryNames(in: directory) { names.append((name, try status(name, followLinks: false, at: directory))) }
                }
            }
            for (name, status) in names {
                let child = path == "." ? name : path.appending(name.components)
                try copy(child, name, in: path, status)
                if status.kind == .directory { left.append(child) }
            }
        }
        for (path, status) in finished.reversed() {
            let (from, to) = try kernel(for: TreePath(path)) { () throws(KernelError) in (try below(source, path).release(), try below(target, path).release())
            }
            defer { for descriptor in [from, to] { _ = Descriptor(owning: descriptor) } }
            try setAttributes(of: to, like: status, TreePath(path), attributesOf: (from, "."))
        }
    }

    private mutating func copy(_ path: FilePath, _ name: FilePath, in directory: FilePath, _ status: FileStatus) throws(TreesError) {
        let entry = TreePath(path)
        report.entries += 1
        guard report.entries <= limits.entries else { throw .limit(entry: "\(entry)", what: "\(limits.entries) entries") }
        let (from, to) = try kernel(for: entry) { () throws(KernelError) in (try below(source, directory).release(), try below(target, directory).release()) }
        defer { for descriptor in [from, to] { _ = Descriptor(owning: descriptor) } }
        if status.kind == .directory { return try kernel(for: entry) { () throws(KernelError) in try makeDirectory(name, mode: 0o700, at: to) } }
        if status.links > 1, let first = linked[status.inode] {
            return try kernel(for: entry) { () throws(KernelError) in try link(first, to: name, at: target, in: to) }
        }
        if status.links > 1 { linked[status.inode] = path }
        switch status.kind {
        case .file: try copyFile(name, entry, from, to, status)
        case .symbolicLink:
            try kernel(for: entry) { () throws(KernelError) in try symbolicLink(try linkText(name, entry, from), at: name, in: to) }
            try setAttributes(named: name, in: to, like: status, entry, from)
        default:
            let numbers = deviceNumbers(status.special)
            try kernel(for: entry) { () throws(KernelError) in try makeNode(name, mode: status.mode, major: numbers.major, minor: numbers.minor, at: to) }
            try setAttributes(named: name, in: to, like: status, entry, from)
        }
    }

    /// A link's text need not be UTF-8, which our call for links cannot give back: then it is an error rather than another link.
    private func linkText(_ name: FilePath, _ entry: TreePath, _ directory: FileDescriptor) throws(KernelError) -> String {
        let text = try readLink(name, at: directory)
        guard !text.unicodeScalars.contains("\u{fffd}") else { throw KernelError(call: "readlinkat", subject: "\(entry)", errno: EILSEQ) }
        return text
    }

    // MARK: Files

    private mutating func copyFile(
        _ name: FilePath, _ entry: TreePath, _ from: FileDescriptor, _ to: FileDescriptor, _ status: FileStatus
    ) throws(TreesError) {
        guard status.bytes <= limits.bytes - report.bytes else { throw .limit(entry: "\(entry)", what: "\(limits.bytes) bytes") }
        report.bytes += status.bytes
        let input = try kernel(for: entry) { () throws(KernelError) in try open(name, [.readOnly, .noFollow, .nonBlocking], at: from) }
        let output = try kernel(for: entry) { () throws(KernelError) in try open(name, [.writeOnly, .create, .exclusive, .noFollow], mode: 0o600, at: to) }
        try input.borrow { (input) throws(TreesError) in
            try output.borrow { (output) throws(TreesError) in
                try kernel(for: entry) { () throws(KernelError) in try copyData(input, output, status.bytes) }
                try setAttributes(of: output, like: status, entry, attributesOf: (from, name))
            }
        }
    }

    // MARK: Attributes

    /// Owner, mode, attributes, times: in this order, since each changes what follows it.
    private mutating func setAttributes(
        of file: FileDescriptor, like original: FileStatus, _ entry: TreePath, attributesOf place: (directory: FileDescriptor, name: FilePath)
    ) throws(TreesError) {
        let values = try attributeValues(place.directory, place.name, entry)
        try kernel(for: entry) { () throws(KernelError) in
            try changeOwner(file, user: original.user, group: original.group)
            try changeMode(file, original.mode & 0o7777)
        }
        for (name, value) in values {
            try unlessUnsupported(name, entry) { () throws(KernelError) in try setAttribute(name, of: file, to: value) }
        }
        try kernel(for: entry) { () throws(KernelError) in
            try changeTimes(file, seconds: original.modified.seconds, nanoseconds: original.modified.nanoseconds)
        }
    }

    /// The same for links and nodes, which are not opened.
    private mutating func setAttributes(
        named name: FilePath, in directory: FileDescriptor, like original: FileStatus, _ entry: TreePath, _ from: FileDescriptor
    ) throws(TreesError) {
        let values = try attributeValues(from, name, entry)
        try kernel(for: entry) { () throws(KernelError) in
            try changeOwner(name, user: original.user, group: original.group, at: directory)
            if original.kind != .symbolicLink { try changeMode(name, original.mode & 0o7777, at: directory) }
            try changeDirectory(directory)
        }
        for (attribute, value) in values {
            try unlessUnsupported(attribute, entry) { () throws(KernelError) in try setAttribute(attribute, of: name, to: value) }
        }
        try kernel(for: entry) { () throws(KernelError) in
            try changeTimes(name, seconds: original.modified.seconds, nanoseconds: original.modified.nanoseconds, at: directory)
        }
    }

    /// Attributes have no call relative to a directory: it becomes the working one.
    private func attributeValues(_ directory: FileDescriptor, _ file: FilePath, _ entry: TreePath) throws(TreesError) -> [(String, [UInt8])] {
        try kernel(for: entry) { () throws(KernelError) in
            try changeDirectory(directory)
            var found: [(String, [UInt8])] = []
            for name in try attributes(of: file) where isPortable(name) {
                if let value = try attribute(name, of: file) { found.append((name, value)) }
            }
            return found
        }
    }

    /// A file system without attributes, or one where this file may have none: said, not fatal. A capability that is lost breaks its program.
    private mutating func unlessUnsupported(_ name: String, _ entry: TreePath, _ set: () throws(KernelError) -> Void) throws(TreesError) {
        do throws(KernelError) {
            try set()
        } catch {
            guard name != "security.capability", error.errno == EPERM || error.errno == EOPNOTSUPP else { throw .kernel(entry: "\(entry)", error) }
            report.leftOut.append("\(entry): attribute \(name), which this file cannot have")
        }
    }
}

/// File capabilities, users' own attributes and access lists. `trusted.*` would speak to overlayfs, the others to one machine's security modules.
private func isPortable(_ name: String) -> Bool {
    name == "security.capability" || name.hasPrefix("system.posix_acl_") || (name.hasPrefix("user.") && !name.hasPrefix("user.overlay."))
}

/// Opens a directory below another, through no link.
private func below(_ root: FileDescriptor, _ path: FilePath) throws(KernelError) -> Descriptor {
    try openBeneath(root, path, [.readOnly, .directory, .noFollow], resolve: [.beneath, .noSymbolicLinks, .noMagicLinks])
}

/// Copies a file's data and leaves its holes. man 2 lseek.
private func copyData(_ input: FileDescriptor, _ output: FileDescriptor, _ bytes: Int64) throws(KernelError) {
    var place: Int64 = 0
    while place < bytes, let start = try next(input, place, seekData), start < bytes {
        let end = min(bytes, try next(input, start, seekHole) ?? bytes)
        try seek(input, to: start)
        try seek(output, to: start)
        var left = Int(end - start)
        while left > 0 {
            let part = try read(input, upTo: min(left, 1 << 20))
            guard !part.isEmpty else { break }
            try write(output, part)
            left -= part.count
        }
        place = end
    }
    try truncate(output, to: bytes)
}

/// The next data or hole from `place` on; nil where there is none.
private func next(_ file: FileDescriptor, _ place: Int64, _ what: CInt) throws(KernelError) -> Int64? {
    do throws(KernelError) {
        return try seek(file, to: place, from: what)
    } catch {
        guard error.errno == ENXIO else { throw error }
        return nil
    }
}

/// man 2 lseek: Linux's numbers, which Glibc's Swift module does not have.
private let seekData: CInt = 3, seekHole: CInt = 4
