// Images as the Engine API shows them: the list, one image, its history, and what removing it did. Members are named as the JSON's keys are;
// ids and digests are `sha256:` and 64 hex digits. Engine API v1.43, ImageSummary and ImageInspect. Chapter 12.

/// A line of `GET /images/json`.
public struct ImageSummary: Codable, Sendable {
    public var Containers = -1
    /// Seconds since 1970.
    public var Created: Int64
    public var Id: String
    @Null public var Labels: [String: String]?
    public var ParentId = ""
    public var RepoDigests: [String], RepoTags: [String]
    public var SharedSize: Int64 = -1, Size: Int64
    /// Below API 1.44.
    public var VirtualSize: Int64?

    public init(id: String, created: Int64, tags: [String], digests: [String], size: Int64, labels: [String: String]?) {
        (Id, Created, RepoTags, RepoDigests, Size, Labels) = (id, created, tags, digests, size, labels)
    }
}

/// What `GET /images/{name}/json` tells.
public struct ImageInspect: Codable, Sendable {
    public var Id: String, RepoTags: [String], RepoDigests: [String], Parent = "", Comment: String, Created: String
    public var DockerVersion = "", Author: String
    public var Config: ContainerConfig
    public var Architecture: String, Variant: String?, Os: String
    public var Size: Int64, VirtualSize: Int64?
    public var GraphDriver: GraphDriver
    public var RootFS: RootFS
    public var Metadata: Tagged

    public init(
        id: String, tags: [String], comment: String, created: String, author: String, config: ContainerConfig, architecture: String, os: String, size: Int64,
        layers: [String], tagged: String
    ) {
        (Id, RepoTags, RepoDigests, Comment, Created, Author, Config, Architecture, Os, Size) = (
            id, tags, [], comment, created, author, config, architecture, os, size
        )
        GraphDriver = DockerAPI.GraphDriver(name: "overlay2", data: nil)
        self.RootFS = ImageInspect.RootFS(Type: "layers", Layers: layers)
        Metadata = Tagged(LastTagTime: tagged)
    }

    public struct RootFS: Codable, Sendable { public var `Type`: String, Layers: [String] }
    public struct Tagged: Codable, Sendable { public var LastTagTime: String }
}

/// A line of an image's history.
public struct HistoryEntry: Codable, Sendable {
    public var Id: String, Created: Int64, CreatedBy: String
    @Null public var Tags: [String]?
    public var Size: Int64, Comment: String
    public init(id: String, created: Int64, createdBy: String, tags: [String]?, size: Int64, comment: String) {
        (Id, Created, CreatedBy, Tags, Size, Comment) = (id, created, createdBy, tags, size, comment)
    }
}

/// One effect of removing an image.
public struct ImageRemoval: Codable, Sendable {
    public var Untagged: String?, Deleted: String?
    public init(untagged: String) { Untagged = untagged }
    public init(deleted: String) { Deleted = deleted }
}
