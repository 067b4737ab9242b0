// What packing a tree asks for and reports. Chapter 07.

public import Digests

/// What a tree becomes when it is packed.
public enum PackForm: String, Sendable {
    /// A layer: the tree is an overlay's upper directory. Its whiteouts (devices 0/0) become `.wh.NAME`, its opaque directories get a
    /// `.wh..wh..opq`, and names that would read as such marks are left out.
    case layer
    /// The tree as it is.
    case plain
}

/// What was packed.
public struct Packed: Sendable, Equatable {
    /// The digest of the tar: a layer's DiffID.
    public var digest: Digest
    /// Bytes of the tar.
    public var bytes: Int64 = 0
    /// Entries of the tar; 0 means that there was nothing to pack.
    public var entries = 0
    /// What was left out, and why; at most a hundred notes.
    public var leftOut: [String] = []

    init(digest: Digest) { self.digest = digest }
}
