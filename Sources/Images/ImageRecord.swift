// An image as the engine sees it: what inspect, list and create need, without looking anything up again.

public import Digests
public import OCI
public import Snapshots

/// A stored image.
public struct ImageRecord: Sendable, Equatable {
    /// Its id: the digest of its configuration blob.
    public let id: Digest
    /// The digest of its manifest blob.
    public let manifest: Digest
    /// Its layers, or nil where it has none.
    public let chain: ChainID?
    /// Bytes of all files of its layers.
    public let sizeBytes: Int64
    /// When it was made, in nanoseconds since 1970.
    public let createdNanoseconds: Int64
    /// When it last got a name, in nanoseconds since 1970; nil where it never did.
    public let taggedNanoseconds: Int64?
    /// Its names, sorted; empty where it is dangling. Never without a tag.
    public let references: [Reference]
    /// The repositories' digests for it, sorted: `busybox@sha256:…`, known since it was pulled from there.
    public let repositoryDigests: [Reference]
    /// What `docker run` does by default, the layers' DiffIDs, history.
    public let configuration: ImageConfiguration

    /// The names as people see them: `busybox:latest`.
    public var tags: [String] { references.map(\.familiar) }
}

/// One line of `docker history`, newest first.
public struct HistoryLine: Sendable, Equatable {
    /// The image's id on the newest line; nil is shown as `<missing>`.
    public let id: Digest?
    /// When, in nanoseconds since 1970; 0 where unknown.
    public let createdNanoseconds: Int64
    /// The instruction that made the layer.
    public let createdBy: String
    /// The image's names, on the newest line.
    public let tags: [String]
    /// Bytes of the layer's files; 0 for a step without layer.
    public let sizeBytes: Int64
    /// Free text.
    public let comment: String
}

/// A container that was made from an image, as far as removal must know.
public struct ImageUser: Sendable, Equatable {
    /// The container's 64-digit id.
    public let container: String
    /// The image's id.
    public let image: Digest
    /// Whether it runs now (paused counts).
    public let isRunning: Bool

    public init(container: String, image: Digest, isRunning: Bool) {
        (self.container, self.image, self.isRunning) = (container, image, isRunning)
    }
}

/// What a removal did, in order, as `DELETE /images/X` tells it.
public enum Removal: Sendable, Equatable {
    /// A name is gone: `busybox:latest`, `busybox@sha256:…`.
    case untagged(String)
    /// The image with this id is gone, or the layer with this chain id.
    case deleted(Digest)
}
