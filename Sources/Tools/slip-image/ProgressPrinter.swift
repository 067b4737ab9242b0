// A pull's progress: on a terminal a line per layer with a bar, drawn over again in place; elsewhere a line per event, without the countless
// steps in between. man 4 console_codes.
import Images
import Linux
import OCI
import Synchronization

/// Prints progress; told from several tasks.
final class ProgressPrinter: Sendable {
    private struct State {
        /// Layers in the order in which they were first told of: the last stands right above the cursor.
        var layers: [String] = []
        var lastDrawn: [String: UInt64] = [:]
    }

    private let state = Mutex(State())
    private let bars: Bool

    init(bars: Bool) { self.bars = bars }

    func tell(_ progress: PullProgress) {
        switch progress {
        case .pulling(let name): say("\(name.tag ?? name.digest ?? "latest"): Pulling from \(name.path)")
        case .digest(let digest): say("Digest: \(digest)")
        case .warning(let text): say("warning: \(text)".harmless)
        case .layer(let id, let step): bars ? draw(id, step) : say(id, step)
        case .isNewer: break  // told at the end
        }
    }

    private func say(_ line: String) { state.withLock { _ in output("\(line)\n") } }

    /// Without a terminal: what has been reached, not how far.
    private func say(_ id: String, _ step: LayerProgress) {
        switch step {
        case .downloading, .extracting: break
        default: say("\(id): \(words(for: step))")
        }
    }

    /// Ten times a second are enough for eyes.
    private func draw(_ id: String, _ step: LayerProgress) {
        state.withLock { state in
            let now = monotonicNanoseconds(), isCounting = if case .downloading(let current, let total) = step { current < total } else { false }
            if isCounting, let last = state.lastDrawn[id], now - last < 100_000_000 { return }
            state.lastDrawn[id] = now
            guard let place = state.layers.firstIndex(of: id) else {
                state.layers.append(id)
                return output("\(id): \(words(for: step))\n")
            }
            let up = state.layers.count - place
            output("\u{1b}[\(up)A\r\u{1b}[K\(id): \(words(for: step))\u{1b}[\(up)B\r")
        }
    }

    private func words(for step: LayerProgress) -> String {
        switch step {
        case .pullingLayer: "Pulling fs layer"
        case .waiting: "Waiting"
        case .downloading(let current, let total): "Downloading \(bar(current, of: total))"
        case .verifying: "Verifying Checksum"
        case .downloadComplete: "Download complete"
        case .extracting(let current, let total): "Extracting  \(bar(current, of: total))"
        case .complete: "Pull complete"
        case .alreadyExists: "Already exists"
        }
    }

    private func bar(_ current: Int64, of total: Int64) -> String {
        let width = 30, done = total > 0 ? Int(min(1, Double(current) / Double(total)) * Double(width)) : width
        return
            "[\(String(repeating: "=", count: done))\(done < width ? ">" : "")\(String(repeating: " ", count: max(0, width - done - 1)))] \(size(current))/\(size(total))"
    }

    private func output(_ text: String) {
        try? write(FileDescriptor(rawValue: 1), text)  // whoever read this is gone; the pull goes on
    }
}
