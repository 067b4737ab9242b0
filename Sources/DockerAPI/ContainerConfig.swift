// What a client asks for when it creates a container, and what `inspect` says of it: the part that is portable (`Config`) and the part that
// belongs to this host (`HostConfig`). Members are named as the JSON's keys are, so that one can look them up in Docker's reference.
// All may be missing in a request. In a reply a plain optional is left out when it is nil, a `@Null` one is written as null.
// Engine API v1.43, ContainerConfig and HostConfig. Chapter 12.

/// What runs in a container.
public struct ContainerConfig: Codable, Sendable, Equatable {
    public var Hostname: String?, Domainname: String?, User: String?
    public var AttachStdin: Bool?, AttachStdout: Bool?, AttachStderr: Bool?
    public var ExposedPorts: [String: Empty]?
    public var Tty: Bool?, OpenStdin: Bool?, StdinOnce: Bool?
    @Null public var Env: [String]?
    @CommandLine public var Cmd: [String]?
    public var Healthcheck: HealthConfig?
    public var ArgsEscaped: Bool?
    public var Image: String?
    @Null public var Volumes: [String: Empty]?
    public var WorkingDir: String?
    @CommandLine public var Entrypoint: [String]?
    public var NetworkDisabled: Bool?, MacAddress: String?
    @Null public var OnBuild: [String]?
    public var Labels: [String: String]?
    public var StopSignal: String?
    /// Seconds.
    public var StopTimeout: Int?
    public var Shell: [String]?

    public init() {}
}

/// A health check as asked for; durations in nanoseconds.
public struct HealthConfig: Codable, Sendable, Equatable {
    public var Test: [String]?
    public var Interval: Int64?, Timeout: Int64?, StartPeriod: Int64?, StartInterval: Int64?
    public var Retries: Int?

    public init() {}
}

/// How the host runs it. Bytes where nothing else is said.
public struct HostConfig: Codable, Sendable, Equatable {
    @Null public var Binds: [String]?
    public var ContainerIDFile: String?
    public var LogConfig: LogConfig?
    public var NetworkMode: String?
    public var PortBindings: [String: [PortBinding]?]?
    public var RestartPolicy: RestartPolicy?
    public var AutoRemove: Bool?
    public var VolumeDriver: String?
    @Null public var VolumesFrom: [String]?
    public var ConsoleSize: [Int]?
    public var Annotations: [String: String]?
    @Null public var CapAdd: [String]?
    @Null public var CapDrop: [String]?
    public var CgroupnsMode: String?
    public var Dns: [String]?, DnsOptions: [String]?, DnsSearch: [String]?
    @Null public var ExtraHosts: [String]?
    @Null public var GroupAdd: [String]?
    public var IpcMode: String?, Cgroup: String?
    @Null public var Links: [String]?
    public var OomScoreAdj: Int?
    public var PidMode: String?
    public var Privileged: Bool?, PublishAllPorts: Bool?, ReadonlyRootfs: Bool?
    @Null public var SecurityOpt: [String]?
    public var StorageOpt: [String: String]?, Tmpfs: [String: String]?
    public var UTSMode: String?, UsernsMode: String?
    public var ShmSize: Int64?
    public var Sysctls: [String: String]?
    public var Runtime: String?, Isolation: String?
    public var CpuShares: Int64?, Memory: Int64?
    /// Billionths of a processor.
    public var NanoCpus: Int64?
    public var CgroupParent: String?
    public var BlkioWeight: Int?
    public var CpuPeriod: Int64?, CpuQuota: Int64?, CpuRealtimePeriod: Int64?, CpuRealtimeRuntime: Int64?
    public var CpusetCpus: String?, CpusetMems: String?
    public var Devices: [DeviceMapping]?
    @Null public var DeviceCgroupRules: [String]?
    public var MemoryReservation: Int64?, MemorySwap: Int64?
    @Null public var MemorySwappiness: Int64?
    @Null public var OomKillDisable: Bool?
    @Null public var PidsLimit: Int64?
    @Null public var Ulimits: [Ulimit]?
    public var Mounts: [MountRequest]?
    public var Init: Bool?
    @Null public var MaskedPaths: [String]?
    @Null public var ReadonlyPaths: [String]?

    public init() {}
}

/// Which log driver, with its options.
public struct LogConfig: Codable, Sendable, Equatable {
    public var `Type`: String?
    public var Config: [String: String]?
    public init(type: String, config: [String: String] = [:]) { (Type, Config) = (type, config) }
}

/// A published port's place on the host.
public struct PortBinding: Codable, Sendable, Equatable {
    public var HostIp: String?, HostPort: String?
    public init(HostIp: String? = nil, HostPort: String? = nil) { (self.HostIp, self.HostPort) = (HostIp, HostPort) }
}

/// What to do when a container ends.
public struct RestartPolicy: Codable, Sendable, Equatable {
    public var Name: String?, MaximumRetryCount: Int?
    public init(name: String) { (Name, MaximumRetryCount) = (name, 0) }
}

/// A device of the host in a container.
public struct DeviceMapping: Codable, Sendable, Equatable {
    public var PathOnHost: String?, PathInContainer: String?, CgroupPermissions: String?
}

/// A resource limit of processes.
public struct Ulimit: Codable, Sendable, Equatable {
    public var Name: String, Hard: Int64, Soft: Int64
}

/// The body of `POST /containers/create`.
public struct CreateRequest: Sendable, Decodable {
    /// The portable part; its keys stand at the top of the body.
    public var config: ContainerConfig
    public var hostConfig: HostConfig
    public var networking: NetworkingConfig?

    private enum CodingKeys: String, CodingKey { case HostConfig, NetworkingConfig }

    public init(from decoder: any Decoder) throws {
        config = try ContainerConfig(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        hostConfig = try container.decodeIfPresent(DockerAPI.HostConfig.self, forKey: .HostConfig) ?? DockerAPI.HostConfig()
        networking = try container.decodeIfPresent(DockerAPI.NetworkingConfig.self, forKey: .NetworkingConfig)
    }
}

/// The reply to `POST /containers/create`.
public struct CreateReply: Codable, Sendable {
    public var Id: String, Warnings: [String]
    public init(id: String, warnings: [String]) { (Id, Warnings) = (id, warnings) }
}
