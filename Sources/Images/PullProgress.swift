// What a pull tells while it runs, as values: the engine turns them into Docker's JSON lines, a tool into bars or plain lines. One layer's words
// follow one another so:
//
//      pullingLayer ─► waiting? ─► downloading… ─► verifying ─► downloadComplete ─► extracting… ─► complete
//            └──────────────────────────────► alreadyExists
//
// Chapter 08; moby, distribution/xfer.

public import Digests
public import OCI

/// A step of a pull.
public enum PullProgress: Sendable, Equatable {
    /// The manifest is here. The name has the tag or digest that was asked for.
    case pulling(Reference)
    /// Something about one layer. `id` is the beginning of its blob's digest, 12 hex digits.
    case layer(id: String, LayerProgress)
    /// The image is here; the digest of what the name stands for, an index or a manifest.
    case digest(Digest)
    /// The image bears the name: whether anything changed here.
    case isNewer(Bool)
    /// The image is here but may not be what was meant. Comes last.
    case warning(String)
}

/// Where a layer is. Bytes are those of the compressed blob.
public enum LayerProgress: Sendable, Equatable {
    /// It is needed and not here.
    case pullingLayer
    /// Three others are on their way.
    case waiting
    /// So many bytes of so many have come.
    case downloading(current: Int64, total: Int64)
    /// All have come; their digest is looked at.
    case verifying
    /// The blob is stored.
    case downloadComplete
    /// So many bytes of so many are unpacked.
    case extracting(current: Int64, total: Int64)
    /// The layer can be mounted.
    case complete
    /// It was here before.
    case alreadyExists
}

/// What a pull brought.
public struct PulledImage: Sendable, Equatable {
    /// The image's id.
    public let id: Digest
    /// The digest of what the name stands for, an index or a manifest.
    public let digest: Digest
    /// The name, with the tag or digest by which it was pulled.
    public let name: Reference
    /// Whether the name stood for something else before, or for nothing.
    public let isNewer: Bool
}
