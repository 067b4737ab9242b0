// Volumes and mounts as Docker's clients ask for them and see them. Members are named as the JSON's keys are. Engine API v1.43, Volume, Mount,
// VolumeCreateOptions; a few members of `Mount` are from later versions, and clients that know them send them. Chapters 10 and 12.

/// A mount as asked for by `--mount`, and by Compose for most that it mounts.
public struct MountRequest: Codable, Sendable, Equatable {
    /// `bind`, `volume` or `tmpfs`.
    public var `Type`: String?
    /// A path of the host, a volume's name, or nothing.
    public var Source: String?
    public var Target: String?, ReadOnly: Bool?, Consistency: String?
    public var BindOptions: BindOptions?
    public var VolumeOptions: VolumeOptions?
    public var TmpfsOptions: TmpfsOptions?

    public init() {}
}

/// What holds for binds only.
public struct BindOptions: Codable, Sendable, Equatable {
    public var Propagation: String?
    /// Without what is mounted beneath the source.
    public var NonRecursive: Bool?
    /// A source that is missing is made, as a directory.
    public var CreateMountpoint: Bool?
    /// Only the mount itself is read-only, or else all beneath it must be.
    public var ReadOnlyNonRecursive: Bool?, ReadOnlyForceRecursive: Bool?
}

/// What holds for volumes only.
public struct VolumeOptions: Codable, Sendable, Equatable {
    /// An empty volume stays empty.
    public var NoCopy: Bool?
    /// For a volume that is made.
    public var Labels: [String: String]?
    public var DriverConfig: DriverConfig?
    /// A directory or file in the volume instead of the whole.
    public var Subpath: String?

    /// The driver of a volume that is made.
    public struct DriverConfig: Codable, Sendable, Equatable {
        public var Name: String?, Options: [String: String]?
    }
}

/// What holds for file systems in memory only.
public struct TmpfsOptions: Codable, Sendable, Equatable {
    /// Zero or nothing: the kernel's half of the memory.
    public var SizeBytes: Int64?
    /// Permissions as a number: 0o1777 is 1023.
    public var Mode: UInt32?
    /// Words of mount(8), each alone or with its value.
    public var Options: [[String]]?
}

/// The body of `POST /volumes/create`.
public struct VolumeRequest: Codable, Sendable, Equatable {
    public var Name: String?, Driver: String?, DriverOpts: [String: String]?, Labels: [String: String]?

    public init() {}
}

/// A volume.
public struct VolumeReply: Codable, Sendable, Equatable {
    /// RFC 3339, in seconds.
    public var CreatedAt: String, Driver: String
    @Null public var Labels: [String: String]?
    public var Mountpoint: String, Name: String
    @Null public var Options: [String: String]?
    public var Scope = "local"
    /// In `GET /system/df` only.
    public var UsageData: VolumeUsage?

    public init(name: String, createdAt: String, mountpoint: String, driver: String, labels: [String: String]?, options: [String: String]?) {
        (Name, CreatedAt, Mountpoint, Driver, Labels, Options) = (name, createdAt, mountpoint, driver, labels, options)
    }
}

/// What a volume takes, and how many containers have it.
public struct VolumeUsage: Codable, Sendable, Equatable {
    /// Bytes; -1 where that cannot be told.
    public var Size: Int64
    public var RefCount: Int

    public init(size: Int64, references: Int) { (Size, RefCount) = (size, references) }
}

/// `GET /volumes`.
public struct VolumesReply: Codable, Sendable {
    public var Volumes: [VolumeReply]
    @Null public var Warnings: [String]?

    public init(_ volumes: [VolumeReply]) { (Volumes, Warnings) = (volumes, nil) }
}

/// `POST /volumes/prune`.
public struct VolumesPruned: Codable, Sendable {
    @Null public var VolumesDeleted: [String]?
    public var SpaceReclaimed: Int64

    public init(_ names: [String], bytes: Int64) { (VolumesDeleted, SpaceReclaimed) = (names.isEmpty ? nil : names, bytes) }
}
