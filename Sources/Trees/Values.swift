// What slipway-tree is told and what it reports, as values of our own: the daemon that asks links no archive library. Names in a tree are
// bytes, which need not be text, and travel as such. Chapter 07.

public import Digests
public import Linux

/// Bounds on what one layer may make of a machine. A layer beyond them is refused, naming the entry that went too far.
public struct UnpackLimits: Codable, Sendable, Equatable {
    /// Bytes of all files together, holes of sparse files included.
    public var bytes: Int64
    /// Files, directories, links and nodes.
    public var entries: Int
    /// Address space of the process that does it, its program included.
    public var memoryBytes: Int

    /// 64 GiB and four million entries: far above any layer in use, far below what fills a disk's inodes unseen. A gigabyte of memory is room
    /// for every compressor's window, but for no bomb.
    public static let standard = UnpackLimits(bytes: 64 << 30, entries: 4_000_000)

    /// Bounds of one's own.
    public init(bytes: Int64, entries: Int, memoryBytes: Int = 1 << 30) {
        (self.bytes, self.entries, self.memoryBytes) = (bytes, entries, memoryBytes)
    }
}

/// What an unpacked layer was.
public struct Unpacked: Codable, Sendable, Equatable {
    /// The digest of the uncompressed tar: the layer's identity in an image's configuration.
    public var diffID: Digest
    /// Bytes of all files.
    public var bytes: Int64
    /// Entries of the archive that were applied.
    public var entries: Int
    /// Directories that no entry named but that a path needed, parents first; an empty path is the layer's root. They have mode 0755 and
    /// belong to root until `settle` takes their attributes from the layers below.
    public var implied: [TreePath]
    /// Hard links whose target is not in this layer, in the archive's order, for `settle`.
    public var links: [LayerLink]
    /// What was left out, and why: attributes that only this machine's kernel may set.
    public var leftOut: [String]

    /// Reports an unpacked layer.
    public init(diffID: Digest, bytes: Int64, entries: Int, implied: [TreePath], links: [LayerLink], leftOut: [String]) {
        (self.diffID, self.bytes, self.entries) = (diffID, bytes, entries)
        (self.implied, self.links, self.leftOut) = (implied, links, leftOut)
    }
}

/// A hard link into the layers below.
public struct LayerLink: Codable, Sendable, Equatable {
    /// The new name, from the layer's root.
    public var name: TreePath
    /// The file that gets it.
    public var target: TreePath

    /// `name` as another name of `target`.
    public init(name: TreePath, target: TreePath) {
        (self.name, self.target) = (name, target)
    }
}

/// What settling a layer on others did.
public struct Settled: Codable, Sendable, Equatable {
    /// Bytes of files that were copied up from the layers below because a hard link needed them.
    public var copiedBytes: Int64

    /// Reports a settled layer.
    public init(copiedBytes: Int64) { self.copiedBytes = copiedBytes }
}

/// How a tree becomes a tar.
public enum PackForm: String, Codable, Sendable {
    /// As an image layer: overlayfs' marks become `.wh.` entries.
    case layer
    /// As it is.
    case plain
}

/// A tar that was made.
public struct Packed: Codable, Sendable, Equatable {
    /// The digest of its bytes.
    public var digest: Digest
    /// How many bytes.
    public var bytes: Int64
    /// Entries, directories and whiteouts included; 0 means that there was nothing to pack.
    public var entries: Int
    /// What was left out, and why.
    public var leftOut: [String]

    /// Reports a tar.
    public init(digest: Digest, bytes: Int64, entries: Int, leftOut: [String]) {
        (self.digest, self.bytes, self.entries, self.leftOut) = (digest, bytes, entries, leftOut)
    }
}

/// What a directory holds.
public struct Sized: Codable, Sendable, Equatable {
    /// Bytes of all files, holes included and hard links counted once, as Docker adds them up.
    public var bytes: Int64
    /// Files, directories (the top included), links and nodes; hard links counted once.
    public var inodes: Int

    /// Reports a size.
    public init(bytes: Int64, inodes: Int) {
        (self.bytes, self.inodes) = (bytes, inodes)
    }
}

/// A name in a tree. In JSON a string, or, where its bytes are no UTF-8, FilePath's own form, which lists them.
public struct TreePath: Codable, Sendable, Hashable, CustomStringConvertible {
    /// The name as the kernel takes it.
    public var path: FilePath

    /// Wraps a path.
    public init(_ path: FilePath) { self.path = path }

    public var description: String { path.string }

    /// Decodes either form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {  // where it is no string, it is the other form, or that one's error
            self.init(FilePath(text))
        } else {
            self.init(try container.decode(FilePath.self))
        }
    }

    /// Encodes the form that loses nothing.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let text = String(validating: path) { try container.encode(text) } else { try container.encode(path) }
    }
}
