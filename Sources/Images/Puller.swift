// `docker pull`: a name becomes an image. Five steps, of which only the last is visible to anybody:
//
//      1 resolve    name ─► index ─► the manifest for this machine      (Choosing.swift)
//      2 known?     an image with this id is here: only its name and digest are noted
//      3 read       the configuration: does it fit the manifest?
//      4 layers     those that are not here by chain id, all at once    (Layering.swift, Downloading.swift)
//      5 record     blobs, image, digest and name, in one transaction   (Adopting.swift)
//
// Whatever fails, or is cancelled: nothing of the pull is left, but for what another pull needs too. A process that is killed leaves temporary
// files, staged directories and leases, which the stores collect when they are opened next. Chapter 08.

import Content
public import Credentials
import Digests
import Linux
import Metadata
public import OCI
import Offload
public import Registry
import Snapshots
import Synchronization

/// Pulls images into a store. One for the whole program: what several pulls need is fetched once.
public final class Puller: Sendable {
    let images: ImageStore
    let registry: RegistryClient
    let downloads = Flights<BlobKey, Blob, LayerProgress>()
    let layers: Flights<ChainID, HeldLayer, LayerProgress>
    /// Helpers that unpack at once: more would only make the disk seek.
    let unpacking = Slots(2)
    private let lastLease = Atomic<Int>(0)

    /// - Parameters:
    ///   - images: where the images go
    ///   - registry: where they come from
    public init(_ images: ImageStore, _ registry: RegistryClient) {
        (self.images, self.registry) = (images, registry)
        let store = images.layers
        layers = Flights { held in
            await offload { images.end(lease: held.lease, in: store) }
        }
    }

    /// Pulls one image and gives it its name.
    ///
    /// - Parameters:
    ///   - name: with a tag, a digest (which counts more), or neither: `latest`
    ///   - platform: for which machine; nil for this one, and then nobody is warned where the registry has only another
    ///   - credential: who we are at the registry
    ///   - progress: told of every step, in order for each layer, from any thread; must be quick
    /// - Throws: `.registry`; `.noMatch`, `.unusable` for what is no image that could run here; `.cancelled`, and the stores' errors
    public func pull(
        _ name: Reference, platform: Platform? = nil, credential: Credential? = nil, progress: @escaping @Sendable (PullProgress) -> Void = { _ in }
    ) async throws(ImagesError) -> PulledImage {
        let name = name.withDefaultTag, repository = registry.repository(name, credential), images = images
        let top = try await fetch(repository)
        progress(.pulling(name))
        var choice = Choice(repository, platform ?? .current)
        let chosen = try await choice.choose(top)
        let naming = try Naming(chosen, name)
        var isNewer = try await offloadMetadata { () throws(ImagesError) in try images.rename(naming) }
        if isNewer == nil { isNewer = try await bring(chosen, naming, repository, progress) }
        progress(.digest(naming.digest))
        progress(.isNewer(isNewer ?? false))
        if let platform { try await warn(naming, platform, progress) }
        return PulledImage(id: naming.image, digest: naming.digest, name: name, isNewer: isNewer ?? false)
    }

    private func fetch(_ repository: Repository) async throws(ImagesError) -> FetchedManifest {
        do throws(RegistryError) { return try await repository.manifest() } catch { throw ImagesError(error) }
    }

    /// Steps 3 to 5.
    private func bring(
        _ chosen: ChosenImage, _ naming: Naming, _ repository: Repository, _ progress: @escaping @Sendable (PullProgress) -> Void
    ) async throws(ImagesError) -> Bool {
        let lease = nextLease("pull \(naming.image.short)"), (images, store) = (images, images.layers)
        do throws(ImagesError) {
            let config = try await download(chosen.manifest.config, from: repository, nil)
            let configuration = try await offload { () throws(ImagesError) in try images.configuration(in: config) }
            let plan = PullPlan(repository: repository, layers: try plannedLayers(chosen.manifest, configuration))
            let blobs = try await bring(plan, lease, progress)
            let isNewer = try await offload { () throws(ImagesError) in
                try images.adopt(chosen, configuration, naming, config, plan.layers, blobs)
            }
            await offload { images.end(lease: lease, in: store, isSwept: false) }
            return isNewer
        } catch {
            await offload {
                images.end(lease: lease, in: store)
                images.collect()
            }
            throw error
        }
    }

