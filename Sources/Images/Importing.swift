// `docker import`: a root file system from a tar, with a configuration made of a few Dockerfile-like lines. The blob is in the content store
// already, verified; here it becomes a layer, a configuration, a manifest, and one transaction that makes all of them an image. A crash before
// that transaction leaves blobs and a leased layer, which the next opening collects. Chapters 07 and 08.

public import Content
import Digests
import Linux
import Metadata
public import OCI
import Snapshots

extension ImageStore {
    /// Makes an image of one layer.
    ///
    /// - Parameters:
    ///   - blob: the layer, already in the content store; compressed or not
    ///   - name: the image's name, or nil; moves over from another image
    ///   - changes: lines such as `CMD ["sh"]`; see `Changes`
    ///   - message: the history's comment; nil says `Imported from -`
    ///   - platform: nil is this machine's
    /// - Throws: `.invalid` for a bad line, before anything is done; `.snapshots` where the layer cannot be unpacked.
    public func importRoot(
        _ blob: Blob, name: Reference?, changes: [String] = [], message: String? = nil, platform: Platform? = nil
    ) throws(ImagesError) -> ImageRecord {
        var defaults = ImageConfiguration.RunDefaults()
        for line in changes { try defaults.apply(change: line) }
        let lease = "import \(blob.digest) \(monotonicNanoseconds())"
        defer { endLease(lease) }

        let file = try content { () throws(ContentError) in try blobs.open(blob.digest) }
        let mediaType = try layerType(file)
        let layer = try file.borrow { (file) throws(ImagesError) in
            try snapshots { () throws(SnapshotsError) in try layers.unpack(file, onto: nil, lease: lease) }
        }
        let created = nowNanoseconds(), time = timestamp(ofNanoseconds: created), platform = platform ?? .current
        let comment = message ?? "Imported from -"
        let configuration = ImageConfiguration(
            architecture: platform.architecture, os: platform.os, variant: platform.variant, created: time, config: defaults,
            rootfs: .init(diffIDs: [layer.diffID.description]), history: [.init(created: time, comment: comment)], comment: comment)
        let config = try content { () throws(ContentError) in try blobs.store(encode(configuration)) }
        let manifest = try content { () throws(ContentError) in
            try blobs.store(
                encode(
                    Manifest(
                        config: ContentDescriptor(mediaType: MediaType.configuration, digest: config.digest.description, size: Int64(config.sizeBytes)),
                        layers: [ContentDescriptor(mediaType: mediaType, digest: blob.digest.description, size: Int64(blob.sizeBytes))])))
        }
        let row = ImageRow(id: config.digest, manifest: manifest.digest, chain: layer.chain, sizeBytes: layer.sizeBytes, created: created, tagged: nil)
        try record(row, name, [blob, config, manifest])
        return try image(config.digest)
    }

    /// The one transaction. Until it has ended, the `Blob` values keep their files from being collected.
    func record(_ row: ImageRow, _ name: Reference?, _ needed: [Blob]) throws(ImagesError) {
        try stored { () throws(MetadataError) in
            _ = try metadata.write { (transaction) throws(MetadataError) in
                try transaction.insert(row, blobs: needed.map(\.digest))
                if let chain = row.chain { try layers.hold(chain, by: "image:\(row.id)", in: transaction) }
                if let name { try transaction.tag(row.id, as: name, at: row.created) }
            }
        }
        withExtendedLifetime(needed) {}
    }

    private func endLease(_ lease: String) {
        // A lease that stays is dropped when the store is opened next; the import itself has its result by now.
        try? metadata.write { (transaction) throws(MetadataError) in try layers.release("lease:\(lease)", in: transaction) }  // the next start drops it
    }

    /// The media type by the first bytes, as what the layer was called when it came does not matter.
    private func layerType(_ file: borrowing Descriptor) throws(ImagesError) -> String {
        do throws(KernelError) {
            return try file.borrow { (file) throws(KernelError) in
                let head = try read(file, upTo: 4)
                try seek(file, to: 0)
                switch head.prefix(4) {
                case [0x28, 0xb5, 0x2f, 0xfd]: return MediaType.zstdLayer
                case let bytes where bytes.starts(with: [0x1f, 0x8b]): return MediaType.gzipLayer
                default: return MediaType.layer
                }
            }
        } catch {
            throw .content(.kernel(error))
        }
    }
}
