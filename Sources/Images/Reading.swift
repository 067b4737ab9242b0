// Images of a data root that somebody else may own. A tool that only shows takes no lock and opens the database read-only; `ImageStore` would
// collect what looks like rubbish to it, such as a blob that the owner is just downloading. Chapter 08.

import Content
import Digests
public import Linux
import Metadata
public import OCI
import Snapshots

/// Reads the images of a data root, and changes nothing.
public struct StoredImages: Sendable {
    private let metadata: Metadata
    private let blobs: FilePath

    /// Opens `dataRoot`, where `ImageStore` keeps `slipway.db` and `content`.
    /// - Throws: `.metadata` where it is no data root, or one that the caller may not read.
    public init(dataRoot: FilePath) throws(ImagesError) {
        metadata = try stored { () throws(MetadataError) in
            try Metadata(path: dataRoot.appending("slipway.db"), schemas: [SnapshotStore.schema, ImageStore.schema], readOnly: true)
        }
        blobs = dataRoot.appending("content").appending("blobs").appending("sha256")
    }

    /// All images, the newest first.
    public func list() throws(ImagesError) -> [ImageRecord] {
        try rows().map { (row) throws(ImagesError) in
            ImageRecord(
                id: row.id, manifest: row.manifest, chain: row.chain, sizeBytes: row.sizeBytes, createdNanoseconds: row.created, taggedNanoseconds: row.tagged,
                references: row.names, repositoryDigests: row.digests, configuration: try decode(ImageConfiguration.self, document(row.id), of: row.id))
        }
    }

    /// The image that a name means (`latest` unless it says otherwise), or the beginning of its id.
    /// - Throws: `.notFound`, `.ambiguous`, `.invalid`.
    public func find(_ text: String) throws(ImagesError) -> ImageRecord {
        let all = try list()
        if Digest(text) == nil, Digest(hex: text) == nil {
            let name = try reference(text).withDefaultTag
            if let found = all.first(where: { $0.references.contains(name) }) { return found }
        }
        let digits = text.hasPrefix("sha256:") ? String(text.dropFirst("sha256:".count)) : text
        let found = digits.isEmpty ? [] : all.filter { $0.id.hex.hasPrefix(digits) }
        guard found.count < 2 else { throw .ambiguous(digits) }
        guard let image = found.first else { throw .notFound(text) }
        return image
    }

    /// The manifest of a stored image.
    public func manifest(of image: ImageRecord) throws(ImagesError) -> Manifest { try decode(Manifest.self, document(image.manifest), of: image.id) }

    private func rows() throws(ImagesError) -> [ImageRow] {
        try stored { () throws(MetadataError) in
            try metadata.read { (transaction) throws(MetadataError) in try transaction.images("ORDER BY created DESC, id") }
        }
    }

    /// A document, hashed again.
    private func document(_ digest: Digest) throws(ImagesError) -> [UInt8] {
        let bytes: [UInt8]
        do throws(KernelError) { bytes = try readFile(blobs.appending(digest.hex)) } catch { throw .content(.kernel(error)) }
        let found = Digest(of: bytes)
        guard found == digest else { throw .content(.mismatch(expected: digest, found: found)) }
        return bytes
    }
}
