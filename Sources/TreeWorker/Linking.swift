// Hard links from a layer into those below. In the merged tree, link(2) does what it does in a container: the file is copied up into the
// layer, with all its attributes, and gets its second name there. What that changes beside is put right afterwards: directories' times, and
// overlayfs' notes to itself, which mean nothing in a layer. Other names that the file has in lower layers keep the old copy, as after any
// copy-up. man 2 link; Linux's Documentation/filesystems/overlayfs.rst; chapter 07.

import Linux
import Trees

/// Makes links, one after the other in the archive's order: one may be the target of the next.
struct Linker {
    let layer: FileDescriptor, merged: FileDescriptor
    /// More than this is not copied up.
    let limitBytes: Int64
    /// Bytes of files that were copied up.
    private(set) var copiedBytes: Int64 = 0
    /// What was copied up so far, by inode in the layer.
    private var copied: Set<UInt64> = []
    /// Directories that got a link, as they were before.
    private var before: [FilePath: FileStatus] = [:]

    init(layer: FileDescriptor, merged: FileDescriptor, limitBytes: Int64) {
        (self.layer, self.merged, self.limitBytes) = (layer, merged, limitBytes)
    }

    /// Makes one link.
    /// - Throws: `.refused` where the target is in no layer, or a directory; `.limit` where too much would be copied.
    mutating func make(_ link: LayerLink) throws(TreesError) {
        let target = Place(link.target), name = Place(link.name)
        guard let original = try kernel(for: link.name, { () throws(KernelError) in try status(of: target, beneath: merged) }) else {
            throw .refused(entry: "\(link.name)", why: "a hard link to \(link.target), which is in no layer")
        }
        guard original.kind != .directory else { throw .refused(entry: "\(link.name)", why: "a hard link to \(link.target), which is a directory") }
        let isOurs = try kernel(for: link.name) { () throws(KernelError) in try status(of: target, beneath: layer) != nil }
        guard isOurs || original.bytes <= limitBytes - copiedBytes else { throw .limit(entry: "\(link.name)", what: "\(limitBytes) bytes") }
        try kernel(for: link.name) { () throws(KernelError) in
            try remember(name.directory)
            guard try make(name, to: target, original) else { return }
            if !isOurs, let new = try status(of: name, beneath: layer), copied.insert(new.inode).inserted { copiedBytes += new.bytes }
        }
    }

    /// Links in the merged tree, in place of what is there; false where that is the same file already.
    private func make(_ name: Place, to target: Place, _ original: FileStatus) throws(KernelError) -> Bool {
        if let existing = try status(of: name, beneath: merged), existing.inode == original.inode, existing.device == original.device { return false }
        let source = try openBeneath(merged, target.directory, [.path, .directory]), folder = try openBeneath(merged, name.directory, [.path, .directory])
        try source.borrow { (source) throws(KernelError) in
            try folder.borrow { (folder) throws(KernelError) in
                try removeTree(name.last, at: folder)
                try link(target.last, to: name.last, at: source, in: folder)
            }
        }
        return true
    }

    private mutating func remember(_ directory: FilePath) throws(KernelError) {
        guard before[directory] == nil else { return }
        before[directory] = try openBeneath(layer, directory, [.path, .directory]).borrow { (directory) throws(KernelError) in try status(directory) }
    }

    /// Gives the directories in which links were made the times that they had.
    func restoreTimes() throws(TreesError) {
        for (path, status) in before {
            try kernel(for: TreePath(path)) { () throws(KernelError) in
                let directory = try openBeneath(layer, path, [.readOnly, .directory])
                try directory.borrow { (directory) throws(KernelError) in
                    try changeTimes(directory, seconds: status.modified.seconds, nanoseconds: status.modified.nanoseconds)
                }
            }
        }
    }
}

/// A path as the directory that is resolved, and the last name, which is not followed.
private struct Place {
    let directory: FilePath, last: FilePath

    init(_ path: TreePath) {
        let parent = path.path.removingLastComponent()
        directory = parent.isEmpty ? "." : parent
        last = path.path.lastComponent.map { FilePath(root: nil, [$0]) } ?? "."
    }
}

private func status(of place: Place, beneath root: FileDescriptor) throws(KernelError) -> FileStatus? {
    try unlessMissing { () throws(KernelError) in
        let folder = try openBeneath(root, place.directory, [.path, .directory])
        return try folder.borrow { (folder) throws(KernelError) in try status(place.last, followLinks: false, at: folder) }
    }
}

/// Removes overlayfs' notes (`origin`, `impure`, `uuid`), of which only the mark of opaque directories means something in a layer.
func removeOverlayNotes(beneath layer: FileDescriptor) throws(TreesError) {
    try walk(layer) { (file, _) throws(KernelError) in
        for name in try attributes(of: file) where name.hasPrefix("trusted.overlay.") && name != opaqueMark { try removeAttribute(name, of: file) }
    }
}
