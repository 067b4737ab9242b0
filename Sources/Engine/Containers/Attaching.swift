// Attach, logs, resize: a client's streams and a container's. The stream of an attached client is one end of a socket pair whose other end goes
// to the shim; before the container runs it waits here, with what the client has sent already in its buffer. Chapter 12.
import DockerAPI
public import Linux
import Offload
public import ShimProtocol
import Synchronization
import Terminals

extension ContainerEngine {
    /// Attaches to a container's streams.
    /// - Parameter detachKeys: what leaves a terminal; nil or empty for the usual ctrl-p ctrl-q
    /// - Returns: our end; the shim closes its own when the run has ended. Stdcopy frames, or raw bytes where the container has a terminal.
    /// - Throws: `conflict` where the container is on its way out; `invalid` for keys that there are not.
    public func attach(_ container: Container, input: Bool, output: Bool, error: Bool, detachKeys: String? = nil) async throws(EngineError) -> AttachedStream {
        let keys = try checkedKeys(detachKeys, "detach")
        return try await asEngineError {
            try await container.mailbox.perform {
                try self.checkUsable(container)
                try self.checkMoves(container)
                let pair = try StreamPair()
                let isTyped = input && container.hasTerminal
                let attachment = Attachment(try pair.takeFar(), input: input, output: output, error: error, detachKeys: isTyped ? keys : nil)
                if let run = container.run {
                    try await run.shim.ask(attachment.request, [attachment.descriptor])
                } else {
                    container.state.withLock { $0.attachments[ObjectIdentifier(attachment)] = attachment }
                }
                self.publish("attach", container)
                return AttachedStream(socket: try pair.takeNear(), key: ObjectIdentifier(attachment), container: container)
            }
        }
    }

    /// Docker lets nobody attach to one that stands still, or that is between two runs.
    private func checkMoves(_ container: Container) throws(EngineError) {
        if container.isPaused { throw EngineError(.conflict, "container \(container.id) is paused, unpause the container before attach") }
        if container.isRestarting { throw .restarting(container.id) }
    }

    /// Where the records of the container's next start can be read: JSON lines, ended when the start is over.
    public func explain(_ container: Container) async throws(EngineError) -> Descriptor {
        guard !container.isRunning else { throw EngineError(.conflict, "container \(container.id) is running: only a start can be explained") }
        return try await asEngineErrorOwning {
            let pair = try StreamPair()
            let attachment = Attachment(try pair.takeFar(), input: false, output: true, error: false)
            container.state.withLock { $0.explain = attachment }
            return try pair.takeNear()
        }
    }

    /// Sets the size of a container's terminal. Where it has never run the size is kept for its start, and one that comes while it starts waits.
    /// - Throws: `conflict` where it has ended.
    public func resize(_ container: Container, rows: UInt16, columns: UInt16) async throws(EngineError) {
        try await asEngineError {
            try await container.mailbox.perform {
                guard let run = container.run else {
                    guard container.status == "created", container.hasTerminal else { throw EngineError.notRunning(container.id) }
                    return container.state.withLock { $0.window = Window(rows: rows, columns: columns) }
                }
                guard container.hasTerminal else { return }
                try await run.shim.ask(.resize(stream: "", rows: rows, columns: columns))
                self.publish("resize", container, ["height": "\(rows)", "width": "\(columns)"])
            }
        }
    }

    /// Keys in Docker's words, checked; nil or empty means the usual ones.
    /// - Parameter kind: `detach` or `escape`, for Docker calls them differently for attach and exec
    func checkedKeys(_ text: String?, _ kind: String) throws(EngineError) -> String {
        guard let text, !text.isEmpty else { return DetachKeys.usual }
        do throws(DetachKeysError) { _ = try DetachKeys(text) } catch { throw EngineError(.invalid, "Invalid \(kind) keys (\(text)) provided") }
        return text
    }

    /// Called on the shims' thread: a client has typed its detach keys.
    func detached(_ stream: String, _ container: Container) {
        if stream.isEmpty { publish("detach", container) } else { publish("exec_detach", container, ["execID": stream]) }
    }

    // MARK: Logs

    /// Opens a container's log for reading.
    /// - Throws: `unsupported` where its log driver keeps nothing.
    public func log(of container: Container, _ query: LogQuery) async throws(EngineError) -> ContainerLog {
        guard container.record.host.LogConfig?.Type != "none" else { throw EngineError(.unsupported, "configured logging driver does not support reading") }
        let path = logPath(container.id)
        return try await asEngineError {
            let maxFiles = try logLimits(container.record.host).maxFiles
            return try await offload { () throws(KernelError) in try ContainerLog(container, path, maxFiles: maxFiles, query) }
        }
    }
}

/// A client's end of an attachment.
public final class AttachedStream: Sendable {
    private let socket: Mutex<FileDescriptor?>
    private let key: ObjectIdentifier
    private let container: Container?

    init(socket: consuming Descriptor, key: ObjectIdentifier, container: Container?) {
        (self.key, self.container) = (key, container)
        self.socket = Mutex(socket.release())
    }

    deinit {
        if let socket = takeSocket() { _ = Descriptor(owning: socket) }
    }

    /// The socket, which from now on belongs to the caller; nil the second time.
    public func takeSocket() -> FileDescriptor? {
        socket.withLock { socket in
            defer { socket = nil }
            return socket
        }
    }

    /// Forgets an attachment whose client has gone before the container ran.
    public func forget() { container?.state.withLock { $0.attachments[key] = nil } }
}

/// A socket pair whose ends are taken one by one.
struct StreamPair: ~Copyable {
    private let pair: SocketPair
    init() throws(KernelError) { pair = try SocketPair(.stream) }
    borrowing func takeNear() throws(KernelError) -> Descriptor { try pair.near.duplicate() }
    borrowing func takeFar() throws(KernelError) -> Descriptor { try pair.far.duplicate() }
}

/// Like `asEngineError`, for what cannot be copied.
func asEngineErrorOwning<Result: ~Copyable>(_ body: () throws -> Result) async throws(EngineError) -> Result {
    do { return try body() } catch { throw EngineError(error) }
}

/// A container's log, read in pieces on a thread of its own.
public final class ContainerLog: Sendable {
    private let thread = OwnThread()
    private let reader: ThreadBound<LogReader>
    private let isCancelled = Mutex(false)
    /// The end of the run that is followed: a log that is followed ends there, also where the container is started again.
    private let end: Promise<Int32>

    init(_ container: Container, _ path: FilePath, maxFiles: Int, _ query: LogQuery) throws(KernelError) {
        end = container.isRunning ? container.wait(for: .notRunning) : Promise(fulfilled: 0)
        reader = ThreadBound(try LogReader(path, maxFiles: maxFiles, query: query))
    }

    /// The next piece; nil when all is read: of a log that is followed, when the container has ended or the calling task was cancelled.
    public func next(_ rendering: LogRendering) async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await thread.run { () throws(KernelError) in
                var piece: [UInt8] = []
                let isMore = try self.reader.value.next(
                    into: &piece, as: rendering, hasEnded: { self.end.current != nil }, isCancelled: { self.isCancelled.withLock { $0 } })
                return isMore ? piece : nil
            }
        } onCancel: {
            isCancelled.withLock { $0 = true }
        }
    }
}

/// A value that only one thread at a time touches, though the compiler cannot see it.
private struct ThreadBound<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}
