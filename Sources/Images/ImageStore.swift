// Images: a configuration and a manifest in the content store, layers in the snapshot store, names and references between them in the
// database. An image's id is the digest of its configuration; a name is a row that points at an id, so that moving a name leaves the old
// image without one ("dangling").
//
// What files exist is decided by the database: blobs and layers that no image refers to are collected, at removal and when the store is
// opened. Chapter 08.

public import Content
public import Digests
public import Metadata
public import OCI
import Offload
public import Snapshots
import Synchronization

/// The images of one data root. Safe to use from several threads; every function blocks for disk or database.
public final class ImageStore: Sendable {
    let metadata: Metadata
    let blobs: ContentStore
    let layers: SnapshotStore
    /// Configurations never change under their digest; keeping them spares a read and a hash for each image of a list.
    private let configurations = Mutex<[Digest: ImageConfiguration]>([:])
    /// Leases that are over, and of which the database could not be told yet.
    let endingLeases = Mutex<Set<String>>([])

    /// Opens the store and removes blobs that no image refers to, left by a process that was killed.
    ///
    /// - Parameters:
    ///   - metadata: opened with `ImageStore.schema` and `SnapshotStore.schema`
    public init(metadata: Metadata, content: ContentStore, snapshots: SnapshotStore) throws(ImagesError) {
        (self.metadata, blobs, layers) = (metadata, content, snapshots)
        try removeUnreferencedBlobs()
        // The last reference to a blob may end on any thread, a moment after the pull that failed has removed what it could.
        content.whenSpared { [weak self] digest in
            guard let self else { return }
            Task { await offload { try? self.removeUnreferencedBlobs(among: [digest]) } }  // the next opening removes it
        }
    }

    /// Images, their names and digests, and which blobs each needs.
    public static let schema = Schema(
        store: "images",
        migrations: [
            """
            CREATE TABLE images (
                id TEXT PRIMARY KEY, manifest TEXT NOT NULL, chain TEXT, size INTEGER NOT NULL, created INTEGER NOT NULL, tagged INTEGER) STRICT;
            CREATE TABLE tags (name TEXT PRIMARY KEY, image TEXT NOT NULL REFERENCES images (id)) STRICT, WITHOUT ROWID;
            CREATE INDEX tags_by_image ON tags (image);
            CREATE TABLE image_blobs (image TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE, blob TEXT NOT NULL, PRIMARY KEY (image, blob))
                STRICT, WITHOUT ROWID;
            CREATE INDEX image_blobs_by_blob ON image_blobs (blob);
            """,
            // By which digest a repository of a registry has an image: `name@sha256:…`, Docker's RepoDigests.
            """
            CREATE TABLE digests (name TEXT NOT NULL, digest TEXT NOT NULL, image TEXT NOT NULL REFERENCES images (id), PRIMARY KEY (name, digest))
                STRICT, WITHOUT ROWID;
            CREATE INDEX digests_by_image ON digests (image);
            """
        ])

    /// All images, the newest first.
    public func list() throws(ImagesError) -> [ImageRecord] {
        let rows = try stored { () throws(MetadataError) in
            try metadata.read { (transaction) throws(MetadataError) in try transaction.images("ORDER BY created DESC, id") }
        }
        return try rows.map { (row) throws(ImagesError) in try record(row) }
    }

    /// The image that `text` means: a name (`latest` unless it says otherwise), an id or its beginning, `sha256:` or not, or `name@digest`.
    ///
    /// - Throws: `.notFound` in Docker's words, the tag spelt out; `.ambiguous` where several ids begin so; `.invalid` for what is no name.
    public func resolve(_ text: String) throws(ImagesError) -> ImageRecord {
        try record(try find(text).image)
    }

    /// The image with this id.
    public func image(_ id: Digest) throws(ImagesError) -> ImageRecord { try resolve(id.description) }

    /// Whether an image is there, for a change that depends on it.
    public func exists(_ id: Digest, in transaction: Transaction) throws(MetadataError) -> Bool {
        try transaction.exists("SELECT 1 FROM images WHERE id = ?", id.description)
    }

    /// An image's configuration.
    public func configuration(of id: Digest) throws(ImagesError) -> ImageConfiguration {
        if let known = configurations.withLock({ $0[id] }) { return known }
        let bytes = try content { () throws(ContentError) in try blobs.bytes(of: id) }
        let decoded = try decode(ImageConfiguration.self, bytes, of: id)
        configurations.withLock { $0[id] = decoded }
        return decoded
    }

    /// The chain of an image's layers, to prepare a container from; nil where it has none.
    public func chain(of id: Digest) throws(ImagesError) -> ChainID? { try image(id).chain }

    /// How the image was made, newest step first.
    public func history(of id: Digest) throws(ImagesError) -> [HistoryLine] {
        let record = try image(id)
        var chain: ChainID?
        var diffIDs = record.configuration.rootfs.diffIDs.compactMap { Digest($0) }[...]
        var lines: [HistoryLine] = []
        let steps = record.configuration.history ?? []
        for (index, step) in steps.enumerated() {
            let isNewest = index == steps.count - 1
            var sizeBytes: Int64 = 0
            if step.emptyLayer != true, let diffID = diffIDs.popFirst() {
                let below = try chain.map { (chain) throws(ImagesError) in try size(of: chain) } ?? 0
                let here = ChainID(diffID: diffID, onto: chain)
                sizeBytes = try size(of: here) - below
                chain = here
            }
            lines.append(
                HistoryLine(
                    id: isNewest ? id : nil, createdNanoseconds: step.created.flatMap(nanoseconds(ofTimestamp:)) ?? 0, createdBy: step.createdBy ?? "",
                    tags: isNewest ? record.tags : [], sizeBytes: sizeBytes, comment: step.comment ?? ""))
        }
        return lines.reversed()
    }

    private func size(of chain: ChainID) throws(ImagesError) -> Int64 {
        try snapshots { () throws(SnapshotsError) in try layers.sizeBytes(of: chain) }
    }

    /// Gives an image a further name; a name that another image bore moves over. `latest` where the name has no tag.
    public func tag(_ text: String, as name: Reference) throws(ImagesError) {
        let image = try find(text).image.id
        try stored { () throws(MetadataError) in
            try metadata.write { (transaction) throws(MetadataError) in try transaction.tag(image, as: name, at: nowNanoseconds()) }
        }
    }

    func record(_ row: ImageRow) throws(ImagesError) -> ImageRecord {
        ImageRecord(
            id: row.id, manifest: row.manifest, chain: row.chain, sizeBytes: row.sizeBytes, createdNanoseconds: row.created, taggedNanoseconds: row.tagged,
            references: row.names, repositoryDigests: row.digests, configuration: try configuration(of: row.id))
    }

    func forget(configurationOf id: Digest) {
        configurations.withLock { _ = $0.removeValue(forKey: id) }
    }
}
