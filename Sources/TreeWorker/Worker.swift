// slipway-tree's own side: read the request, confine, do the one task, say what came of it. Nothing else is in this process: one thread, no
// configuration, no environment that it heeds.

import Archive
import Linux

/// Does the task that the command line names and writes the reply. Returns the exit status.
/// - Parameter arguments: the program's name, the task, the request as JSON
public func work(_ arguments: [String]) -> Int32 {
    let reply: Reply
    do throws(TreesError) {
        reply = Reply(unpacked: try perform(arguments))
    } catch {
        reply = Reply(failed: error)
    }
    do throws(KernelError) {
        try write(FileDescriptor(rawValue: Number.reply), line(reply))
    } catch {
        return 1  // nobody listens, or nobody ever did: started by hand
    }
    return reply.failed == nil ? 0 : 1
}

private func perform(_ arguments: [String]) throws(TreesError) -> Unpacked {
    guard arguments.count == 3, let task = TreeTask(rawValue: arguments[1]) else { throw .notYet(arguments.dropFirst().first ?? "without a task") }
    guard task == .unpack else { throw .notYet(task.rawValue) }
    let request = try decode(UnpackRequest.self, Array(arguments[2].utf8))
    // A file that hits the limit shall be an error with a name, not a signal.
    ignore(.fileSize)
    setUmask(0)
    try confine(to: FilePath(request.directory), largestFileBytes: request.limits.bytes)
    let root = try kernel { () throws(KernelError) in try open("/", [.readOnly, .directory]) }
    return try root.borrow { (root) throws(TreesError) in
        let unpacked: Unpacked
        do throws(ArchiveError) {
            unpacked = try unpack(FileDescriptor(rawValue: Number.layer), into: root, limits: request.limits)
        } catch {
            throw TreesError(error)
        }
        // Once for the whole layer; a file at a time would take as long as everything else.
        try kernel { () throws(KernelError) in try synchronizeFileSystem(root) }
        return unpacked
    }
}

extension Signal {
    /// SIGXFSZ: a file would grow beyond its limit.
    fileprivate static let fileSize = Signal(rawValue: 25)
}
