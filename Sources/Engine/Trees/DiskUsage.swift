// `docker system df`: what images, containers and volumes take, and how much of an image's layers others have, too. Adding up what containers and
// volumes hold means looking at every file of them, so those who ask at the same time get the same answer. Layers were counted when they were
// unpacked. Chapter 12; moby, daemon/disk_usage.go; Engine API, SystemDataUsage.
import Digests
public import DockerAPI
import Images
import Offload
import Snapshots
import Synchronization

extension ContainerEngine {
    /// What everything takes.
    /// - Parameters:
    ///   - types: what to add up
    ///   - plain: the API version is below 1.42, whose clients expect a number for the builder, too
    public func diskUsage(_ types: Set<DiskUsageType>, plain: Bool) async throws(EngineError) -> DiskUsage {
        let work = trees.usage.withLock { running in
            if let task = running[types] { return task }
            let task = Task { () async throws -> DiskUsage in
                defer { self.trees.usage.withLock { _ = $0.removeValue(forKey: types) } }
                return try await self.addUp(types)
            }
            running[types] = task
            return task
        }
        var usage = try await asEngineError { try await work.value }
        if plain { usage.BuilderSize = 0 }
        return usage
    }

    private func addUp(_ types: Set<DiskUsageType>) async throws -> DiskUsage {
        var usage = DiskUsage()
        if types.contains(.image) { (usage.Images, usage.LayersSize) = try await imageUsage() }
        if types.contains(.container) { usage.Containers = try await containerUsage() }
        if types.contains(.volume) { usage.Volumes = try await volumeUsage() }
        if types.contains(.buildCache) { usage.BuildCache = [] }
        return usage
    }

    private func containerUsage() async throws -> [ContainerSummary] {
        var lines: [ContainerSummary] = []
        for container in all {
            var line = summary(container)
            let size: (own: Int64, all: Int64)
            do throws(EngineError) { size = try await self.size(container) } catch {
                guard find(container) else { continue }  // removed meanwhile
                throw error
            }
            (line.SizeRw, line.SizeRootFs) = (size.own, size.all)
            lines.append(line)
        }
        return lines
    }

    private func find(_ container: Container) -> Bool { containers.withLock { $0[container.id] != nil } }

    private func imageUsage() async throws -> (images: [ImageSummary], layersSize: Int64) {
        let (snapshots, images) = (snapshots, images)
        let (layers, records) = try await offload { (try snapshots.layerSizes(), try images.list()) }
        let sizes = Dictionary(layers.map { ($0.chain, $0) }) { $1 }
        let chains = Dictionary(records.map { ($0.id.description, stack(of: $0.chain, sizes)) }) { $1 }
        let users = chains.values.reduce(into: [ChainID: Int]()) { users, chain in for layer in chain { users[layer.chain, default: 0] += 1 } }
        let containers = all.reduce(into: [String: Int]()) { $0[$1.record.image, default: 0] += 1 }
        let lines = try await listImages(Filters(), plain: false).map { image in
            var line = image
            line.Containers = containers[image.Id] ?? 0
            line.SharedSize = (chains[image.Id] ?? []).reduce(0) { $0 + ((users[$1.chain] ?? 0) > 1 ? $1.sizeBytes : 0) }
            return line
        }
        return (lines, users.keys.reduce(0) { $0 + (sizes[$1]?.sizeBytes ?? 0) })
    }
}

/// The layers of a chain, topmost first.
private func stack(of chain: ChainID?, _ layers: [ChainID: LayerSize]) -> [LayerSize] {
    var found: [LayerSize] = [], next = chain
    while let chain = next, let layer = layers[chain] {
        found.append(layer)
        next = layer.parent
    }
    return found
}
