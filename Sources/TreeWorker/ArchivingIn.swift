// Into a container: a tar is unpacked into a directory that is there. The directory is opened once, beneath the root, and everything is made
// relative to it; links on the way down lead where they lead in the container, for its tree is all that this process can see.
// moby, daemon/archive.go (ContainerExtractToDir); chapters 07 and 12.

import Archive
import Glibc
import Linux
import Trees

/// Unpacks a tar into a directory of a container.
/// - Parameter tell: says that the directory will do, before the first byte is read
func extract(
    _ input: FileDescriptor, into text: String, of view: ViewRequest, _ options: ExtractOptions, tell: (TreeStatus) throws(TreesError) -> Void
) throws(TreesError) -> Extracted {
    let path = AskedPath(text, isDirectory: true)
    let limits = Trees.UnpackLimits(bytes: 1 << 44, entries: 1 << 28)
    let bounds = Archive.UnpackLimits(bytes: limits.bytes, entries: limits.entries, memoryBytes: limits.memoryBytes / 8)
    try enter(view, .writing(limits))
    return try lendPlace(path) { (directory) throws(TreesError) in
        try checkWritable(directory, text)
        try tell(try statusReply(of: path, in: directory).told)
        let owner = try options.owner.map { (name) throws(TreesError) in try user(named: name) }
        let rules = UnpackRules.tree(keepsKinds: options.keepsKinds, owner: owner, title: text)
        do throws(ArchiveError) {
            let made = try unpack(input, into: directory, limits: bounds, rules: rules)
            return Extracted(bytes: made.bytes, entries: made.entries, leftOut: made.leftOut)
        } catch {
            throw TreesError(error)
        }
    }
}

/// Refuses what lies on a read-only mount, and says which kind of mount it is.
private func checkWritable(_ directory: FileDescriptor, _ text: String) throws(TreesError) {
    do throws(KernelError) {
        try changeDirectory(directory)
        try checkAccess(".", .write)
    } catch {
        guard error.errno == EROFS else { throw .kernel(entry: text, error) }
        let isRoot = try kernel { () throws(KernelError) in try status("/").device == status(directory).device }
        throw .path(text, isRoot ? .readOnlyRoot : .readOnlyVolume)
    }
}

// MARK: Users

/// A user of the container, and a group: `name`, `uid`, each perhaps with `:group` or `:gid`; the group is else the user's own.
/// - Throws: `.refused` for a name that the container does not know.
func user(named text: String) throws(TreesError) -> (user: UInt32, group: UInt32) {
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init), name = parts.first ?? "0"
    let row = try row(of: name, in: "etc/passwd")
    guard let number = row.flatMap({ UInt32($0[2]) }) ?? UInt32(name) else {
        throw .refused(entry: text, why: "unable to find user \(name): no matching entries in passwd file")
    }
    guard parts.count == 2 else { return (number, row.flatMap { $0.count > 3 ? UInt32($0[3]) : nil } ?? 0) }
    guard let group = try group(named: parts[1]) else {
        throw .refused(entry: text, why: "unable to find group \(parts[1]): no matching entries in group file")
    }
    return (number, group)
}

private func group(named name: String) throws(TreesError) -> UInt32? {
    if let number = UInt32(name) { return number }
    return try row(of: name, in: "etc/group").flatMap { UInt32($0[2]) }
}

/// The line of a name or number in one of the container's own lists. man 5 passwd, group.
private func row(of name: String, in list: FilePath) throws(TreesError) -> [String]? {
    let bytes = try kernel { () throws(KernelError) in
        try unlessMissing { () throws(KernelError) in
            let root = try open("/", [.path, .directory])
            let file = try root.borrow { (root) throws(KernelError) in try openBeneath(root, list, [.readOnly, .nonBlocking]) }
            return try file.borrow { (file) throws(KernelError) in
                // A fifo or a device in its place is no list.
                try status(file).kind == .file ? try readAll(file, upTo: 1 << 20) : []
            }
        }
    }
    let lines = String(decoding: bytes ?? [], as: UTF8.self).split(separator: "\n")
    return lines.map { $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init) }.first { row in
        row.count > 2 && (row[0] == name || row[2] == name)
    }
}
