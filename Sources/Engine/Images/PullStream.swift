// A pull on its way, as a client watches it. The pull runs in a task of its own; its steps are put into lines here, and taken out as fast as the
// client reads. Of a number that has moved on before the last one was taken only the newest is kept, so a client that reads slowly costs no
// memory. When nobody watches any more the pull is cancelled, as dockerd does; what another pull needs too goes on. Chapter 12.
public import DockerAPI
import Images
import OCI
import Synchronization

/// The lines of one pull, for one reader.
public final class PullStream: Sendable {
    private let lines: ProgressQueue
    private let task: Task<Void, Never>

    /// - Parameter work: the pull; what it throws is thrown to the reader after the lines
    init(_ work: @escaping @Sendable (ProgressQueue) async throws(EngineError) -> Void) {
        let lines = ProgressQueue()
        self.lines = lines
        task = Task {
            do throws(EngineError) {
                try await work(lines)
                lines.end(nil)
            } catch {
                lines.end(error)
            }
        }
    }

    deinit { task.cancel() }

    /// The next line; nil after the last.
    public func next() async throws(EngineError) -> ProgressLine? { try await lines.next() }

    /// Nobody watches any more.
    public func cancel() { task.cancel() }
}

/// Lines between a pull and its reader.
final class ProgressQueue: Sendable {
    private struct State {
        var lines: [(key: String?, line: ProgressLine)] = []
        var end: EngineError??
        var reader: CheckedContinuation<Void, Never>?
    }
    private let state = Mutex(State())

    /// Adds a line.
    /// - Parameter key: the line takes the place of the one that waits last with the same key, if there is one
    func put(_ line: ProgressLine, key: String? = nil) {
        wake { state in
            if let key, let place = state.lines.lastIndex(where: { $0.key == key }) { state.lines[place].line = line } else { state.lines.append((key, line)) }
        }
    }

    func end(_ error: EngineError?) { wake { $0.end = .some(error) } }

    func next() async throws(EngineError) -> ProgressLine? {
        while true {
            let (line, end) = state.withLock { state in (state.lines.isEmpty ? nil : state.lines.removeFirst().line, state.lines.isEmpty ? state.end : nil) }
            if let line { return line }
            if let end {
                state.withLock { $0.end = .some(nil) }  // an error is told once
                if let error = end { throw error }
                return nil
            }
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    guard state.lines.isEmpty, state.end == nil else { return true }
                    state.reader = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        }
    }

    private func wake(_ change: (inout State) -> Void) {
        let reader = state.withLock { state in
            change(&state)
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
    }
}

extension ProgressQueue {
    /// A step in Docker's words.
    /// - Parameter asked: the name that was asked for
    func put(_ step: PullProgress, asked: Reference) {
        switch step {
        case .pulling(let name):
            var line = ProgressLine(status: "Pulling from \(name.path)")
            line.id = name.digest == nil ? name.tag : name.description
            put(line)
        case .layer(let id, let progress): put(progress, of: id)
        case .digest(let digest): put(ProgressLine(status: "Digest: \(digest)"))
        case .warning(let text): put(ProgressLine(status: "WARNING: \(text)"))
        case .isNewer(let isNewer):
            put(ProgressLine(status: "Status: \(isNewer ? "Downloaded newer image" : "Image is up to date") for \(asked.familiar)"))
        }
    }

    private func put(_ progress: LayerProgress, of id: String) {
        func line(_ status: String) { put(ProgressLine(status: status, id: id)) }
        func measured(_ status: String, _ current: Int64, _ total: Int64) {
            put(ProgressLine(status: status, id: id, detail: .init(current: current, total: total)), key: "\(status) \(id)")
        }
        switch progress {
        case .pullingLayer: line("Pulling fs layer")
        case .waiting: line("Waiting")
        case .downloading(let current, let total): measured("Downloading", current, total)
        case .verifying: line("Verifying Checksum")
        case .downloadComplete: line("Download complete")
        case .extracting(let current, let total): measured("Extracting", current, total)
        case .complete: line("Pull complete")
        case .alreadyExists: line("Already exists")
        }
    }
}
