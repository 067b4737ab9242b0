// The name of a stack of layers. Two images that share their lowest layers share the directories of those, because both compute the same
// chain ids: the first is the layer's DiffID itself, each further one hashes its parent's together with its own DiffID.
// OCI image-spec, config.md, "Layer ChainID"; chapter 07.

public import Digests
public import Linux

/// Identifies a layer together with all layers below it.
public struct ChainID: Hashable, Sendable, CustomStringConvertible {
    /// The chain's digest.
    public let digest: Digest

    /// A chain id that was computed before.
    public init(_ digest: Digest) { self.digest = digest }

    /// The chain that `diffID` makes on top of `parent`.
    public init(diffID: Digest, onto parent: ChainID?) {
        digest = parent.map { Digest(of: Array("\($0.digest) \(diffID)".utf8)) } ?? diffID
    }

    public var description: String { digest.description }
}

/// An unpacked layer, ready to be a lower directory.
public struct Layer: Sendable, Equatable {
    /// The layer and all below it.
    public let chain: ChainID
    /// The digest of its uncompressed tar.
    public let diffID: Digest
    /// Bytes of its files.
    public let sizeBytes: Int64
}

/// What to mount for a container; `Mounts` mounts it.
public struct OverlayMount: Sendable, Equatable {
    /// Read-only directories, the topmost first: the container's init layer, then the image's layers.
    public let lower: [FilePath]
    /// Takes what the container writes: its diff.
    public let upper: FilePath
    /// The kernel's scratch directory, on the same file system as `upper`.
    public let work: FilePath
}
