// `docker cp`: into a container's tree and out of it, running or not, always by slipway-tree. Who writes into the tree holds a lock that a start
// takes too: a stopped container's layers are then mounted by the helper, and two overlays must not write to one directory. Looking needs no
// lock; the helper's view of a stopped container is one of its own.
//
// The tar flows between the client and the helper through a pipe. One thread of its own serves each transfer, for both may wait for long, and
// the helper ends with it. Chapter 12 over chapter 07; moby, daemon/archive.go.
public import DockerAPI
import Linux
import OCI
import Offload
import Snapshots
import Synchronization
import Trees

/// What of the containers' trees the engine must remember.
final class TreeStates: Sendable {
    private let locks = Mutex<[String: Lock]>([:])
    /// Answers `GET /system/df` that are being worked out.
    let usage = Mutex<[Set<DiskUsageType>: Task<DiskUsage, any Error>]>([:])
    /// Unused images are being removed.
    let isPruning = Mutex(false)

    private struct Lock { weak var mailbox: Mailbox? }

    /// Who writes into a container's tree, or mounts it, does so here, one after the other. A lock lasts as long as somebody uses it.
    func lock(_ container: String) -> Mailbox {
        locks.withLock { locks in
            if let lock = locks[container]?.mailbox { return lock }
            locks = locks.filter { $0.value.mailbox != nil }
            let made = Mailbox()
            locks[container] = Lock(mailbox: made)
            return made
        }
    }
}

/// A tar on its way out of a container.
public final class OutgoingTar: Sendable {
    private let thread: OwnThread, stream: TreeStream
    private let explain: @Sendable (any Error) -> EngineError

    init(_ thread: OwnThread, _ stream: TreeStream, _ explain: @escaping @Sendable (any Error) -> EngineError) {
        (self.thread, self.stream, self.explain) = (thread, stream, explain)
    }

    /// The next bytes; nil when that was all.
    /// - Throws: where the rest cannot be made; what came until then is part of the tar.
    public func next() async throws(EngineError) -> [UInt8]? {
        let stream = stream
        do { return try await thread.run { () throws(TreesError) in try stream.next() } } catch { throw explain(error) }
    }

    /// Nobody reads it any more.
    public func cancel() { stream.cancel() }
}

extension ContainerEngine {
    var treeHelper: TreeHelper { TreeHelper(executable: settings.tree) }

    /// What lies at a path of a container, for the head of a reply.
    /// - Parameter name: the container as the client called it, for messages
    /// - Throws: `notFound` where nothing is there.
    public func pathStatus(of path: String, in container: Container, called name: String) async throws(EngineError) -> PathStatus {
        let helper = treeHelper
        let status = try await reach(container, path, name) { (tree) throws(TreesError) in try helper.status(of: path, in: tree) }
        return PathStatus(path, status)
    }

    /// A tar of what lies at a path of a container.
    /// - Throws: `notFound` where nothing is there.
    public func archive(_ path: String, of container: Container, called name: String) async throws(EngineError) -> (status: PathStatus, tar: OutgoingTar) {
        let helper = treeHelper, thread = OwnThread()
        let (status, stream) = try await reach(container, path, name, on: thread) { (tree) throws(TreesError) in try helper.archive(path, of: tree) }
        publish("archive-path", container)
        return (PathStatus(path, status), OutgoingTar(thread, stream) { EngineError($0, path, name) })
    }

    /// Unpacks a tar that comes in pieces into a directory of a container.
    /// - Parameters:
    ///   - keepsKinds: a directory is not to be replaced by a file, nor a file by a directory
    ///   - belongsToUser: everything is given to the container's user
    /// - Throws: `notFound`, `invalid` (no directory; a tar that would reach outside), `forbidden` (read-only).
    public func extract<Pieces: AsyncSequence & Sendable>(
        _ pieces: Pieces, into path: String, of container: Container, called name: String, keepsKinds: Bool, belongsToUser: Bool
    ) async throws(EngineError) where Pieces.Element == [UInt8] {
        let user = container.record.config.User ?? "", owner = belongsToUser && !user.isEmpty ? user : nil
        let options = ExtractOptions(keepsKinds: keepsKinds, owner: owner)
        try await asEngineError {
            try await self.trees.lock(container.id).perform {
                let helper = self.treeHelper, thread = OwnThread()
                let input = try await self.reach(container, path, name, on: thread, isExtraction: true) { (tree) throws(TreesError) in
                    try helper.extract(into: path, of: tree, options)
                }
                do {
                    for try await piece in pieces { try await thread.run { () throws(TreesError) in try input.write(piece) } }
                    _ = try await thread.run { () throws(TreesError) in try input.finish() }
                } catch {
                    input.cancel()
                    throw EngineError(error, path, name)
                }
            }
        }
        publish("extract-to-dir", container)
    }

