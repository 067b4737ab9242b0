// A data root like slipwayd's, for a tool that changes it: one owner at a time, so it is refused while a daemon has it.
import Content
import Images
import Linux
import Metadata
import Snapshots
import Trees

/// The stores of a data root, ours alone until the process ends. man 2 flock.
final class DataRoot: Sendable {
    private let lock: Descriptor
    let images: ImageStore

    /// Opens or makes it. Blocks for the disk.
    init(_ path: FilePath) throws {
        try makeDirectories(path, mode: 0o710)
        let root = try open(path, [.path, .directory]).borrow { (place) throws in
            FilePath(try readLink(FilePath("/proc/self/fd/\(place.rawValue)")))  // from /, for helpers that have another working directory
        }
        lock = try open(root.appending("lock"), [.readWrite, .create], mode: 0o600)
        let isOurs = try lock.borrow { (file) throws(KernelError) in try Linux.lock(file) }
        guard isOurs else { throw Refusal("the data root \(root) belongs to an engine that runs: ask that one to pull, or name another --data-root") }
        let metadata = try Metadata(path: root.appending("slipway.db"), schemas: [SnapshotStore.schema, ImageStore.schema])
        let content = try ContentStore(root: root.appending("content"))
        let snapshots = try SnapshotStore(root: root.appending("snapshots"), metadata: metadata, helper: try .besideThisProgram())
        images = try ImageStore(metadata: metadata, content: content, snapshots: snapshots)
    }
}
