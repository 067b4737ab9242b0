// From blobs to layers that can be mounted. Every layer of a pull is a flight of its own, by chain id: fetch the blob, unpack it into a staging
// directory (two at once in the whole engine; no layer waits for another), compare its DiffID with the configuration's, wait until the layer
// below has been committed, commit. What a flight made is held by the flight's lease until every pull that waits for it holds it too.
//
//      blob 1 ──► stage ──► commit ──┐
//      blob 2 ────► stage ──────► commit ──┐
//      blob 3 ──► stage ───────────────► commit
//
// Chapters 07 and 08; design, "Snapshots are keyed by chain id".

import Content
import Digests
import Linux
import OCI
import Offload
import Registry
import Snapshots

/// One layer that an image needs.
struct PlannedLayer: Sendable {
    let descriptor: ContentDescriptor
    /// What the configuration says its uncompressed tar hashes to.
    let diffID: Digest
    let chain: ChainID

    /// How progress calls it: the first 12 digits of its blob's digest.
    var id: String { String(descriptor.digest.drop { $0 != ":" }.dropFirst().prefix(12)) }
}

/// What one pull needs for its layers.
struct PullPlan: Sendable {
    let repository: Repository
    /// Lowest first.
    let layers: [PlannedLayer]
    /// Docker's `max-concurrent-downloads`.
    let slots = Slots(3)
}

/// A layer, kept by a flight's lease.
struct HeldLayer: Sendable {
    let layer: Layer
    let lease: String
    /// Nil where the layer was here before.
    let blob: Blob?
}

extension Puller {
    typealias LayerRide = Ride<HeldLayer, LayerProgress>

    /// Begins or joins the making of a layer.
    func board(_ index: Int, of plan: PullPlan, watch: @escaping @Sendable (LayerProgress) -> Void) -> LayerRide {
        layers.board(plan.layers[index].chain, owner: plan.repository.name.name, watch: watch) { (report) throws(ImagesError) in
            try await self.make(index, of: plan, report)
        }
    }

    /// Waits for a layer and lends it to `use`, which takes a hold of its own where it needs the layer longer.
    func layer<Result: Sendable>(
        _ index: Int, of plan: PullPlan, boarded: LayerRide? = nil, watch: @escaping @Sendable (LayerProgress) -> Void = { _ in },
        use: (HeldLayer) async throws(ImagesError) -> Result
    ) async throws(ImagesError) -> Result {
        try await layers.ride(plan.layers[index].chain, owner: plan.repository.name.name, boarded: boarded, watch: watch) { (report) throws(ImagesError) in
            try await self.make(index, of: plan, report)
        } use: { (held) throws(ImagesError) in
            try await use(held)
        }
    }

    private func make(_ index: Int, of plan: PullPlan, _ report: @escaping @Sendable (LayerProgress) -> Void) async throws(ImagesError) -> HeldLayer {
        let planned = plan.layers[index], store = images.layers, lease = nextLease("layer \(planned.id)")
        let known = try await offloadMetadata { () throws(ImagesError) in
            try snapshots { () throws(SnapshotsError) in try store.hold(planned.chain, lease: lease) }
        }
        if let known {
            report(.alreadyExists)
            return HeldLayer(layer: known, lease: lease, blob: nil)
        }
        let blob = try await download(planned.descriptor, from: plan.repository, plan.slots, report: report)
        do throws(ImagesError) {
            return HeldLayer(layer: try await unpack(blob, index, of: plan, lease, report), lease: lease, blob: blob)
        } catch {
            guard case .snapshots(let why) = error else { throw error }
            throw .layer(planned.descriptor.digest, why)
        }
    }

    private func unpack(
        _ blob: Blob, _ index: Int, of plan: PullPlan, _ lease: String, _ report: @escaping @Sendable (LayerProgress) -> Void
    ) async throws(ImagesError) -> Layer {
        let planned = plan.layers[index], store = images.layers, staged = try await stage(blob, report)
        do throws(ImagesError) {
            guard staged.diffID == planned.diffID else { throw .wrongDiffID(planned, found: staged.diffID) }
            let layer = try await above(index, plan) { (parent) throws(ImagesError) in
                try await offload { () throws(ImagesError) in
                    try snapshots { () throws(SnapshotsError) in try store.commit(staged, onto: parent, lease: lease) }
                }
            }
            report(.complete)
            return layer
        } catch {
            await offload { store.discard(staged) }
            throw error
        }
    }

    /// Runs `body` once the layer below is there, and while it is held.
    private func above(_ index: Int, _ plan: PullPlan, _ body: (ChainID?) async throws(ImagesError) -> Layer) async throws(ImagesError) -> Layer {
        guard index > 0 else { return try await body(nil) }
        return try await layer(index - 1, of: plan) { (below) throws(ImagesError) in
            guard !Task.isCancelled else { throw .cancelled }
            return try await body(below.layer.chain)
        }
    }

    private func stage(_ blob: Blob, _ report: @escaping @Sendable (LayerProgress) -> Void) async throws(ImagesError) -> StagedLayer {
        let (store, contents, total) = (images.layers, images.blobs, Int64(blob.sizeBytes))
        return try await unpacking.within { () throws(ImagesError) in
            let file = try await offload { () throws(ImagesError) in
                OpenFile(try content { () throws(ContentError) in try contents.open(blob.digest) })
            }
            let teller = Task {
                while (try? await Task.sleep(for: .milliseconds(100))) != nil {  // cancelled: the layer is unpacked
                    report(.extracting(current: min(file.position, total), total: total))
                }
            }
            let outcome = await offload { () -> Result<StagedLayer, ImagesError> in
                do throws(ImagesError) {
                    return .success(try snapshots { () throws(SnapshotsError) in try store.stage(file.lent) })
                } catch {
                    return .failure(error)
                }
            }
            teller.cancel()
            await teller.value
            let staged = try outcome.get()
            report(.extracting(current: total, total: total))
            return staged
        }
    }
}

extension ImagesError {
    fileprivate static func wrongDiffID(_ planned: PlannedLayer, found: Digest) -> ImagesError {
        .unusable("layer \(planned.descriptor.digest): its DiffID is \(found), but the image's configuration says \(planned.diffID)")
    }
}

/// A blob that is being unpacked. Its offset is shared with the helper, and tells how far that is.
private final class OpenFile: Sendable {
    private let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

    /// Valid as long as this object is.
    var lent: FileDescriptor { FileDescriptor(rawValue: descriptor.number) }

    var position: Int64 {
        (try? seek(lent, to: 0, from: 1 /* SEEK_CUR */)) ?? 0  // only for show
    }
}
