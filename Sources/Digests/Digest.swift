// A digest names bytes by their content: `sha256:` and 64 hexadecimal digits. Blobs, images, layers and snapshots are all found by one, so
// the type is validated where text comes in and can be trusted everywhere else: a `Digest` never holds a path separator, an upper-case
// letter or another algorithm. OCI image-spec, descriptor.md; chapter 08.

/// The SHA-256 of some bytes, written `sha256:<64 lower-case hexadecimal digits>`.
///
/// SeeAlso: OCI image-spec, descriptor.md, "Digests".
public struct Digest: Hashable, Sendable, Comparable, CustomStringConvertible, LosslessStringConvertible {
    /// The 64 digits, without the algorithm: a safe file name.
    public let hex: String

    /// `sha256:<hex>`, as it stands in manifests and on the wire.
    public var description: String { "sha256:\(hex)" }

    /// The first 12 digits, as people read them.
    public var short: String { String(hex.prefix(12)) }

    /// Reads `sha256:<hex>`; nil for anything else, other algorithms included.
    public init?(_ text: String) {
        guard text.hasPrefix("sha256:") else { return nil }
        self.init(hex: String(text.dropFirst("sha256:".count)))
    }

    /// Reads 64 lower-case hexadecimal digits; nil for anything else.
    public init?(hex: String) {
        guard hex.utf8.count == 64, hex.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) else { return nil }
        self.hex = hex
    }

    /// The digest of `bytes`, which are all there is to hash.
    public init(of bytes: some Sequence<UInt8>) {
        var digester = Digester()
        digester.update(Array(bytes))
        self = digester.finish()
    }

    /// The digest whose 32 raw bytes are `raw`.
    init(raw: [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        hex = String(decoding: raw.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    public static func < (left: Digest, right: Digest) -> Bool { left.hex < right.hex }
}

extension Digest: Codable {
    /// Decodes from a JSON string. Throws `DecodingError.dataCorrupted` where the string is no SHA-256 digest.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let digest = Digest(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "invalid digest: \(text)")
        }
        self = digest
    }

    /// Encodes as a JSON string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
