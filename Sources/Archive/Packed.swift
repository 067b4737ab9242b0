// What packing a tree asks for and reports. Chapter 07.

public import Digests
public import Linux

/// What a tree becomes when it is packed.
public enum PackForm: String, Sendable {
    /// A layer: the tree is an overlay's upper directory. Its whiteouts (devices 0/0) become `.wh.NAME`, its opaque directories get a
    /// `.wh..wh..opq`, and names that would read as such marks are left out.
    case layer
    /// The tree as it is.
    case plain
    /// The tree as it is, holes written out as zeros: for clients that know no sparse files.
    case whole
}

/// A part of a tree that is packed, with names of its own.
public struct PackPart: Sendable, Equatable {
    /// What in the directory; nil for the directory itself.
    public var name: FilePath?
    /// What it is called in the tar. An empty title makes names that begin with a slash.
    public var title: String

    /// `name` as `title`.
    public init(_ name: FilePath?, as title: String) { (self.name, self.title) = (name, title) }
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
