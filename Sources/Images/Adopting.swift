// The end of a pull: what was fetched becomes an image, in one transaction with its digest and its name; and before it, what the configuration
// must satisfy. An image that is here already only gets the name. Chapter 08.

import Content
import Digests
import Linux
import Metadata
import OCI
import Registry
import Snapshots
import Synchronization

/// Under which names a pulled image is known.
struct Naming: Sendable {
    /// The image's id.
    let image: Digest
    let name: Reference
    /// What the name stands for at the registry, an index or a manifest.
    let digest: Digest

    init(_ chosen: ChosenImage, _ name: Reference) throws(ImagesError) {
        let config = chosen.manifest.config
        guard isImage(config.mediaType) else { throw .unusable("Encountered remote \"\(config.mediaType)\"(unknown) when fetching") }
        guard let image = Digest(config.digest), let digest = chosen.documents.first.flatMap({ Digest($0.descriptor.digest) }) else {
            throw .unusable("unsupported digest \(config.digest): only sha256 is understood")
        }
        (self.image, self.name, self.digest) = (image, name, digest)
    }
}

/// Old registries give the generic types to what is an image all the same.
private func isImage(_ mediaType: String) -> Bool {
    MediaType.isConfiguration(mediaType) || ["application/octet-stream", "application/json", "text/html", ""].contains(mediaType)
}

/// As many layers as overlayfs takes, less what a container needs.
let mostLayers = 125

/// Matches a manifest's layers with its configuration's.
func plannedLayers(_ manifest: Manifest, _ configuration: ImageConfiguration) throws(ImagesError) -> [PlannedLayer] {
    guard configuration.os.isEmpty || configuration.os == "linux" else {
        throw .unusable("image operating system \"\(configuration.os)\" cannot be used on this platform")
    }
    let diffIDs = configuration.rootfs.diffIDs
    guard configuration.rootfs.type == "layers" else { throw .unusable("invalid rootfs in image configuration \(manifest.config.digest)") }
    guard diffIDs.count == manifest.layers.count else {
        throw .unusable(
            "layers from manifest don't match image configuration: \(manifest.layers.count) layers, \(diffIDs.count) DiffIDs in \(manifest.config.digest)")
    }
    guard diffIDs.count <= mostLayers else { throw .unusable("max depth exceeded: \(diffIDs.count) layers, \(mostLayers) can be mounted") }
    var planned: [PlannedLayer] = []
    for (descriptor, text) in zip(manifest.layers, diffIDs) {
        _ = try BlobKey(descriptor)
        guard let diffID = Digest(text) else { throw .unusable("invalid rootfs in image configuration \(manifest.config.digest): DiffID \(text)") }
        planned.append(PlannedLayer(descriptor: descriptor, diffID: diffID, chain: ChainID(diffID: diffID, onto: planned.last?.chain)))
    }
    return planned
}

extension ImageStore {
    /// Reads a configuration that was just fetched.
    func configuration(in blob: Blob) throws(ImagesError) -> ImageConfiguration {
        do throws(ImagesError) { return try configuration(of: blob.digest) } catch {
            guard case .damaged(_, let why) = error else { throw error }
            throw .unusable("image configuration \(blob.digest): \(why)")
        }
    }

    /// Gives an image that is here its name.
    /// - Returns: whether anything changed; nil where the image is not here.
    func rename(_ naming: Naming) throws(ImagesError) -> Bool? {
        try stored { () throws(MetadataError) in
            try metadata.write { (transaction) throws(MetadataError) in
                try exists(naming.image, in: transaction) ? try transaction.name(naming) : nil
            }
        }
    }

    /// The one transaction of a pull. Until it has ended, `Blob` values keep the files from being collected, and a lease the layers.
    ///
    /// - Parameters:
    ///   - fetched: the layers' blobs that this pull brought; those of the others are listed where they are here
    /// - Returns: whether the name stood for another image, or for none
    func adopt(
        _ chosen: ChosenImage, _ configuration: ImageConfiguration, _ naming: Naming, _ config: Blob, _ planned: [PlannedLayer], _ fetched: [Blob]
    ) throws(ImagesError) -> Bool {
        var needed = [config] + fetched
        for document in chosen.documents { needed.append(try content { () throws(ContentError) in try blobs.store(document.bytes) }) }
        for layer in planned {
            guard let digest = Digest(layer.descriptor.digest) else { continue }
            if let blob = try content({ () throws(ContentError) in try blobs.hold(digest) }) { needed.append(blob) }
        }
        let chain = planned.last?.chain
        let size = try chain.map { (chain) throws(ImagesError) in try snapshots { () throws(SnapshotsError) in try layers.sizeBytes(of: chain) } }
        guard let manifest = chosen.documents.last.flatMap({ Digest($0.descriptor.digest) }) else { preconditionFailure("an image without a manifest") }
        let row = ImageRow(
            id: naming.image, manifest: manifest, chain: chain, sizeBytes: size ?? 0,
            created: configuration.created.flatMap(nanoseconds(ofTimestamp:)) ?? 0, tagged: nil)
        let isNewer = try stored { () throws(MetadataError) in
            try metadata.write { (transaction) throws(MetadataError) in
                try transaction.insert(row, blobs: needed.map(\.digest))
                if let chain { try layers.hold(chain, by: "image:\(row.id)", in: transaction) }
                return try transaction.name(naming)
            }
        }
        withExtendedLifetime(needed) {}
        return isNewer
    }

    /// Ends a lease, and removes the layers that nobody holds any more. What fails here, on a full disk perhaps, is done again with the next lease that
    /// ends, or when the stores are opened next; the pull has its own outcome to tell.
    func end(lease: String, in store: SnapshotStore, isSwept: Bool = true) {
        let leases = endingLeases.withLock { leases in
            leases.insert(lease)
            return leases
        }
        do throws(MetadataError) {
            try metadata.write { (transaction) throws(MetadataError) in
                for lease in leases { try store.release("lease:\(lease)", in: transaction) }
            }
        } catch { return }  // as said
        endingLeases.withLock { $0.subtract(leases) }
        if isSwept || leases.count > 1 { try? store.sweep() }  // as said
    }

    /// Removes blobs that were fetched for an image that did not come about.
    func collect() {
        try? removeUnreferencedBlobs()  // the next opening removes them; the pull has its own error to tell
    }
}

extension Transaction {
    /// Notes a pulled image's digest, and its tag unless it was pulled by digest.
    /// - Returns: whether the name stood for another image, or for none
    fileprivate func name(_ naming: Naming) throws(MetadataError) -> Bool {
        let known: Bool
        if naming.name.digest == nil {
            known = try exists("SELECT 1 FROM tags WHERE name = ? AND image = ?", naming.name.description, naming.image.description)
            if !known { try tag(naming.image, as: naming.name, at: nowNanoseconds()) }
        } else {
            known = try exists(
                "SELECT 1 FROM digests WHERE name = ? AND digest = ? AND image = ?", naming.name.name, naming.digest.description, naming.image.description)
        }
        try note(naming.digest, of: naming.image, in: naming.name)
        return !known
    }
}
