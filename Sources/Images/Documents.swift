// The JSON documents of an image. Keys are sorted, so that the same image made twice has the same bytes, hence the same id.

import Digests
import FoundationEssentials

/// The canonical bytes of a document of ours, which always encodes.
func encode(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do { return Array(try encoder.encode(value)) } catch { preconditionFailure("cannot encode an image document: \(error)") }
}

/// Reads a stored document of `image`.
func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8], of image: Digest) throws(ImagesError) -> Value {
    do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch { throw .damaged(image, "its document cannot be read: \(error)") }
}
