// Volumes as the API asks for them: create, list, inspect, remove, prune, and what they take. Chapter 12 over chapter 10; Engine API, "Volumes".
public import DockerAPI
import Linux
import Logging
import Offload
import Trees
import Volumes

extension ContainerEngine {
    /// Makes a volume; one of this name that is there already is the answer too.
    /// - Throws: `invalid` for a name or options that make no sense, `notFound` for a driver, `unsupported` for what is not built yet.
    public func createVolume(_ request: VolumeRequest) async throws(EngineError) -> VolumeReply {
        let store = volumes.store
        let wish = VolumeWish(name: request.Name, driver: request.Driver ?? "", options: request.DriverOpts ?? [:], labels: request.Labels ?? [:])
        let volume = try await asEngineError { try await offload { () throws(VolumesError) in try store.create(wish) } }
        events.publish("volume", "create", volume.name, ["driver": localDriver])
        return reply(volume)
    }

    /// One volume.
    public func inspectVolume(_ name: String) async throws(EngineError) -> VolumeReply {
        let store = volumes.store
        return reply(try await asEngineError { try await offload { () throws(VolumesError) in try store.volume(name) } })
    }

    /// The volumes that match, by name.
    /// - Throws: `invalid` for an unknown filter.
    public func listVolumes(_ filters: Filters) async throws(EngineError) -> [VolumeReply] {
        if let key = filters.unknownKey(besides: ["name", "driver", "label", "dangling"]) { throw EngineError(.invalid, "invalid filter '\(key)'") }
        let dangling = try flag("dangling", filters)
        let (found, users) = try await allVolumes()
        return found.filter { volume in
            if let wanted = filters["name"], !wanted.contains(where: { volume.name.contains($0) }) { return false }
            if let wanted = filters["driver"], !wanted.contains(localDriver) { return false }
            if let dangling, dangling == (users[volume.name] != nil) { return false }
            return hasLabels(volume.labels, filters["label"] ?? [])
        }.map(reply)
    }

    /// Removes a volume that no container has.
    /// - Parameter force: one that is not there is removed, too
    /// - Throws: `notFound`; `conflict` naming the containers.
    public func removeVolume(_ name: String, force: Bool) async throws(EngineError) {
        let store = volumes.store
        do throws(EngineError) {
            try await asEngineError { try await offload { () throws(VolumesError) in try store.remove(name) } }
        } catch {
            guard force, error.kind == .notFound else { throw error }
            return
        }
        events.publish("volume", "destroy", name, ["driver": localDriver])
    }

    /// Removes volumes that no container has.
    /// - Parameter takesAll: also those that somebody named, unless the filter `all` says otherwise
    /// - Throws: `invalid` for an unknown filter.
    public func pruneVolumes(_ filters: Filters, takesAll: Bool) async throws(EngineError) -> VolumesPruned {
        if let key = filters.unknownKey(besides: ["label", "label!", "all"]) { throw EngineError(.invalid, "invalid filter '\(key)'") }
        let all = try flag("all", filters) ?? takesAll, store = volumes.store
        let (removed, bytes) = try await asEngineError {
            try await offload { () throws(VolumesError) in
                try store.prune { volume in
                    (all || volume.isAnonymous) && hasLabels(volume.labels, filters["label"] ?? [])
                        && !(filters["label!"] ?? []).contains { hasLabels(volume.labels, [$0]) }
                }
            }
        }
        for volume in removed { events.publish("volume", "destroy", volume.name, ["driver": localDriver]) }
        events.publish("volume", "prune", "", ["reclaimed": "\(bytes)"])
        return VolumesPruned(removed.map(\.name), bytes: bytes)
    }

    /// All volumes with what they take, for `GET /system/df`. May take long.
    public func volumeUsage() async throws(EngineError) -> [VolumeReply] {
        let (found, users) = try await allVolumes(), (store, log) = (volumes.store, log)
        return await offload {
            found.map { volume in
                var line = self.reply(volume)
                var bytes: Int64 = -1
                do throws(VolumesError) { bytes = try store.usage(of: volume).bytes } catch { log.warning("\(error)") }
                line.UsageData = VolumeUsage(size: bytes, references: users[volume.name]?.count ?? 0)
                return line
            }
        }
    }

    private func allVolumes() async throws(EngineError) -> (volumes: [Volume], users: [String: [String]]) {
        let store = volumes.store
        return try await asEngineError { try await offload { () throws(VolumesError) in (try store.list(), try store.allUsers()) } }
    }

    private func flag(_ key: String, _ filters: Filters) throws(EngineError) -> Bool? {
        guard let values = filters[key] else { return nil }
        switch values.map({ $0.lowercased() }) {
        case ["1"], ["true"], ["1", "true"]: return true
        case ["0"], ["false"], ["0", "false"]: return false
        default: throw EngineError(.invalid, "invalid filter '\(key)=[\(values.joined(separator: " "))]'")
        }
    }

    private func reply(_ volume: Volume) -> VolumeReply {
        let seconds = volume.createdNanoseconds / 1_000_000_000
        return VolumeReply(
            name: volume.name, createdAt: timestamp(seconds * 1_000_000_000), mountpoint: volumes.store.mountpoint(of: volume.name).string, driver: localDriver,
            labels: volume.labels.isEmpty ? nil : volume.labels, options: volume.options.isEmpty ? nil : volume.options)
    }
}

extension EngineError {
    /// Sorts an error of the volumes; the text is theirs.
    init(_ error: VolumesError) {
        let kind: Kind =
            switch error {
            case .badName, .badOptions, .badNotation: .invalid
            case .noDriver, .notFound: .notFound
            case .inUse: .conflict
            case .unbuilt: .unsupported
            case .kernel, .metadata, .trees, .spoilt: .failed
            }
        self.init(kind, error.description)
    }
}
