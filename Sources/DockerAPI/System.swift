// What the engine says of itself: `docker version`, `docker info`, and our own `/slipway/info`. No client fails where a key is missing, but
// `docker info` prints most of these, and some clients warn where a feature is said to be missing. Engine API v1.43, SystemVersion and
// SystemInfo. Chapter 12.

/// `GET /version`.
public struct VersionReply: Codable, Sendable {
    public struct Platform: Codable, Sendable { public var Name: String }
    public struct Component: Codable, Sendable {
        public var Name: String, Version: String, Details: [String: String]?
        public init(name: String, version: String, details: [String: String]?) { (Name, Version, Details) = (name, version, details) }
    }

    public var Platform: Platform, Components: [Component]
    public var Version: String, ApiVersion: String, MinAPIVersion: String, GitCommit: String, GoVersion: String
    public var Os: String, Arch: String, KernelVersion: String, BuildTime: String

    public init(name: String, components: [Component], version: String, api: String, minimum: String, architecture: String, kernel: String) {
        (self.Platform, Components, Version, ApiVersion, MinAPIVersion) = (VersionReply.Platform(Name: name), components, version, api, minimum)
        (GitCommit, GoVersion, Os, Arch, KernelVersion, BuildTime) = ("", "", "linux", architecture, kernel, "")
    }
}

/// `GET /info`.
public struct InfoReply: Codable, Sendable {
    public var ID = "", Containers = 0, ContainersRunning = 0, ContainersPaused = 0, ContainersStopped = 0, Images = 0
    public var Driver = "overlay2", DriverStatus: [[String]] = []
    public var DockerRootDir = ""
    public var Plugins = Plugins()
    public var MemoryLimit = true, SwapLimit = true, CpuCfsPeriod = true, CpuCfsQuota = true, CPUShares = true, CPUSet = true, PidsLimit = true,
        OomKillDisable = false
    public var IPv4Forwarding = true, Debug = false, NFd = 0, NGoroutines = 0, SystemTime = "", NEventsListener = 0
    public var LoggingDriver = "json-file", CgroupDriver = "cgroupfs", CgroupVersion = "1"
    public var KernelVersion = "", OperatingSystem = "", OSVersion = "", OSType = "linux", Architecture = ""
    public var IndexServerAddress = "https://index.docker.io/v1/"
    public var RegistryConfig = RegistryConfig()
    public var NCPU = 0, MemTotal: Int64 = 0
    public var HttpProxy = "", HttpsProxy = "", NoProxy = "", Name = ""
    public var Labels: [String] = [], ExperimentalBuild = false, ServerVersion = ""
    public var Runtimes: [String: Runtime] = [:], DefaultRuntime = ""
    public var Swarm = Swarm(), LiveRestoreEnabled = true, Isolation = "", InitBinary = ""
    public var ContainerdCommit = Commit(), RuncCommit = Commit(), InitCommit = Commit()
    public var SecurityOptions: [String] = []
    @Null public var Warnings: [String]?

    public init() {}

    public struct Plugins: Codable, Sendable {
        public var Volume: [String] = [], Network: [String] = ["host", "null"], Log: [String] = ["json-file", "none"]
        @Null public var Authorization: [String]?
        public init() {}
    }
    public struct Runtime: Codable, Sendable {
        public var path: String
        public init(path: String) { self.path = path }
    }
    public struct Commit: Codable, Sendable { public var ID = "" }
    public struct Swarm: Codable, Sendable { public var NodeID = "", NodeAddr = "", LocalNodeState = "inactive", ControlAvailable = false, Error = "" }
    public struct RegistryConfig: Codable, Sendable {
        public var InsecureRegistryCIDRs: [String] = ["127.0.0.0/8"], IndexConfigs: [String: Empty] = [:], Mirrors: [String] = []
    }
}

/// `GET /slipway/info`: what only our engine can tell.
public struct SlipwayInfo: Codable, Sendable {
    public struct Executable: Codable, Sendable {
        public var Name: String, BuildID: String, Path: String
        public init(name: String, buildID: String, path: String) { (Name, BuildID, Path) = (name, buildID, path) }
    }
    public var Version: String, Executables: [Executable]
    /// Whose code a chapter's module is: `reference`, or the nonce of a learner's.
    public var Modules: [String: String]
    public var Root: String, ExecRoot: String, Instance: String
    public init(version: String, executables: [Executable], modules: [String: String], root: String, execRoot: String, instance: String) {
        (Version, Executables, Modules, Root, ExecRoot, Instance) = (version, executables, modules, root, execRoot, instance)
    }
}
