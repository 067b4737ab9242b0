// Out of a container: what a path is, a tar of it, a tar of the whole root. What the path is goes out before the tar's first byte, for the
// daemon needs it for the head of its reply. moby, daemon/archive.go; chapters 07 and 12.

import Archive
import Linux
import Trees

/// Tells what lies at a path.
func tellStatus(_ text: String, in view: ViewRequest) throws(TreesError) -> TreeStatus {
    let path = AskedPath(text)
    try enter(view, .reading)
    return try lendPlace(path) { (place) throws(TreesError) in try statusReply(of: path, in: place).told }
}

/// Packs what lies at a path.
/// - Parameter tell: sends what it is, before the tar begins
func archive(
    _ text: String, in view: ViewRequest, into output: FileDescriptor, tell: (TreeStatus) throws(TreesError) -> Void
) throws(TreesError) -> Trees.Packed {
    let path = AskedPath(text)
    try enter(view, .reading)
    return try lendPlace(path) { (place) throws(TreesError) in
        try tell(try statusReply(of: path, in: place).told)
        return try packed { () throws(ArchiveError) in try pack(PackPart(path.last, as: path.title), of: place, into: output, form: .whole) }
    }
}

/// Packs the root, without what is mounted in it.
func export(_ view: ViewRequest, into output: FileDescriptor) throws(TreesError) -> Trees.Packed {
    try enter(view, .reading, .root)
    return try lendPlace(AskedPath("/")) { (root) throws(TreesError) in
        try packed { () throws(ArchiveError) in try pack(root, into: output, form: .whole) }
    }
}

private func packed(_ body: () throws(ArchiveError) -> Archive.Packed) throws(TreesError) -> Trees.Packed {
    do throws(ArchiveError) { return Trees.Packed(try body()) } catch { throw TreesError(error) }
}
