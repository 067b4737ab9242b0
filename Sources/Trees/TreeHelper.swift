// The daemon's side of slipway-tree. A layer is hostile input, and unpacking it needs root: so it happens in a process of its own, which
// gives up all but that one directory before it reads the first byte. posix_spawn, because the daemon has threads. Chapter 07.

public import Linux

/// Starts slipway-tree for a task and waits for it. Blocks, so it is called from a thread that may.
public struct TreeHelper: Sendable {
    /// The program's file.
    public let executable: FilePath
    /// What one layer may make.
    public var limits: UnpackLimits

    /// The helper at `executable`; nothing is started yet.
    public init(executable: FilePath, limits: UnpackLimits = .standard) {
        (self.executable, self.limits) = (executable, limits)
    }

    /// Applies a layer to an empty directory: plain tar or gzip, zstd, bzip2, xz. What is below it need not be there yet.
    ///
    /// How far it has come can be seen meanwhile, on another thread: the helper reads through the same open file, whose position (man 2 lseek) is
    /// the number of the blob's bytes that it has read.
    /// - Parameters:
    ///   - blob: open for reading, at its start; its position moves
    ///   - directory: where the layer's files go. After an error it holds part of the layer and is to be removed.
    /// - Returns: the digest of the uncompressed tar, and what was made. Nothing is synced to the disk yet.
    /// - Throws: `.refused`, `.limit` and `.damaged` for what is wrong with the layer, `.kernel` for what is wrong here.
    public func unpack(_ blob: FileDescriptor, into directory: FilePath) throws(TreesError) -> Unpacked {
        let task = Request.Task.unpack(directory: directory.string, limits: limits)
        return try answer(to: .unpack, task, archive: blob, \.unpacked)
    }

    /// Gives an unpacked layer what it takes from the layers below: the attributes of directories that its paths only implied, and the files
    /// behind hard links that it could not resolve.
    ///
    /// - Parameters:
    ///   - layer: what `unpack` filled
    ///   - parents: the layers below, the topmost first; at least one
    ///   - work: an empty directory on the file system of `layer`, for overlayfs
    ///   - place: an empty directory, to mount on
    ///   - implied: as `unpack` reported them
    ///   - links: as `unpack` reported them
    /// - Throws: `.refused` for a link whose target is nowhere.
    public func settle(
        layer: FilePath, onto parents: [FilePath], work: FilePath, place: FilePath, implied: [TreePath], links: [LayerLink]
    ) throws(TreesError) -> Settled {
        let settling = Settling(
            layer: layer.string, work: work.string, place: place.string, parents: parents.map(\.string), implied: implied, links: links,
            limits: limits)
        return try answer(to: .settle, .settle(settling), archive: nil, \.settled)
    }

    /// Makes a tar of a directory: the same bytes whenever the directory is the same.
    ///
    /// - Parameters:
    ///   - directory: what to pack; it is not changed
    ///   - output: open for writing; not synced
    /// - Throws: `.kernel`, with the file under way.
    public func pack(_ directory: FilePath, into output: FileDescriptor, form: PackForm) throws(TreesError) -> Packed {
        try answer(to: .pack, .pack(directory: directory.string, form: form), archive: output, \.packed)
    }

    /// Adds up what a directory holds: an overlay's upper one, for example.
    /// - Throws: `.kernel`, with the directory under way.
    public func size(of directory: FilePath) throws(TreesError) -> Sized {
        try answer(to: .size, .size(directory: directory.string), archive: nil, \.sized)
    }

    /// Copies what an image has at a path into an empty directory, with owners, modes, times, attributes, hard links and holes.
    ///
    /// - Parameters:
    ///   - path: as a container would see it; links are followed and end within the image
    ///   - layers: the image's, the topmost first; at least one
    ///   - directory: takes what the image's directory holds, and its attributes. After an error it holds part of that and is to be emptied.
    ///   - place: an empty directory, to mount on
    /// - Returns: `isFound` false where the image has no directory there; nothing is changed then. Nothing is synced to the disk yet.
    /// - Throws: `.limit` and `.kernel`, with the file under way.
    public func copy(_ path: FilePath, of layers: [FilePath], into directory: FilePath, place: FilePath) throws(TreesError) -> Copied {
        let request = CopyRequest(
            layers: layers.map(\.string), path: TreePath(path), directory: directory.string, place: place.string, limits: limits)
        return try answer(to: .copy, .copy(request), archive: nil, \.copied)
    }

    /// Runs one task to its end and returns what it said.
    private func answer<Value>(
        to name: TreeTask, _ task: Request.Task, archive: FileDescriptor?, _ value: KeyPath<Reply, Value?>
    ) throws(TreesError) -> Value {
        let reply = try run(name, Request(parent: currentProcess().rawValue, task: task), archive)
        if let failed = reply.failed { throw failed.error }
        guard let value = reply[keyPath: value] else { throw .died("an empty answer") }
        return value
    }

    private func run(_ name: TreeTask, _ request: Request, _ archive: FileDescriptor?) throws(TreesError) -> Reply {
        let question = try kernel { () throws(KernelError) in try memoryFile("slipway-tree \(name)") }
        return try question.borrow { (question) throws(TreesError) in
            try kernel { () throws(KernelError) in
                try write(question, line(request))
                try seek(question, to: 0)
            }
            return try run(name, [(question, Number.request)] + (archive.map { [($0, Number.archive)] } ?? []))
        }
    }

    private func run(_ name: TreeTask, _ descriptors: [(ours: FileDescriptor, number: CInt)]) throws(TreesError) -> Reply {
        let pipe = try kernel { () throws(KernelError) in try Pipe() }
        let child = try pipe.writing.borrow { (reply) throws(TreesError) in
            try kernel { () throws(KernelError) in
                let all = descriptors + [(reply, Number.reply)]
                return try spawn(Spawn(executable, ["slipway-tree", name.rawValue], environment: ["SWIFT_ROOT=/"], descriptors: all))
            }
        }
        // Our copy of the writing end goes with the rest of the pipe, or the reply would never end.
        let reading = pipe.takeReading()
        let bytes = try reading.borrow { (reply) throws(TreesError) in
            try kernel { () throws(KernelError) in try readAll(reply, upTo: 64 << 20) }
        }
        let status = try child.descriptor.borrow { (process) throws(TreesError) in try kernel { () throws(KernelError) in try wait(process) } }
        guard !bytes.isEmpty else { throw .died("ended without an answer: \(status.map { "\($0)" } ?? "unknown")") }
        return try decode(Reply.self, bytes)
    }
}
