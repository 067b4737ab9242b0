// A container's tree as its inhabitants see it, for whoever reaches into it from outside: cp, export. Where it is depends on whether the container
// runs.
//
//      running     in the mount namespace of its first process, which a pidfd names: no other process can ever be meant by it
//      stopped     nowhere; the helper mounts the layers and the volumes in a namespace of its own, and they are gone with it
//
// man 2 pidfd_open, setns; chapters 07 and 12.

public import Linux

/// Where a container's tree is found.
public enum ContainerTree: Sendable {
    /// In the mount namespace of a process.
    case running(TreeProcess)
    /// Taken apart, as layers and volumes.
    case stopped(StoppedTree)
}

/// A container's first process, by its pidfd.
public final class TreeProcess: Sendable {
    let descriptor: Descriptor

    /// Takes over a pidfd. Whoever opened it by number has made sure that the number was still the container's.
    public init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

    var number: FileDescriptor { FileDescriptor(rawValue: descriptor.number) }
}

/// The parts of a tree that nobody has mounted.
public struct StoppedTree: Codable, Sendable {
    /// The overlay's read-only directories, the topmost first.
    public var lower: [String]
    /// What the container wrote, and overlayfs' own directory beside it.
    public var upper: String, work: String
    /// Volumes and binds, those on which others lie first.
    public var mounts: [TreeMount]
    /// Whether the container may not write to its root.
    public var isReadOnly: Bool

    /// The parts of one tree.
    public init(lower: [FilePath], upper: FilePath, work: FilePath, mounts: [TreeMount] = [], isReadOnly: Bool = false) {
        (self.lower, self.upper, self.work) = (lower.map(\.string), upper.string, work.string)
        (self.mounts, self.isReadOnly) = (mounts, isReadOnly)
    }
}

/// Something of the host that a container sees.
public struct TreeMount: Codable, Sendable, Equatable {
    /// Its path on the host, and the one in the container.
    public var source: String, destination: String
    /// Whether the container may only look at it.
    public var isReadOnly: Bool
    /// A directory above the source: from there on no link is followed, for what lies below may be a container's own work.
    public var anchor: String?

    /// `source` at `destination`.
    public init(_ source: String, at destination: String, isReadOnly: Bool = false, below anchor: String? = nil) {
        (self.source, self.destination, self.isReadOnly, self.anchor) = (source, destination, isReadOnly, anchor)
    }
}

/// What a path in a container is: `X-Docker-Container-Path-Stat`, but for the name.
public struct TreeStatus: Codable, Sendable, Equatable {
    /// As Go counts: permissions below, directory 1<<31, symbolic link 1<<27, and so on.
    public var mode: UInt32
    /// Bytes.
    public var size: Int64
    /// The last change of its contents, since 1970.
    public var seconds: Int64, nanoseconds: Int64
    /// Where a symbolic link leads in the end, as a full path in the container; empty for all else.
    public var linkTarget: String

    /// Whether it is a directory.
    public var isDirectory: Bool { mode & 1 << 31 != 0 }

    package init(mode: UInt32, size: Int64, seconds: Int64, nanoseconds: Int64, linkTarget: String) {
        (self.mode, self.size, self.seconds, self.nanoseconds, self.linkTarget) = (mode, size, seconds, nanoseconds, linkTarget)
    }
}

/// How a tar goes into a container.
public struct ExtractOptions: Codable, Sendable {
    /// Refuse to put a file where a directory is, and the other way round.
    public var keepsKinds: Bool
    /// Give everything to this user of the container (`name`, `uid`, `name:group`, …) instead of those that the tar names.
    public var owner: String?

    /// Docker's `noOverwriteDirNonDir` and, as the container's user, `copyUIDGID`.
    public init(keepsKinds: Bool = false, owner: String? = nil) { (self.keepsKinds, self.owner) = (keepsKinds, owner) }
}

/// What was put into a container.
public struct Extracted: Codable, Sendable, Equatable {
    /// Bytes of all files.
    public var bytes: Int64
    /// Entries of the tar.
    public var entries: Int
    /// What was left out, and why.
    public var leftOut: [String]

    package init(bytes: Int64, entries: Int, leftOut: [String]) { (self.bytes, self.entries, self.leftOut) = (bytes, entries, leftOut) }
}

/// A path that a container changed.
public struct TreeChange: Codable, Sendable, Equatable {
    /// What became of it; the numbers are Docker's.
    public enum Kind: Int, Codable, Sendable { case modified = 0, added = 1, deleted = 2 }
    /// The path, from the root.
    public var path: TreePath
    /// What became of it.
    public var kind: Kind

    package init(_ path: TreePath, _ kind: Kind) { (self.path, self.kind) = (path, kind) }
}

/// What a task found wrong with a path that somebody named.
public enum PathFault: String, Codable, Sendable {
    /// Nothing is there.
    case missing
    /// A directory was meant, and something else is there.
    case noDirectory
    /// It lies in the container's root, and that may not be changed.
    case readOnlyRoot
    /// It lies in a volume that may not be changed.
    case readOnlyVolume
}
