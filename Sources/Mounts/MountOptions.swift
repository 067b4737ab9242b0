// Mount options as words: what follows `-o`, what `docker run --tmpfs` takes, what the `options` of an OCI mount hold. Words of the generic
// kind become flags; what is left belongs to the file system and is handed to it as it is (`size=64k`). A later word wins over an earlier
// one, as in mount(8). man 8 mount, "FILESYSTEM-INDEPENDENT MOUNT OPTIONS". Chapter 02.
public import Linux

/// Mount options, sorted by who has to act on them.
public struct MountOptions: Sendable, Equatable {
    /// Flags of the mount: read-only, nosuid, …
    public var flags: MountFlags = []
    /// Flags that a word took away (`rw`, `suid`, `exec`, …): a bind mount copies its source's flags, so there it matters.
    public var cleared: MountFlags = []
    /// Flags for the mount *and* everything beneath it (`rro`, `rnosuid`, …).
    public var recursiveFlags: MountFlags = []
    /// Whether it is a bind mount.
    public var bind = false
    /// Whether a bind mount takes along what is mounted beneath its source (`rbind`).
    public var recursive = false
    /// What to set after mounting, in order.
    public var propagation: [PropagationChange] = []
    /// Options of the file system itself, in their order.
    public var data: [String] = []

    /// A propagation to set.
    public struct PropagationChange: Sendable, Equatable {
        /// The kind.
        public let kind: Propagation
        /// Whether for all mounts beneath too (`rprivate`).
        public let recursive: Bool

        /// A change to `kind`.
        public init(kind: Propagation, recursive: Bool) {
            (self.kind, self.recursive) = (kind, recursive)
        }
    }

    /// No options.
    public init() {}

    /// Sorts option words, such as `["ro", "nosuid", "size=64k"]`.
    public static func parse(_ words: [String]) -> MountOptions {
        var options = MountOptions()
        for word in words { options.add(word) }
        return options
    }

    private mutating func add(_ word: String) {
        let stem = word.hasPrefix("r") ? String(word.dropFirst()) : ""  // `rro`, `rslave`: the same for all beneath
        switch word {
        case "", "defaults": break
        case "bind": bind = true
        case "rbind": (bind, recursive) = (true, true)
        case _ where Self.setting[word] != nil:
            let flag = Self.setting[word, default: []]
            (flags, cleared) = (flags.union(flag), cleared.subtracting(flag))
        case _ where Self.clearing[word] != nil:
            let flag = Self.clearing[word, default: []]
            (flags, cleared) = (flags.subtracting(flag), cleared.union(flag))
        case _ where Self.setting[stem] != nil: recursiveFlags.formUnion(Self.setting[stem, default: []])
        default:
            if let kind = Propagation(rawValue: word) ?? Propagation(rawValue: stem) {
                propagation.append(PropagationChange(kind: kind, recursive: word != kind.rawValue))
            } else {
                data.append(word)
            }
        }
    }

    private static let setting: [String: MountFlags] = [
        "ro": .readOnly, "nosuid": .noSetUserID, "nodev": .noDevices, "noexec": .noExecute, "noatime": .noAccessTime,
        "nodiratime": .noDirectoryAccessTime, "relatime": .relativeAccessTime, "strictatime": .strictAccessTime, "sync": .synchronous,
        "dirsync": .directorySynchronous, "remount": .remount, "nosymfollow": .noSymbolicLinks
    ]
    private static let clearing: [String: MountFlags] = [
        "rw": .readOnly, "suid": .noSetUserID, "dev": .noDevices, "exec": .noExecute, "atime": .noAccessTime,
        "diratime": .noDirectoryAccessTime, "norelatime": .relativeAccessTime, "nostrictatime": .strictAccessTime, "async": .synchronous,
        "symfollow": .noSymbolicLinks
    ]
}

extension MountFlags {
    /// `MS_NOSYMFOLLOW` (5.10)
    static let noSymbolicLinks = MountFlags(rawValue: 256)
}

extension MountAttributes {
    /// The same words in the new API, which can set one flag and leave the others as they are.
    init(_ flags: MountFlags) {
        let table: [(MountFlags, UInt64)] = [
            (.readOnly, 0x01), (.noSetUserID, 0x02), (.noDevices, 0x04), (.noExecute, 0x08), (.noAccessTime, 0x10), (.strictAccessTime, 0x20),
            (.noDirectoryAccessTime, 0x80), (.noSymbolicLinks, 0x20_0000)
        ]
        self.init(rawValue: table.reduce(0) { flags.contains($1.0) ? $0 | $1.1 : $0 })
    }

    /// `MOUNT_ATTR__ATIME`: the three ways to keep access times are one field, which must be cleared before it is set.
    static let accessTimes = MountAttributes(rawValue: 0x70)
}
