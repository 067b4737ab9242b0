// Stores, a puller and a registry together, and what must hold after a pull that failed.

import Content
import Images
import Linux
import Metadata
import OCI
import Registry
import Snapshots
import Synchronization
import Testing
import Trees

/// A house with a puller that is impatient, so that faults end soon.
struct PullHouse {
    let house: House
    let puller: Puller
    let registry: ScriptedRegistry

    init(_ house: House, _ registry: ScriptedRegistry) {
        (self.house, self.registry) = (house, registry)
        var settings = RegistrySettings()
        (settings.attempts, settings.firstPause, settings.longestPause) = (2, .milliseconds(10), .milliseconds(50))
        (settings.idleTimeout, settings.connectTimeout) = (.milliseconds(600), .seconds(5))
        puller = Puller(house.images, RegistryClient(settings))
    }

    func pull(_ name: String, platform: Platform? = nil, progress: @escaping @Sendable (PullProgress) -> Void = { _ in }) async throws -> PulledImage {
        try await puller.pull(try registry.reference(name), platform: platform, progress: progress)
    }

    /// What remains once it is as expected, or else after five seconds: a blob's file goes when the last thread has let go of it.
    func remainsAtLast(beyond expected: [String] = []) async throws -> [String] {
        for _ in 0..<500 where try remains() != expected { try await Task.sleep(for: .milliseconds(10)) }
        return try remains()
    }

    /// What of images and pulls is on disk or in the database.
    func remains() throws -> [String] {
        var found = try house.images.list().map { "image \($0.id)" } + (try house.content.list().map { "blob \($0)" })
        found += try entries(house.root.appending("content/incoming")).map { "incoming \($0)" }
        for folder in ["staging", "layers", "trash"] { found += try entries(house.root.appending("snapshots/\(folder)")).map { "\(folder) \($0)" } }
        found += try house.metadata.read { (transaction) throws(MetadataError) in
            try transaction.rows("SELECT 'layer ' || state AS what FROM layers UNION ALL SELECT 'hold ' || holder FROM holds") { (row) throws(MetadataError) in
                try row.text("what")
            }
        }
        return found
    }
}

/// Runs a test with a registry and stores of its own.
func withPullHouse(_ body: (PullHouse) async throws -> Void) async throws {
    let root = FilePath("/tmp/slipway-pull-\(currentProcess())-\(monotonicNanoseconds())")
    let registry = try await ScriptedRegistry.start()
    do {
        try await body(PullHouse(try House(root: root), registry))
    } catch {
        Issue.record(error)
    }
    await registry.stop()
    try clear(root)
}

/// Removes a data root. Its database may be closing at this moment, and remove its log itself.
func clear(_ root: FilePath) throws {
    do throws(KernelError) { try removeTree(root) } catch { if exists(root) { try removeTree(root) } }
}

/// Steps of a pull, in order.
final class Steps: Sendable {
    private let steps = Mutex<[PullProgress]>([])
    var all: [PullProgress] { steps.withLock { $0 } }
    func add(_ step: PullProgress) { steps.withLock { $0.append(step) } }
    func of(_ id: String) -> [LayerProgress] {
        all.compactMap { if case .layer(id, let progress) = $0 { progress } else { nil } }
    }
}
