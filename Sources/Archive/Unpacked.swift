// What unpacking a layer reports, what bounds it, and why it may refuse. Names are paths, not text: a layer's need not be UTF-8. Chapter 07.

public import Digests
public import Linux

/// Bounds on what one layer may make of a machine. A layer beyond them is refused, naming the entry that went too far.
public struct UnpackLimits: Sendable, Equatable {
    /// Bytes of all files together, holes of sparse files included.
    public var bytes: Int64
    /// Files, directories, links and nodes.
    public var entries: Int
    /// Memory that may hold a decompressed layer, in bytes; a longer one is decompressed in pieces, which is slower.
    public var memoryBytes: Int
    /// Names that are reported, of implied directories and unresolved links, in bytes with 64 more for each; of all directories together,
    /// sixteen times as much.
    public var namesBytes = 8 << 20

    /// 64 GiB and four million entries: far above any layer in use, far below what fills a disk's inodes unseen.
    public static let standard = UnpackLimits(bytes: 64 << 30, entries: 4_000_000)

    /// Asks /proc how much memory there is, where `memoryBytes` is not given: so make this value *before* the process is confined.
    public init(bytes: Int64, entries: Int, memoryBytes: Int = affordableMemoryBytes()) {
        (self.bytes, self.entries, self.memoryBytes) = (bytes, entries, memoryBytes)
    }

    /// How long the plain tar may be: the files' bytes, and a few blocks of header for each.
    var tarBytes: Int64 {
        let (sum, isTooMuch) = bytes.addingReportingOverflow(Int64(min(entries, 1 << 40)) * 4096)
        return isTooMuch ? .max : sum
    }

    /// An eighth of the memory that is available now, at most 512 MiB; 64 MiB where /proc cannot be read. man 5 proc, MemAvailable.
    public static func affordableMemoryBytes() -> Int {
        guard let text = try? readText("/proc/meminfo") else { return 64 << 20 }  // a confined process has no /proc
        let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
        let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return min(512 << 20, kibibytes * 1024 / 8)
    }
}

/// What a layer was.
public struct Unpacked: Sendable, Equatable {
    /// The digest of the uncompressed tar: the layer's identity in an image's configuration.
    public var diffID: Digest
    /// Bytes of all files.
    public var bytes: Int64 = 0
    /// Entries of the archive that were applied.
    public var entries = 0
    /// Directories that no entry named but that a path needed, parents first; the empty path is the layer's root. They have mode 0755 and
    /// belong to root. With layers below, the topmost directory of that name knows better, unless this layer hides it.
    public var implied: [FilePath] = []
    /// Hard links to files that no earlier entry of this layer made, in the archive's order: a layer below must have them. Nothing, or a
    /// whiteout, is at their names yet.
    public var links: [UnresolvedLink] = []
    /// What was left out, and why: sockets, and attributes that mean something to one machine only; at most a hundred notes.
    public var leftOut: [String] = []

    init(diffID: Digest) { self.diffID = diffID }
}

/// A hard link whose target is in a layer below.
public struct UnresolvedLink: Sendable, Equatable {
    /// The file that it shares, relative to the root, without `.` and `..`.
    public var target: FilePath
    /// Where the link belongs, relative to the root, without `.` and `..`. Its directory is there.
    public var name: FilePath

    /// `name` as another name of `target`.
    public init(target: FilePath, name: FilePath) { (self.target, self.name) = (target, name) }
}

/// Why a layer was not unpacked, or a tree not packed.
public enum ArchiveError: Error, Equatable, CustomStringConvertible {
    /// The kernel refused while `entry` was made; a full disk, for example. `entry` is empty where none was under way.
    case kernel(entry: String, KernelError)
    /// The entry would reach outside the layer or cannot mean anything.
    case refused(entry: String, why: String)
    /// The layer is bigger than it may be.
    case limit(entry: String, what: String)
    /// The bytes are no archive of a kind that we read, or end too early.
    case damaged(String)

    public var description: String {
        switch self {
        case .kernel("", let error): "\(error)"
        case .kernel(let entry, let error): "\(entry): \(error)"
        case .refused(let entry, let why): "\(entry): refused: \(why)"
        case .limit("", let what): "refused: more than \(what)"
        case .limit(let entry, let what): "\(entry): refused: more than \(what)"
        case .damaged(let text): "not a readable archive: \(text)"
        }
    }
}
