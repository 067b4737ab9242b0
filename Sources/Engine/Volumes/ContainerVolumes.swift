// A container's volumes, from its creation to its removal: what create, start, end, removal and the engine's own start ask of them.
//
//     create     the mounts are planned (VolumePlanning.swift) and kept in the record; then volumes are made, claimed for the container, filled
//     start      volumes are looked at once more: what was taken away or replaced since is an error in a sentence, not a mount that fails
//     end        told to whoever listens; nothing is mounted on the host, so nothing is unmounted there
//     removal    the claims go, and with `rm -v` and `--rm` the volumes that nobody named
//
// Chapter 12 over chapter 10.
import DockerAPI
import Images
import Linux
import Logging
import Metadata
import OCI
import Offload
import Snapshots
import Synchronization
import Volumes

/// The engine's volumes, and which containers' runs have theirs.
final class EngineVolumes: Sendable {
    let store: VolumeStore
    let mounted = Mutex<Set<String>>([])

    init(_ store: VolumeStore) { self.store = store }
}

extension ContainerRecord {
    /// The mounts, whole.
    var asked: [AskedMount] { mounts.map { AskedMount(point: $0, detail: mountDetails?[$0.Destination] ?? MountDetail()) } }

    /// Those that are volumes, in the order in which they are mounted.
    var volumes: [(name: String, mount: AskedMount)] {
        asked.sorted { isBefore($0.point.Destination, $1.point.Destination) }.compactMap { mount in
            mount.point.`Type` == "volume" ? mount.point.Name.map { ($0, mount) } : nil
        }
    }
}

extension ContainerEngine {
    /// What a create request and the image say of mounts, put into the record.
    func planVolumes(_ request: CreateRequest, _ image: ImageRecord, of record: inout ContainerRecord) throws(EngineError) {
        for path in (image.configuration.config?.volumes ?? [:]).keys {
            var volumes = record.config.Volumes ?? [:]
            volumes[path] = Empty()
            record.config.Volumes = volumes
        }
        var asked = try plannedMounts(record.config, record.host) { (name) throws(EngineError) in try find(name).record.asked }
        for (index, mount) in asked.enumerated() {
            guard mount.point.`Type` == "volume", let name = mount.point.Name else { continue }
            do throws(VolumesError) { try checkVolumeName(name) } catch { throw EngineError(error) }
            asked[index].point.Source = volumes.store.mountpoint(of: name).string
        }
        record.mounts = asked.map(\.point)
        record.mountDetails = Dictionary(asked.map { ($0.point.Destination, $0.detail) }) { $1 }
    }

    /// Makes volumes that are not there, claims all for the container, and fills those that are empty from the image.
    func prepareVolumes(_ container: Container) async throws {
        let (record, store, snapshots, events) = (container.record, volumes.store, snapshots, events)
        guard !record.mounts.isEmpty else { return }
        try await offload {
            for mount in record.asked where mount.point.`Type` == "bind" { try prepareSource(of: mount) }
            for (name, mount) in record.volumes {
                let detail = mount.detail
                let wish = VolumeWish(name: name, options: detail.options, labels: detail.labels)
                let volume = try store.claim(wish, for: VolumeUse(container: record.id, isAnonymous: detail.isAnonymous))
                events.publish("volume", "create", name, ["driver": localDriver])
                guard detail.isFilled else { continue }
                _ = try store.fill(volume, from: snapshots.overlay(of: record.id).lower, at: FilePath(mount.point.Destination))
            }
        }
    }

    /// Marks the volumes of a container that starts as mounted.
    /// - Throws: `failed` for a volume that is not what it was; `invalid` for a bind whose source is gone.
    func mountVolumes(_ container: Container) async throws {
        let (record, store) = (container.record, volumes.store)
        guard !record.mounts.isEmpty else { return }
        try await offload {
            for mount in record.asked where mount.point.`Type` == "bind" { try prepareSource(of: mount) }
            for (name, mount) in record.volumes {
                let volume = try present(name, mount, store)
                if case .memory = try volume.backing { continue }
                _ = try store.source(of: volume, subpath: mount.detail.subpath)
            }
            if !record.volumes.isEmpty { try store.setMounted(true, by: record.id, isForgotten: record.host.AutoRemove == true) }
        }
        volumes.mounted.withLock { _ = $0.insert(record.id) }
        for (name, mount) in record.volumes {
            let point = mount.point
            events.publish(
                "volume", "mount", name,
                [
                    "container": record.id, "destination": point.Destination, "driver": localDriver, "propagation": point.Propagation,
                    "read/write": "\(point.RW)"
                ])
        }
    }

    /// Marks them as unmounted.
    func unmountVolumes(_ container: Container) async {
        let (record, store, log) = (container.record, volumes.store, log)
        guard volumes.mounted.withLock({ $0.remove(record.id) }) != nil, !record.volumes.isEmpty else { return }
        await offload {
            do { try store.setMounted(false, by: record.id, isForgotten: false) } catch { log.error("container \(record.id): \(error)") }
        }
        for (name, _) in record.volumes { events.publish("volume", "unmount", name, ["container": record.id, "driver": localDriver]) }
    }

    /// Lets go of the volumes of a container that is removed, and removes anonymous ones where that was asked for.
    func releaseVolumes(_ container: Container, withAnonymous: Bool) async {
        volumes.mounted.withLock { _ = $0.remove(container.id) }
        guard !container.record.volumes.isEmpty else { return }
        let (store, log, id) = (volumes.store, log, container.id)
        let gone = await offload {
            do { return try store.release(container: id, withAnonymous: withAnonymous) } catch {
                log.error("container \(id): \(error)")
                return []
            }
        }
        for name in gone { events.publish("volume", "destroy", name, ["driver": localDriver]) }
    }

    /// Brings the store and the containers together after a start of the engine.
    func repairVolumes() async {
        let all = all, running = Set(all.filter(\.isRunning).map(\.id)), (store, log) = (volumes.store, log)
        volumes.mounted.withLock { $0 = running }
        await offload {
            do {
                let gone = try store.keepOnly(containers: Set(all.map(\.id)), running: running)
                if !gone.isEmpty { log.info("removed volumes of containers that are no more: \(gone.joined(separator: ", "))") }
            } catch {
                log.error("\(error)")
            }
        }
    }

    /// What the volumes of a container lie on, for its spec. Blocks.
    func volumeBackings(_ record: ContainerRecord) throws -> [String: DriverOptions] {
        let store = volumes.store
        return try Dictionary(record.volumes.map { name, mount in (name, try present(name, mount, store).backing) }) { $1 }
    }
}

/// A volume that a container has: it cannot have been removed but by hand.
private func present(_ name: String, _ mount: AskedMount, _ store: VolumeStore) throws(VolumesError) -> Volume {
    do throws(VolumesError) {
        return try store.volume(name)
    } catch .notFound {
        throw .spoilt(name, path: FilePath(mount.point.Source), why: "no such volume: it was removed behind the engine's back")
    }
}

/// `-v` makes a directory that is missing; `--mount` insists on one. Blocks.
private func prepareSource(of mount: AskedMount) throws {
    let source = FilePath(mount.point.Source)
    if mount.detail.makesSource, !exists(source) { return try makeDirectories(source) }
    guard exists(source) else {
        throw EngineError(.invalid, "invalid mount config for type \"bind\": bind source path does not exist: \(source)")
    }
}
