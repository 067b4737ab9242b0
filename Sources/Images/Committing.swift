// `docker commit`: a container's own layer on those of its image makes another image. As with an import, blobs and layer come first, and one
// transaction makes all of them an image; a crash before that leaves what the next opening collects. A container that has changed nothing makes
// an image of the same layers, whose history says so. moby, image/image.go (NewChildImage), daemon/commit.go; chapters 07, 08 and 12.

public import Content
import Digests
import Linux
import Metadata
public import OCI
import Snapshots

/// What a commit is told besides the layer.
public struct CommitWish: Sendable {
    /// What the image does by default, before `changes`.
    public var defaults: ImageConfiguration.RunDefaults
    /// Lines such as `CMD ["sh"]`.
    public var changes: [String] = []
    public var author = "", comment = ""
    /// The history's word for how it was made: the container's command.
    public var createdBy = ""
    /// The image's name, or nil; moves over from another image.
    public var name: Reference?

    public init(_ defaults: ImageConfiguration.RunDefaults) { self.defaults = defaults }

    /// The defaults with all lines applied. As in a Dockerfile, a new entry point takes the command away unless a line before it set one.
    /// - Throws: `.invalid` for a line that is not allowed or cannot be read.
    public func changedDefaults() throws(ImagesError) -> ImageConfiguration.RunDefaults {
        var result = defaults, hasCommand = false
        for line in changes {
            try result.apply(change: line)
            switch line.drop(while: \.isWhitespace).prefix(while: { !$0.isWhitespace }).uppercased() {
            case "CMD": hasCommand = true
            case "ENTRYPOINT" where !hasCommand: result.cmd = nil
            default: break
            }
        }
        return result
    }
}

extension ImageStore {
    /// Makes an image of another one and a layer.
    ///
    /// - Parameters:
    ///   - blob: the layer's tar, already in the content store; nil where nothing was changed
    ///   - parent: the image below
    /// - Throws: `.invalid` for a bad line, before anything is done; `.snapshots` where the layer cannot be unpacked.
    public func commit(_ blob: Blob?, onto parent: ImageRecord, _ wish: CommitWish) throws(ImagesError) -> ImageRecord {
        let defaults = try wish.changedDefaults()
        let lease = "commit \(blob?.digest.description ?? "") \(monotonicNanoseconds())"
        defer { end(lease: lease, in: layers) }
        if let chain = parent.chain { _ = try snapshots { () throws(SnapshotsError) in try layers.hold(chain, lease: lease) } }
        let layer = try blob.map { (blob) throws(ImagesError) in try unpacked(blob, onto: parent, lease) }
        let created = nowNanoseconds()
        let configuration = child(of: parent, layer, defaults, wish, at: timestamp(ofNanoseconds: created))
        let config = try content { () throws(ContentError) in try blobs.store(encode(configuration)) }
        let below = try decode(Manifest.self, try content { () throws(ContentError) in try blobs.bytes(of: parent.manifest) }, of: parent.id).layers
        let own = blob.map { ContentDescriptor(mediaType: MediaType.layer, digest: $0.digest.description, size: Int64($0.sizeBytes)) }
        let described = ContentDescriptor(mediaType: MediaType.configuration, digest: config.digest.description, size: Int64(config.sizeBytes))
        let manifest = try content { () throws(ContentError) in
            try blobs.store(encode(Manifest(config: described, layers: below + (own.map { [$0] } ?? []))))
        }
        let chain = layer?.chain ?? parent.chain
        let size = try chain.map { (chain) throws(ImagesError) in try snapshots { () throws(SnapshotsError) in try layers.sizeBytes(of: chain) } }
        let row = ImageRow(id: config.digest, manifest: manifest.digest, chain: chain, sizeBytes: size ?? 0, created: created, tagged: nil)
        try record(row, wish.name, [config, manifest] + (blob.map { [$0] } ?? []) + (try held(below)))
        return try image(config.digest)
    }

    private func unpacked(_ blob: Blob, onto parent: ImageRecord, _ lease: String) throws(ImagesError) -> Layer {
        guard parent.configuration.rootfs.diffIDs.count < mostLayers else { throw .invalid("max depth exceeded") }
        let file = try content { () throws(ContentError) in try blobs.open(blob.digest) }
        return try file.borrow { (file) throws(ImagesError) in
            try snapshots { () throws(SnapshotsError) in try layers.unpack(file, onto: parent.chain, lease: lease) }
        }
    }

    private func child(
        of parent: ImageRecord, _ layer: Layer?, _ defaults: ImageConfiguration.RunDefaults, _ wish: CommitWish, at time: String
    ) -> ImageConfiguration {
        let old = parent.configuration
        let step = ImageConfiguration.History(
            created: time, createdBy: wish.createdBy.isEmpty ? nil : wish.createdBy, author: wish.author.isEmpty ? nil : wish.author,
            comment: wish.comment.isEmpty ? nil : wish.comment, emptyLayer: layer == nil ? true : nil)
        var made = ImageConfiguration(
            architecture: old.architecture, os: old.os, variant: old.variant, created: time, config: defaults,
            rootfs: .init(diffIDs: old.rootfs.diffIDs + (layer.map { [$0.diffID.description] } ?? [])), history: (old.history ?? []) + [step],
            comment: wish.comment.isEmpty ? nil : wish.comment)
        made.author = wish.author.isEmpty ? nil : wish.author
        return made
    }

    /// Those of a manifest's layers whose blobs are here.
    private func held(_ descriptors: [ContentDescriptor]) throws(ImagesError) -> [Blob] {
        var found: [Blob] = []
        for descriptor in descriptors {
            guard let digest = Digest(descriptor.digest) else { continue }
            if let blob = try content({ () throws(ContentError) in try blobs.hold(digest) }) { found.append(blob) }
        }
        return found
    }
}
