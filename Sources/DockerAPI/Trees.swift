// What the API says of containers' trees and of the space that everything takes: cp's path, diff, commit, prune of images, disk usage. Members are
// named as the JSON's keys are. Engine API v1.43, ContainerArchive, ContainerChanges, ImageCommit, ImagePrune, SystemDataUsage. Chapter 12.

/// `X-Docker-Container-Path-Stat`, in base64 there.
public struct PathStatus: Codable, Sendable, Equatable {
    public var name: String, size: Int64
    /// As Go counts: permissions below, directory 1<<31, symbolic link 1<<27.
    public var mode: UInt32
    /// RFC 3339.
    public var mtime: String
    /// Where a link leads in the end, within the container; empty for all else.
    public var linkTarget: String

    public init(name: String, size: Int64, mode: UInt32, mtime: String, linkTarget: String) {
        (self.name, self.size, self.mode, self.mtime, self.linkTarget) = (name, size, mode, mtime, linkTarget)
    }
}

/// A line of `GET /containers/{id}/changes`.
public struct PathChange: Codable, Sendable, Equatable {
    public var Path: String
    /// 0 changed, 1 added, 2 deleted.
    public var Kind: Int

    public init(_ path: String, _ kind: Int) { (Path, Kind) = (path, kind) }
}

/// `POST /commit`.
public struct CommitReply: Codable, Sendable {
    public var Id: String

    public init(_ id: String) { Id = id }
}

/// `POST /images/prune`.
public struct ImagesPruned: Codable, Sendable {
    @Null public var ImagesDeleted: [ImageRemoval]?
    public var SpaceReclaimed: Int64

    public init(_ removals: [ImageRemoval], bytes: Int64) { (ImagesDeleted, SpaceReclaimed) = (removals.isEmpty ? nil : removals, bytes) }
}

/// What `GET /system/df` can be asked for.
public enum DiskUsageType: String, Sendable, CaseIterable {
    case container, image, volume
    case buildCache = "build-cache"
}

/// `GET /system/df`. What was not asked for is null.
public struct DiskUsage: Codable, Sendable {
    /// Bytes of all layers of images, each counted once.
    public var LayersSize: Int64 = 0
    @Null public var Images: [ImageSummary]?
    @Null public var Containers: [ContainerSummary]?
    @Null public var Volumes: [VolumeReply]?
    @Null public var BuildCache: [Empty]?
    /// Below API 1.42.
    public var BuilderSize: Int64?

    public init() { (Images, Containers, Volumes, BuildCache) = (nil, nil, nil, nil) }
}
