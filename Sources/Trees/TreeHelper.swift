// The daemon's side of slipway-tree. A layer is hostile input, and unpacking it needs root: so it happens in a process of its own, which
// gives up all but that one directory before it reads the first byte. posix_spawn, because the daemon has threads. Chapter 07.

public import Archive
public import Linux

/// Starts slipway-tree for a task and waits for it. Blocks, so it is called from a thread that may.
public struct TreeHelper: Sendable {
    /// The program's file.
    public let executable: FilePath
    /// What one layer may make.
    public var limits: UnpackLimits

    public init(executable: FilePath, limits: UnpackLimits = .standard) {
        (self.executable, self.limits) = (executable, limits)
    }

    /// Applies a layer to an empty directory: plain tar or gzip, zstd, bzip2, xz.
    ///
    /// - Parameters:
    ///   - blob: open for reading, at its start; its position moves
    ///   - directory: where the layer's files go. After an error it holds part of the layer and is to be removed.
    /// - Returns: the digest of the uncompressed tar, and what was made. The files are on the disk when this returns.
    public func unpack(_ blob: FileDescriptor, into directory: FilePath) throws(TreesError) -> Unpacked {
        try run(.unpack, line(UnpackRequest(directory: directory.string, limits: limits)), [(blob, Number.layer)]).result()
    }

    /// Runs one task to its end and returns what it said.
    private func run(_ task: TreeTask, _ request: [UInt8], _ descriptors: [(ours: FileDescriptor, number: CInt)]) throws(TreesError) -> Reply {
        let arguments = ["slipway-tree", task.rawValue, String(decoding: request.dropLast(), as: UTF8.self)]
        let pipe = try kernel { () throws(KernelError) in try Pipe() }
        let child = try pipe.writing.borrow { (reply) throws(TreesError) in
            try kernel { () throws(KernelError) in
                try spawn(Spawn(executable, arguments, environment: ["SWIFT_ROOT=/"], descriptors: descriptors + [(reply, Number.reply)]))
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

/// Runs kernel calls, wrapping their error.
func kernel<Result: ~Copyable>(_ body: () throws(KernelError) -> Result) throws(TreesError) -> Result {
    do throws(KernelError) { return try body() } catch { throw .kernel(entry: "", error) }
}
