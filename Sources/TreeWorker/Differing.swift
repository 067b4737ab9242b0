// What a container changed: its upper directory compared with the layers below, name by name. The upper directory alone does not tell: a file
// that was only opened for writing is there unchanged, a directory is there because something in it changed, and what an opaque directory hides
// is seen only by looking below. Both trees are bound read-only, the layers below merged by overlayfs itself.
//
// Docker's rules: a directory is listed when it or something in it changed, before that; what was deleted is listed by its top alone. A file
// counts as changed by its mode, owner, device, and (no directory) by its time and size. moby, pkg/archive/changes.go; chapter 07.

import Linux
import Mounts
import Trees

/// Compares, parents first and names in order.
func changes(of upper: FilePath, over lower: [FilePath]) throws(TreesError) -> [TreeChange] {
    let place = upper.removingLastComponent()
    try confine(to: place, .reading) { () throws(KernelError) in
        let top = try detachedCopy(of: upper, recursive: false)
        try mountOverlay(Overlay(lower: lower), at: upper)
        let merged = try detachedCopy(of: upper, recursive: false)
        // What else lies there is covered.
        try mount("none", onto: place, type: "tmpfs", data: "size=64k,mode=700")
        for name in ["upper", "below"] { try makeDirectory(place.appending(name), mode: 0o700) }
        try top.borrow { (top) throws(KernelError) in try moveMount(top, onto: place.appending("upper")) }
        try merged.borrow { (merged) throws(KernelError) in try moveMount(merged, onto: place.appending("below")) }
    }
    let (top, merged) = try kernel { () throws(KernelError) in
        (try open("/upper", [.readOnly, .directory]).release(), try open("/below", [.readOnly, .directory]).release())
    }
    var comparison = Comparison(upper: top, below: merged)
    try comparison.compare("", hasBelow: true, isOpaque: false)
    return comparison.changes
}

/// A comparison under way.
private struct Comparison {
    let upper: FileDescriptor, below: FileDescriptor
    private(set) var changes: [TreeChange] = []

    init(upper: FileDescriptor, below: FileDescriptor) { (self.upper, self.below) = (upper, below) }

    /// Compares what is in a directory.
    /// - Parameters:
    ///   - hasBelow: whether the layers below have this directory, and nothing hid all of it
    ///   - isOpaque: whether what they have in it is hidden
    mutating func compare(_ path: FilePath, hasBelow: Bool, isOpaque: Bool) throws(TreesError) {
        let new = try kernel(for: TreePath(path)) { () throws(KernelError) in try names(in: path, upper) ?? [] }
        for name in new { try compare(path.appending(name.components), hasBelow: hasBelow) }
        guard hasBelow, isOpaque else { return }
        try tellDeleted(in: path, besides: Set(new))
    }

    private mutating func compare(_ path: FilePath, hasBelow: Bool) throws(TreesError) {
        let (new, old) = try kernel(for: TreePath(path)) { () throws(KernelError) in
            (try status(at: path, beneath: upper), hasBelow ? try status(at: path, beneath: below) : nil)
        }
        guard let new else { return }  // gone since its directory was read
        if new.kind == .characterDevice, new.special == 0 {
            if old != nil { add(path, .deleted) }
        } else if new.kind == .directory {
            try compareDirectory(path, new, old)
        } else if let old {
            if differs(new, old) { add(path, .modified) }
            if old.kind == .directory { try tellDeleted(in: path, besides: []) }
        } else {
            add(path, .added)
        }
    }

    private mutating func compareDirectory(_ path: FilePath, _ new: FileStatus, _ old: FileStatus?) throws(TreesError) {
        let isMerged = old?.kind == .directory, start = changes.count
        let isOpaque = try kernel(for: TreePath(path)) { () throws(KernelError) in try hasOpaqueMark(path) }
        try compare(path, hasBelow: isMerged, isOpaque: isOpaque)
        if let old, !differs(new, old), changes.count == start { return }
        changes.insert(TreeChange(rooted(path), old == nil ? .added : .modified), at: start)
    }

    private mutating func tellDeleted(in path: FilePath, besides kept: Set<FilePath>) throws(TreesError) {
        let old = try kernel(for: TreePath(path)) { () throws(KernelError) in try names(in: path, below) ?? [] }
        for name in old where !kept.contains(name) { add(path.appending(name.components), .deleted) }
    }

    private mutating func add(_ path: FilePath, _ kind: TreeChange.Kind) { changes.append(TreeChange(rooted(path), kind)) }

    private func rooted(_ path: FilePath) -> TreePath { TreePath(FilePath("/").appending(path.components)) }

    // MARK: Looking

    private func names(in path: FilePath, _ root: FileDescriptor) throws(KernelError) -> [FilePath]? {
        try lend(path, beneath: root, [.readOnly, .directory]) { (directory) throws(KernelError) in
            try entryNames(in: directory).sorted { $0.string < $1.string }
        }
    }

    private func status(at path: FilePath, beneath root: FileDescriptor) throws(KernelError) -> FileStatus? {
        try lend(path, beneath: root, .path) { (file) throws(KernelError) in try Linux.status(file) }
    }

    private func hasOpaqueMark(_ path: FilePath) throws(KernelError) -> Bool {
        try lend(path, beneath: upper, [.readOnly, .directory]) { (directory) throws(KernelError) in
            try changeDirectory(directory)
            return try attribute(opaqueMark, of: ".") == [UInt8(ascii: "y")]
        } ?? false
    }

    private func lend<Value>(
        _ path: FilePath, beneath root: FileDescriptor, _ flags: OpenFlags, _ body: (FileDescriptor) throws(KernelError) -> Value
    ) throws(KernelError) -> Value? {
        let found = try unlessMissing { () throws(KernelError) in
            try openBeneath(root, path.isEmpty ? "." : path, flags.union(.noFollow), resolve: [.beneath, .noSymbolicLinks, .noMagicLinks])
        }
        switch found {
        case .some(let file): return try file.borrow(body)
        case .none: return nil
        }
    }
}

/// Docker's rule. File systems that count whole seconds only have 0 nanoseconds.
private func differs(_ new: FileStatus, _ old: FileStatus) -> Bool {
    guard (new.mode, new.user, new.group, new.special) == (old.mode, old.user, old.group, old.special) else { return true }
    guard new.kind != .directory else { return false }
    let (one, other) = (new.modified, old.modified)
    let isSameTime = one.seconds == other.seconds && (one.nanoseconds == other.nanoseconds || one.nanoseconds == 0 || other.nanoseconds == 0)
    return !isSameTime || new.bytes != old.bytes
}
