// slipway-tree's own side: read the request, confine, do the one task, say what came of it. Nothing else is in this process: one thread, no
// configuration, no environment that it heeds. Chapter 07.

import Archive
import Glibc
import Linux
import Trees

/// Does the task that was asked for and writes the reply. Returns the exit status.
/// - Parameter arguments: the program's name and the task
public func work(_ arguments: [String]) -> Int32 {
    var reply = Reply()
    do throws(TreesError) {
        try perform(arguments, &reply)
    } catch {
        reply.failed = Failure(error)
    }
    do throws(KernelError) {
        try write(FileDescriptor(rawValue: Number.reply), line(reply))
    } catch {
        return 1  // nobody listens, or nobody ever did: started by hand
    }
    return reply.failed == nil ? 0 : 1
}

private func perform(_ arguments: [String], _ reply: inout Reply) throws(TreesError) {
    guard arguments.count == 2, TreeTask(rawValue: arguments[1]) != nil else { throw .notYet(arguments.dropFirst().first ?? "without a task") }
    let request = try decode(Request.self, try kernel { () throws(KernelError) in try readAll(FileDescriptor(rawValue: Number.request)) })
    try kernel { () throws(KernelError) in try setParentDeathSignal(.kill) }
    // It may have gone before the line above.
    guard getppid() == request.parent else { throw .died("whoever asked is gone") }
    // A file that hits the limit shall be an error with a name, not a signal.
    ignore(.fileSize)
    setUmask(0)
    let archive = FileDescriptor(rawValue: Number.archive)
    switch request.task {
    case .unpack(let directory, let limits): reply.unpacked = try unpack(archive, into: FilePath(directory), limits)
    case .settle(let settling): reply.settled = try settle(settling)
    case .pack(let directory, let form): reply.packed = try pack(FilePath(directory), into: archive, form)
    case .size(let directory): reply.sized = try size(FilePath(directory))
    case .copy(let request): reply.copied = try copy(request)
    case .diff(let lower, let upper): reply.changes = try changes(of: FilePath(upper), over: lower.map { FilePath($0) })
    case .stat(let view, let path): reply.status = try tellStatus(path, in: view)
    case .archive(let view, let path): reply.packed = try TreeWorker.archive(path, in: view, into: archive, tell: tell)
    case .export(let view): reply.packed = try export(view, into: archive)
    case .take(let directory, let name, let title): reply.packed = try take(PackPart(name.map { FilePath($0) }, as: title), of: directory, into: archive)
    case .give(let directory, let old, let new, let user, let group):
        let renaming = old.flatMap { old in new.map { (old, $0) } }
        reply.extracted = try give(archive, into: directory, .files(owner: (user, group), title: directory, renaming: renaming))
    case .extract(let view, let path, let options): reply.extracted = try extract(archive, into: path, of: view, options, tell: tell)
    }
}

/// Says what a path is, ahead of the answer.
private func tell(_ status: TreeStatus) throws(TreesError) {
    var reply = Reply()
    reply.status = status
    try kernel { () throws(KernelError) in try write(FileDescriptor(rawValue: Number.reply), line(reply)) }
}

private func unpack(_ layer: FileDescriptor, into directory: FilePath, _ limits: Trees.UnpackLimits) throws(TreesError) -> Trees.Unpacked {
    // Asked before the walls go up, for there is no /proc inside.
    let affordable = min(Archive.UnpackLimits.affordableMemoryBytes(), limits.memoryBytes / 2)
    let bounds = Archive.UnpackLimits(bytes: limits.bytes, entries: limits.entries, memoryBytes: affordable)
    try confine(to: directory, .writing(limits))
    return try inRoot { (root) throws(ArchiveError) in Trees.Unpacked(try Archive.unpack(layer, into: root, limits: bounds)) }
}

private func pack(_ directory: FilePath, into output: FileDescriptor, _ form: Trees.PackForm) throws(TreesError) -> Trees.Packed {
    try confine(to: directory, .reading)
    return try inRoot { (root) throws(ArchiveError) in Trees.Packed(try Archive.pack(root, into: output, form: Archive.PackForm(form))) }
}

/// Lends the directory to which this process is confined.
private func inRoot<Result>(_ body: (FileDescriptor) throws(ArchiveError) -> Result) throws(TreesError) -> Result {
    let root = try kernel { () throws(KernelError) in try open("/", [.readOnly, .directory]) }
    do throws(ArchiveError) { return try root.borrow(body) } catch { throw TreesError(error) }
}

extension Signal {
    /// SIGXFSZ: a file would grow beyond its limit.
    fileprivate static let fileSize = Signal(rawValue: 25)
}