    /// Step 4. Layers that are here are leased; the others are boarded lowest first, and fetched in about that order: who asks for a place first, gets it.
    private func bring(
        _ plan: PullPlan, _ lease: String, _ progress: @escaping @Sendable (PullProgress) -> Void
    ) async throws(ImagesError) -> [Blob] {
        let there = try await held(plan, lease)
        for layer in plan.layers[..<there] { progress(.layer(id: layer.id, .alreadyExists)) }
        for layer in plan.layers[there...] { progress(.layer(id: layer.id, .pullingLayer)) }
        let outcome: Result<[Blob], ImagesError> = await withTaskGroup(of: Result<Blob?, ImagesError>.self) { group in
            for index in plan.layers.indices[there...] {
                let id = plan.layers[index].id, watch: @Sendable (LayerProgress) -> Void = { progress(.layer(id: id, $0)) }
                let boarded = board(index, of: plan, watch: watch)
                group.addTask { await self.bring(index, plan, boarded, lease, watch) }
            }
            var blobs: [Blob] = [], failure: ImagesError?
            for await outcome in group {
                switch outcome {
                case .success(let blob): if let blob { blobs.append(blob) }
                case .failure(let error):
                    // The first error is the cause; what follows was cancelled because of it.
                    failure = failure ?? error
                    group.cancelAll()
                }
            }
            return failure.map { .failure($0) } ?? .success(blobs)
        }
        return try outcome.get()
    }

    private func bring(
        _ index: Int, _ plan: PullPlan, _ boarded: LayerRide, _ lease: String, _ watch: @escaping @Sendable (LayerProgress) -> Void
    ) async -> Result<Blob?, ImagesError> {
        let store = images.layers
        do throws(ImagesError) {
            let blob = try await layer(index, of: plan, boarded: boarded, watch: watch) { (held) throws(ImagesError) in
                _ = try await offloadMetadata { () throws(ImagesError) in
                    try snapshots { () throws(SnapshotsError) in try store.hold(held.layer.chain, lease: lease) }
                }
                return held.blob
            }
            return .success(blob)
        } catch {
            return .failure(error)
        }
    }

    /// How many of the lowest layers are here, all leased now.
    private func held(_ plan: PullPlan, _ lease: String) async throws(ImagesError) -> Int {
        let store = images.layers, chains = plan.layers.map(\.chain)
        return try await offloadMetadata { () throws(ImagesError) in
            // A layer keeps those below it, so the highest is enough.
            for (index, chain) in chains.enumerated().reversed() {
                let layer = try snapshots { () throws(SnapshotsError) in try store.hold(chain, lease: lease) }
                if layer != nil { return index + 1 }
            }
            return 0
        }
    }

    private func warn(_ naming: Naming, _ wanted: Platform, _ progress: @Sendable (PullProgress) -> Void) async throws(ImagesError) {
        let images = images
        let configuration = try await offload { () throws(ImagesError) in try images.configuration(of: naming.image) }
        let actual = Platform(architecture: configuration.architecture, os: configuration.os, variant: configuration.variant)
        guard wanted.rank(of: actual) == nil else { return }
        let what = "image with reference \(naming.name.familiar) was found but does not match the specified platform"
        progress(.warning("\(what): wanted \(wanted.normalized), actual: \(actual.normalized)"))
    }

    /// A lease's name that no other has in this process; leases do not outlive it.
    func nextLease(_ why: String) -> String { "\(why) \(lastLease.wrappingAdd(1, ordering: .relaxed).newValue)" }
}
