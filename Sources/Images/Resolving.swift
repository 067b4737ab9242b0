// What a person may type to mean an image. Docker tries the name first, then the id, for a name may consist of hexadecimal digits too.
// moby, daemon/images/image.go; chapter 08.

import Digests
import Metadata
import OCI

extension ImageStore {
    /// What was found, and the name by which it was (nil where by id or digest).
    struct Found {
        let image: ImageRow
        let name: Reference?
    }

    func find(_ text: String) throws(ImagesError) -> Found {
        if let id = Digest(text) ?? Digest(hex: text) {
            guard let image = try images("WHERE id = ?", id.description).first else { throw .notFound(text) }
            return Found(image: image, name: nil)
        }
        let prefix = text.hasPrefix("sha256:") ? String(text.dropFirst("sha256:".count)) : text
        guard text == prefix else { return Found(image: try byPrefix(prefix, text), name: nil) }
        let name = try reference(text)
        if let found = try byName(name) {
            return Found(image: found, name: name.digest.map { name.with(digest: $0) } ?? name.withDefaultTag)
        }
        guard name.tag == nil, name.digest == nil, isHexadecimal(text) else { throw .notFound(name.withDefaultTag.familiar) }
        return Found(image: try byPrefix(text, name.withDefaultTag.familiar), name: nil)
    }

    /// `name:tag`; or `name@digest`, by which the image was pulled; or where the digest is its manifest or id, and one of its names has that
    /// repository: then it was made here.
    private func byName(_ name: Reference) throws(ImagesError) -> ImageRow? {
        guard let digest = name.digest else {
            return try stored { () throws(MetadataError) in
                try metadata.read { (transaction) throws(MetadataError) in try transaction.image(named: name.withDefaultTag) }
            }
        }
        if let digest = Digest(digest) {
            let pulled = try stored { () throws(MetadataError) in
                try metadata.read { (transaction) throws(MetadataError) in try transaction.image(in: name, by: digest) }
            }
            if let pulled { return pulled }
        }
        return try images("WHERE manifest = ?1 OR id = ?1", digest).first { $0.names.contains { $0.name == name.name } }
    }

    private func byPrefix(_ digits: String, _ asTyped: String) throws(ImagesError) -> ImageRow {
        guard isHexadecimal(digits) else { throw .notFound(asTyped) }
        let found = try images("WHERE id GLOB ?", "sha256:\(digits)*")
        guard found.count < 2 else { throw .ambiguous(digits) }
        guard let image = found.first else { throw .notFound(asTyped) }
        return image
    }

    private func images(_ rest: String, _ value: String) throws(ImagesError) -> [ImageRow] {
        try stored { () throws(MetadataError) in
            try metadata.read { (transaction) throws(MetadataError) in try transaction.images(rest, value) }
        }
    }
}

/// Whether a text could be the beginning of an id.
private func isHexadecimal(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 64 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
}
