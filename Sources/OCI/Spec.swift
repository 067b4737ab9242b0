// `config.json` of a bundle: what an OCI runtime is asked to make, as Swift values.
//
// The types mirror the Open Container Initiative's runtime specification key by key, so that what Docker, containerd and Podman write is what
// we read, and what the engine writes any runtime can run. A key that we don't know is ignored (the specification says so); a key that is
// absent stays `nil`, because absent and empty often mean different things. Nothing here knows the kernel: chapter 06's Runtime does.
//
// https://github.com/opencontainers/runtime-spec/blob/main/config.md · chapter 06

/// The whole of `config.json`.
public struct Spec: Codable, Equatable, Sendable {
    /// The version of the specification that the file follows, such as `1.0.2`.
    public var ociVersion: String
    /// The program to run; required by `start`, optional for `create` by the specification (we insist on it).
    public var process: Process?
    /// The directory that becomes `/`.
    public var root: Root?
    /// The name that `uname -n` answers inside; needs a UTS namespace.
    public var hostname: String?
    /// The NIS domain name; needs a UTS namespace.
    public var domainname: String?
    /// What is mounted over the root, in this order.
    public var mounts: [Mount]?
    /// Programs that the runtime calls at points of the container's life.
    public var hooks: Hooks?
    /// Free text for tools; ours begin with `io.slipway.`.
    public var annotations: [String: String]?
    /// What only Linux has.
    public var linux: LinuxSettings?

    /// A spec with the given parts; see the properties.
    public init(
        ociVersion: String = Spec.version, process: Process? = nil, root: Root? = nil, hostname: String? = nil, domainname: String? = nil,
        mounts: [Mount]? = nil, hooks: Hooks? = nil, annotations: [String: String]? = nil, linux: LinuxSettings? = nil
    ) {
        self.ociVersion = ociVersion
        self.process = process
        self.root = root
        self.hostname = hostname
        self.domainname = domainname
        self.mounts = mounts
        self.hooks = hooks
        self.annotations = annotations
        self.linux = linux
    }

    /// The version of the runtime specification that these types follow.
    public static let version = "1.0.2"
}

/// The directory that becomes the container's `/`.
public struct Root: Codable, Equatable, Sendable {
    /// An absolute path, or one relative to the bundle.
    public var path: String
    /// Whether `/` is remounted read-only once everything is in place.
    public var readonly: Bool?

    /// A root at `path`.
    public init(path: String, readonly: Bool? = nil) {
        self.path = path
        self.readonly = readonly
    }
}

/// One entry of `mounts`: `mount -t type -o options source destination`.
public struct Mount: Codable, Equatable, Sendable {
    /// Where, absolute inside the container; made if missing.
    public var destination: String
    /// The file system's type; `bind` or absent with `bind`/`rbind` in `options` for a bind mount.
    public var type: String?
    /// What: a host path for binds (relative to the bundle if not absolute), a name otherwise.
    public var source: String?
    /// Words as in fstab: `ro`, `nosuid`, `rbind`, `rprivate`, `size=64k`, …
    public var options: [String]?

    /// A mount of `source` at `destination`.
    public init(destination: String, type: String? = nil, source: String? = nil, options: [String]? = nil) {
        self.destination = destination
        self.type = type
        self.source = source
        self.options = options
    }
}

/// Programs to call, by moment. Each gets the container's state as JSON on its standard input.
public struct Hooks: Codable, Equatable, Sendable {
    /// After the namespaces are made, before the command runs; in the runtime's namespaces. Deprecated, but what Docker uses.
    public var prestart: [Hook]?
    /// Like `prestart`.
    public var createRuntime: [Hook]?
    /// In the container's namespaces, before its root is entered.
    public var createContainer: [Hook]?
    /// In the container, just before the command.
    public var startContainer: [Hook]?
    /// After the command has started.
    public var poststart: [Hook]?
    /// After the container is deleted.
    public var poststop: [Hook]?

    /// No hooks; set what is wanted.
    public init() {}
}

/// One program to call.
public struct Hook: Codable, Equatable, Sendable {
    /// Absolute path on the host.
    public var path: String
    /// Arguments, the program's own name first.
    public var args: [String]?
    /// `KEY=value` entries.
    public var env: [String]?
    /// Seconds after which it counts as failed.
    public var timeout: Int?

    /// A hook that calls `path`.
    public init(path: String, args: [String]? = nil, env: [String]? = nil, timeout: Int? = nil) {
        self.path = path
        self.args = args
        self.env = env
        self.timeout = timeout
    }
}
