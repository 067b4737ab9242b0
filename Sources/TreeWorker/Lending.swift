// The command line's side of `cp`: files of whoever asks become a tar, and a tar that comes out of a container is unpacked among them. There is
// no root to be and nothing to mount; but the tar is a stranger's, so it is read by this process and not by the user's own, through no link that
// leads out of the directory, and with the calls forbidden that would lead further. Chapters 07 and 13.

import Archive
import Linux
import Trees

/// Packs a file, or a directory with what is in it.
func take(_ part: PackPart, of directory: String, into output: FileDescriptor) throws(TreesError) -> Trees.Packed {
    try forbidCalls()
    return try withDirectory(directory) { (directory) throws(ArchiveError) in
        Trees.Packed(try pack(part, of: directory, into: output, form: .whole))
    }
}

/// Unpacks a plain tar.
func give(_ input: FileDescriptor, into directory: String, _ rules: UnpackRules) throws(TreesError) -> Extracted {
    try forbidCalls()
    let limits = Archive.UnpackLimits(bytes: 1 << 50, entries: 1 << 30, memoryBytes: 1 << 20)
    return try withDirectory(directory) { (directory) throws(ArchiveError) in
        let made = try unpack(input, into: directory, limits: limits, rules: rules)
        return Extracted(bytes: made.bytes, entries: made.entries, leftOut: made.leftOut)
    }
}

private func withDirectory<Value>(_ path: String, _ body: (FileDescriptor) throws(ArchiveError) -> Value) throws(TreesError) -> Value {
    let directory = try kernel { () throws(KernelError) in try open(FilePath(path), [.readOnly, .directory]) }
    do throws(ArchiveError) { return try directory.borrow(body) } catch { throw TreesError(error) }
}