    // MARK: Where the tree is

    /// Does something with a container's tree. A container that ends in this moment is found stopped at the second try.
    func reach<Value: Sendable>(
        _ container: Container, _ path: String, _ name: String, on thread: OwnThread = OwnThread(), isExtraction: Bool = false,
        _ body: @escaping @Sendable (ContainerTree) throws(TreesError) -> Value
    ) async throws(EngineError) -> Value {
        var attempts = 0
        while true {
            do {
                let tree = try await tree(of: container)
                return try await thread.run { () throws(TreesError) in try body(tree) }
            } catch TreesError.kernel(_, let error) where error.call == "setns" && attempts < 20 {
                attempts += 1
                try? await Task.sleep(for: .milliseconds(50))  // cancelled: the next try says so
            } catch {
                throw EngineError(error, path, name, isExtraction: isExtraction)
            }
        }
    }

    /// Where a container's tree is now.
    func tree(of container: Container) async throws -> ContainerTree {
        try await offload {
            if let pid = container.run?.pid, pid > 0, let process = try self.process(pid, of: container) { return .running(TreeProcess(process)) }
            return .stopped(try self.stoppedTree(of: container.record))
        }
    }

    /// A pidfd; nil where the number is not the container's any more. The cgroup, read when the pidfd is open already, tells.
    private func process(_ pid: Int32, of container: Container) throws(KernelError) -> Descriptor? {
        do throws(KernelError) {
            let process = try openProcess(ProcessID(pid))
            let group = try readText(FilePath("/proc/\(pid)/cgroup"))
            guard group.contains(container.id) else { return nil }
            try process.borrow { (process) throws(KernelError) in try send(Signal(rawValue: 0), to: process) }
            return process
        } catch {
            guard [.noSuchFileOrDirectory, .noSuchProcess].contains(Errno(rawValue: error.errno)) else { throw error }
            return nil
        }
    }

    /// The parts of a tree as the next start would put them together.
    private func stoppedTree(of record: ContainerRecord) throws -> StoppedTree {
        let overlay = try snapshots.overlay(of: record.id)
        let surroundings = SpecSurroundings(
            files: networkFiles(of: record), cgroupPath: "", available: available, volumes: settings.dataRoot.appending("volumes"),
            backings: try volumeBackings(record))
        let mounts = makeMounts(record, surroundings).filter { $0.type == "bind" && !$0.destination.hasPrefix("/dev/") }.map { mount in
            let options = mount.options ?? [], below = options.first { $0.hasPrefix("x-slipway.below=") }
            return TreeMount(
                mount.source ?? "", at: mount.destination, isReadOnly: options.contains("ro") || options.contains("rro"),
                below: below.map { String($0.dropFirst("x-slipway.below=".count)) })
        }
        return StoppedTree(
            lower: overlay.lower, upper: overlay.upper, work: overlay.work, mounts: mounts, isReadOnly: record.host.ReadonlyRootfs == true)
    }
}

extension PathStatus {
    init(_ path: String, _ status: TreeStatus) {
        let name = path.split(separator: "/").last { $0 != "." }.map(String.init)
        self.init(
            name: path.hasSuffix("/.") || path == "." ? "." : name ?? "/", size: status.size, mode: status.mode,
            mtime: timestamp(status.seconds * 1_000_000_000 + status.nanoseconds), linkTarget: status.linkTarget)
    }
}

extension EngineError {
    /// What went wrong with a path of a container, in Docker's words.
    init(_ error: any Error, _ path: String, _ container: String, isExtraction: Bool = false) {
        guard let error = error as? TreesError else {
            self = EngineError(error)
            return
        }
        switch error {
        case .path(_, .missing): self.init(.notFound, "Could not find the file \(path) in container \(container)")
        case .path(_, .noDirectory): self.init(.invalid, isExtraction ? "extraction point is not a directory" : "lstat \(path): not a directory")
        case .path(_, .readOnlyRoot): self.init(.forbidden, "container rootfs is marked read-only")
        case .path(_, .readOnlyVolume): self.init(.forbidden, "mounted volume is marked read-only")
        case .refused(_, let why) where why.hasPrefix("cannot overwrite") || why.hasPrefix("unable to find"): self.init(.invalid, why)
        case .refused, .damaged, .limit: self.init(.invalid, "\(error)")
        case .kernel, .notYet, .died: self.init(.failed, "\(error)")
        }
    }
}
