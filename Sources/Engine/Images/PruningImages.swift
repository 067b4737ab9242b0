// `docker image prune`: images that no container uses go, by default only those without a name. Each goes as `docker rmi` would take it, so
// that whatever has begun to use one in the meantime keeps it. Chapter 12; moby, daemon/images/image_prune.go.
import Digests
public import DockerAPI
import Images
import Logging
import OCI
import Offload
import Snapshots
import Synchronization

extension ContainerEngine {
    /// Removes unused images.
    /// - Throws: `invalid` for an unknown filter; `conflict` where that goes on already.
    public func pruneImages(_ filters: Filters) async throws(EngineError) -> ImagesPruned {
        if let key = filters.unknownKey(besides: ["dangling", "label", "label!", "until"]) { throw EngineError(.invalid, "invalid filter '\(key)'") }
        let onlyDangling = try filters["dangling"]?.first.map { (text) throws(EngineError) in try truth(text, of: "dangling") } ?? true
        guard (filters["until"] ?? []).count < 2 else { throw EngineError(.invalid, "more than one until filter specified") }
        let until = try filters["until"]?.first.map { (text) throws(EngineError) in try filterMoment(text) }
        let isFirst = trees.isPruning.withLock { isPruning in
            defer { isPruning = true }
            return !isPruning
        }
        guard isFirst else { throw EngineError(.conflict, "a prune operation is already running") }
        defer { trees.isPruning.withLock { $0 = false } }
        let (images, snapshots) = (images, snapshots)
        let (records, layers) = try await asEngineError { try await offload { (try images.list(), try snapshots.layerSizes()) } }
        var removals: [ImageRemoval] = []
        for image in records where image.references.isEmpty || !onlyDangling {
            if let until, image.createdNanoseconds > until { continue }
            let labels = image.configuration.config?.labels ?? [:]
            guard hasLabels(labels, filters["label"] ?? []), !(filters["label!"] ?? []).contains(where: { hasLabels(labels, [$0]) }) else { continue }
            removals += await removeUnused(image)
        }
        let sizes = Dictionary(layers.map { ($0.chain.digest.description, $0.sizeBytes) }) { $1 }
        let bytes = removals.reduce(0) { $0 + ($1.Deleted.flatMap { sizes[$0] } ?? 0) }
        events.publish("image", "prune", "", ["reclaimed": "\(bytes)"])
        return ImagesPruned(removals, bytes: bytes)
    }

    /// Takes an image's names one after the other, and it with the last; nothing where it is used.
    private func removeUnused(_ image: ImageRecord) async -> [ImageRemoval] {
        let names = image.references.map(\.familiar) + image.repositoryDigests.map(\.familiar)
        var removals: [ImageRemoval] = []
        for name in names.isEmpty ? [image.id.description] : names {
            do throws(EngineError) { removals += try await removeImage(name, force: false, prune: true) } catch {
                // In use: it stays. Gone with a name before it: so it should.
                if error.kind != .conflict, error.kind != .notFound { log.warning("remove image \(name): \(error)") }
            }
        }
        return removals
    }
}
