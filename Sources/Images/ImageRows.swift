// The image store's SQL, as functions of a transaction that speak of images and names. Names are kept in full
// (`docker.io/library/busybox:latest`), so that equal names are equal text.

import Digests
import Metadata
import OCI
import Snapshots

/// A row of `images` with its names.
struct ImageRow: Sendable {
    let id: Digest, manifest: Digest
    let chain: ChainID?
    let sizeBytes: Int64, created: Int64
    let tagged: Int64?
    var names: [Reference] = []
    /// `name@sha256:…`
    var digests: [Reference] = []
}

extension Transaction {
    /// Images and their names; `rest` is what follows `FROM images`.
    func images(_ rest: String, _ values: String...) throws(MetadataError) -> [ImageRow] {
        let query = "SELECT * FROM images \(rest)"
        var found =
            switch values.count {
            case 0: try rows(query, decode: imageRow)
            case 1: try rows(query, values[0], decode: imageRow)
            default: try rows(query, values[0], values[1], decode: imageRow)
            }
        for index in found.indices {
            (found[index].names, found[index].digests) = (try names(of: found[index].id), try digests(of: found[index].id))
        }
        return found
    }

    /// The names of an image, sorted.
    func names(of image: Digest) throws(MetadataError) -> [Reference] {
        try rows("SELECT name FROM tags WHERE image = ? ORDER BY name", image.description) { (row) throws(MetadataError) in
            let text = try row.text("name")
            do throws(ReferenceError) { return try Reference(parsing: text) } catch { throw .corrupt("\(text) is no image name") }
        }
    }

    /// The repositories' digests for an image, sorted.
    func digests(of image: Digest) throws(MetadataError) -> [Reference] {
        try rows("SELECT name, digest FROM digests WHERE image = ? ORDER BY name, digest", image.description) { (row) throws(MetadataError) in
            let (name, found) = (try row.text("name"), try digest(row.text("digest")))
            do throws(ReferenceError) { return try Reference(parsing: name).with(digest: found.description) } catch {
                throw .corrupt("\(name) is no repository's name")
            }
        }
    }

    /// Notes that a repository has an image under a digest, and no other.
    func note(_ digest: Digest, of image: Digest, in name: Reference) throws(MetadataError) {
        try run(
            "INSERT INTO digests VALUES (?, ?, ?) ON CONFLICT (name, digest) DO UPDATE SET image = excluded.image", name.name, digest.description,
            image.description)
    }

    /// The image that a repository has under a digest.
    func image(in name: Reference, by digest: Digest) throws(MetadataError) -> ImageRow? {
        try images("WHERE id = (SELECT image FROM digests WHERE name = ? AND digest = ?)", name.name, digest.description).first
    }

    /// The image that bears a name with a tag.
    func image(named name: Reference) throws(MetadataError) -> ImageRow? {
        try images("WHERE id = (SELECT image FROM tags WHERE name = ?)", name.description).first
    }

    /// Points a name at an image. The time counts as the image's last naming.
    func tag(_ image: Digest, as name: Reference, at time: Int64) throws(MetadataError) {
        let full = name.with(tag: name.tag ?? "latest").description
        try run("INSERT INTO tags VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET image = excluded.image", full, image.description)
        try run("UPDATE images SET tagged = ? WHERE id = ?", time, image.description)
    }

    /// Inserts an image and the blobs that it needs; one that is there already stays as it is.
    func insert(_ image: ImageRow, blobs: [Digest]) throws(MetadataError) {
        try run(
            "INSERT INTO images VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", image.id.description, image.manifest.description, image.chain?.description,
            image.sizeBytes, image.created, image.tagged)
        for blob in blobs {
            try run("INSERT INTO image_blobs VALUES (?, ?) ON CONFLICT DO NOTHING", image.id.description, blob.description)
        }
    }

    /// Deletes an image that bears no names any more; its rows of `image_blobs` go with it.
    func delete(_ image: Digest) throws(MetadataError) {
        try run("DELETE FROM images WHERE id = ?", image.description)
    }

    /// Whether any image needs a blob.
    func needs(_ blob: Digest) throws(MetadataError) -> Bool {
        try exists("SELECT 1 FROM image_blobs WHERE blob = ?", blob.description)
    }
}

private func imageRow(_ row: Row) throws(MetadataError) -> ImageRow {
    ImageRow(
        id: try digest(row.text("id")), manifest: try digest(row.text("manifest")),
        chain: try row.optionalText("chain").map { (text) throws(MetadataError) in ChainID(try digest(text)) }, sizeBytes: Int64(try row.int("size")),
        created: Int64(try row.int("created")), tagged: try row.optionalInt("tagged").map { Int64($0) })
}

private func digest(_ text: String) throws(MetadataError) -> Digest {
    guard let digest = Digest(text) else { throw .corrupt("\(text) is no digest") }
    return digest
}
