// An image's configuration: the defaults of `docker run`, the layers' uncompressed digests, and how each layer came to be. Its own digest
// is the image's id. Docker adds keys of its own (Healthcheck, OnBuild, Shell …), which we keep.
//
// https://github.com/opencontainers/image-spec/blob/main/config.md · chapters 07 and 08

/// The configuration blob of an image.
public struct ImageConfiguration: Codable, Equatable, Sendable {
    /// RFC 3339 time of creation.
    public var created: String?
    /// Who made it.
    public var author: String?
    /// Go's name of the machine: `amd64`, `arm64`.
    public var architecture: String
    /// `v7`, `v8`.
    public var variant: String?
    /// `linux`.
    public var os: String
    /// What `docker run` does unless told otherwise.
    public var config: RunDefaults?
    /// The layers' digests.
    public var rootfs: RootFileSystem
    /// One entry a build step, the oldest first.
    public var history: [History]?
    /// Docker: a line of text for `docker history`.
    public var comment: String?
    /// Docker: the version of the engine that made it.
    public var dockerVersion: String?
    /// Docker: the container that it was committed from.
    public var container: String?

    /// An image made of the layers `rootfs`.
    public init(
        architecture: String = Platform.current.architecture, os: String = "linux", variant: String? = Platform.current.variant, created: String? = nil,
        author: String? = nil, config: RunDefaults? = nil, rootfs: RootFileSystem = RootFileSystem(diffIDs: []),
        history: [History]? = nil, comment: String? = nil
    ) {
        self.architecture = architecture
        self.os = os
        self.variant = variant
        self.created = created
        self.author = author
        self.config = config
        self.rootfs = rootfs
        self.history = history
        self.comment = comment
    }

    enum CodingKeys: String, CodingKey {
        case created, author, architecture, variant, os, config, rootfs, history, comment, dockerVersion = "docker_version", container
    }

    /// What `docker run` does unless told otherwise.
    public struct RunDefaults: Codable, Equatable, Sendable {
        /// `name|uid[:group|gid]`.
        public var user: String?
        /// `80/tcp` → nothing.
        public var exposedPorts: [String: Empty]?
        /// `KEY=value` entries.
        public var env: [String]?
        /// The command's fixed beginning.
        public var entrypoint: [String]?
        /// The command, or the entry point's arguments.
        public var cmd: [String]?
        /// Paths that get a volume each.
        public var volumes: [String: Empty]?
        /// Working directory.
        public var workingDir: String?
        /// Labels.
        public var labels: [String: String]?
        /// Such as `SIGTERM` or `15`.
        public var stopSignal: String?
        /// Docker: seconds between the stop signal and SIGKILL.
        public var stopTimeout: Int?
        /// Docker: a command that tells whether the container is well.
        public var healthcheck: Healthcheck?
        /// Docker: instructions for images built on this one.
        public var onBuild: [String]?
        /// Docker: the shell of RUN, CMD and ENTRYPOINT in their text form.
        public var shell: [String]?
        /// Docker: the command was given as text, and is one string for the shell.
        public var argsEscaped: Bool?

        /// No defaults; set what is wanted.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case user = "User", exposedPorts = "ExposedPorts", env = "Env", entrypoint = "Entrypoint", cmd = "Cmd", volumes = "Volumes"
            case workingDir = "WorkingDir", labels = "Labels", stopSignal = "StopSignal", stopTimeout = "StopTimeout", healthcheck = "Healthcheck"
            case onBuild = "OnBuild", shell = "Shell", argsEscaped = "ArgsEscaped"
        }
    }

    /// JSON's `{}`, the value of Go's sets.
    public struct Empty: Codable, Equatable, Hashable, Sendable {
        /// The only value.
        public init() {}
    }

    /// How to see whether a container is well. Durations in nanoseconds.
    public struct Healthcheck: Codable, Equatable, Sendable {
        /// `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", text]`.
        public var test: [String]?
        /// Nanoseconds between two checks.
        public var interval: Int64?
        /// Nanoseconds that one check may take.
        public var timeout: Int64?
        /// Nanoseconds at the start in which failures don't count.
        public var startPeriod: Int64?
        /// Nanoseconds between two checks in the start period.
        public var startInterval: Int64?
        /// Failures in a row until the container counts as unhealthy.
        public var retries: Int?

        /// Nothing set.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case test = "Test", interval = "Interval", timeout = "Timeout", startPeriod = "StartPeriod", startInterval = "StartInterval", retries = "Retries"
        }
    }

    /// The layers' identity.
    public struct RootFileSystem: Codable, Equatable, Sendable {
        /// Always `layers`.
        public var type: String
        /// Digest of each layer's *uncompressed* tar, lowest first.
        public var diffIDs: [String]

        /// The layers `diffIDs`.
        public init(diffIDs: [String]) {
            type = "layers"
            self.diffIDs = diffIDs
        }

        /// Reads the section. Go writes `null` for a list without entries.
        public init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            type = try fields.decodeIfPresent(String.self, forKey: .type) ?? "layers"
            diffIDs = try fields.decodeIfPresent([String].self, forKey: .diffIDs) ?? []
        }

        enum CodingKeys: String, CodingKey { case type, diffIDs = "diff_ids" }
    }

    /// How one layer came to be.
    public struct History: Codable, Equatable, Sendable {
        /// RFC 3339 time.
        public var created: String?
        /// The command that made it.
        public var createdBy: String?
        /// Who made it.
        public var author: String?
        /// Free text.
        public var comment: String?
        /// Whether the step made no layer.
        public var emptyLayer: Bool?

        /// A step; see the properties.
        public init(created: String? = nil, createdBy: String? = nil, author: String? = nil, comment: String? = nil, emptyLayer: Bool? = nil) {
            self.created = created
            self.createdBy = createdBy
            self.author = author
            self.comment = comment
            self.emptyLayer = emptyLayer
        }

        enum CodingKeys: String, CodingKey { case created, createdBy = "created_by", author, comment, emptyLayer = "empty_layer" }
    }
}
