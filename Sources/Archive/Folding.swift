// Several layers made one tree. overlayfs stacks layers without touching them; where there is no overlayfs, or one wants to see the result as
// plain files, each layer is laid onto what the lower ones made, and what it hides is really removed. Nothing is copied: files move by rename,
// so both trees must lie on one file system, and hard links stay what they are.
//
// Every step is relative to an open directory and follows no link, for both trees are a stranger's. OCI image-spec, layer.md, "Applying
// Changesets"; chapter 07.

import Glibc
public import Linux

/// Lays an unpacked layer, as overlayfs wants it, onto a tree, and leaves the layer's directory empty but for directories.
///
/// - Parameters:
///   - layer: the layer's root, open for reading
///   - root: the tree, open for reading, on the same file system; it has no whiteouts, and gets none
/// - Throws: `ArchiveError.kernel`, naming the path; the tree then holds part of the layer.
public func fold(_ layer: FileDescriptor, onto root: FileDescriptor) throws(ArchiveError) {
    try Fold().fold(layer, onto: root, at: "")
}

private struct Fold {
    func fold(_ layer: FileDescriptor, onto root: FileDescriptor, at path: FilePath) throws(ArchiveError) {
        let original = try telling(path) { () throws(KernelError) in try status(layer) }  // before files leave it, which changes its times
        for name in try telling(path, { () throws(KernelError) in try entryNames(in: layer) }) {
            try place(name, from: layer, onto: root, at: path.appending(name.components))
        }
        try telling(path) { () throws(KernelError) in try copyAttributes(of: layer, original, to: root) }
    }

    private func place(_ name: FilePath, from layer: FileDescriptor, onto root: FileDescriptor, at path: FilePath) throws(ArchiveError) {
        let new = try telling(path) { () throws(KernelError) in try status(name, followLinks: false, at: layer) }
        guard new.kind == .directory else {
            return try telling(path) { () throws(KernelError) in
                let goes = new.hidesItsName ? true : try isDirectory(name, in: root)
                if goes { try removeTree(name, at: root) }
                if !new.hidesItsName { try rename(name, to: name, at: layer, targetAt: root) }
            }
        }
        let upper = try telling(path) { () throws(KernelError) in try open(name, [.readOnly, .directory, .noFollow], at: layer) }
        try upper.borrow { (upper) throws(ArchiveError) in
            let lower = try telling(path) { () throws(KernelError) in try directory(name, in: root, emptied: try hasOpaqueMark(itself(upper))) }
            try lower.borrow { (lower) throws(ArchiveError) in try fold(upper, onto: lower, at: path) }
        }
    }

    /// The directory `name`, made where there is none or something else.
    private func directory(_ name: FilePath, in root: FileDescriptor, emptied: Bool) throws(KernelError) -> Descriptor {
        let isKept = emptied ? false : try isDirectory(name, in: root)
        if !isKept {
            try removeTree(name, at: root)
            try makeDirectory(name, mode: 0o700, at: root)
        }
        return try open(name, [.readOnly, .directory, .noFollow], at: root)
    }

    private func isDirectory(_ name: FilePath, in root: FileDescriptor) throws(KernelError) -> Bool {
        do throws(KernelError) {
            return try status(name, followLinks: false, at: root).kind == .directory
        } catch {
            guard error.errno == ENOENT else { throw error }
            return false
        }
    }

    /// Owner, mode, attributes and times, in the order that the kernel demands; without overlayfs' own marks.
    private func copyAttributes(of source: FileDescriptor, _ original: FileStatus, to target: FileDescriptor) throws(KernelError) {
        try changeOwner(target, user: original.user, group: original.group)
        try changeMode(target, original.mode & 0o7777)
        for name in try attributes(of: itself(source)) where !name.hasPrefix("trusted.overlay.") && !name.hasPrefix("user.overlay.") {
            if let value = try attribute(name, of: itself(source)) { try setAttribute(name, of: target, to: value) }
        }
        try changeTimes(target, seconds: original.modified.seconds, nanoseconds: original.modified.nanoseconds)
    }

    /// A name for an open directory; the dot makes calls that do not follow links take it for the directory.
    private func itself(_ directory: FileDescriptor) -> FilePath { FilePath("/proc/self/fd/\(directory.rawValue)/.") }

    private func telling<Result: ~Copyable>(_ path: FilePath, _ body: () throws(KernelError) -> Result) throws(ArchiveError) -> Result {
        do throws(KernelError) { return try body() } catch { throw .kernel(entry: path.string, error) }
    }
}
