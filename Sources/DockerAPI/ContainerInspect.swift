// What `GET /containers/{id}/json` and the list tell. Times are RFC 3339 with nanoseconds, in UTC; the list has seconds since 1970. Members are
// named as the JSON's keys are. What is null and what is empty where there is nothing is what genuine engines were seen to send: docker-py and
// Compose walk over some of these lists without asking. Engine API v1.43, ContainerInspectResponse and ContainerSummary. Chapter 12.

/// A container, whole.
public struct ContainerInspect: Codable, Sendable {
    public var Id: String, Created: String, Path: String, Args: [String]
    public var State: ContainerState
    public var Image: String
    public var ResolvConfPath: String, HostnamePath: String, HostsPath: String, LogPath: String
    public var Name: String
    public var RestartCount: Int
    public var Driver: String, Platform: String
    public var MountLabel: String, ProcessLabel: String, AppArmorProfile: String
    @Null public var ExecIDs: [String]?
    public var HostConfig: HostConfig
    public var GraphDriver: GraphDriver
    public var SizeRw: Int64?, SizeRootFs: Int64?
    public var Mounts: [MountPoint]
    public var Config: ContainerConfig
    public var NetworkSettings: NetworkSettings

    public init(
        id: String, created: String, path: String, args: [String], state: ContainerState, image: String, name: String, hostConfig: HostConfig,
        config: ContainerConfig,
        graphDriver: GraphDriver, networks: NetworkSettings
    ) {
        (Id, Created, Path, Args, State, Image, Name, HostConfig, Config, GraphDriver, NetworkSettings) =
            (id, created, path, args, state, image, name, hostConfig, config, graphDriver, networks)
        (ResolvConfPath, HostnamePath, HostsPath, LogPath, RestartCount, Driver, Platform) = ("", "", "", "", 0, "overlay2", "linux")
        (MountLabel, ProcessLabel, AppArmorProfile, Mounts) = ("", "", "", [])
    }
}

/// The states a container can be in, as flags and as a word.
public struct ContainerState: Codable, Sendable, Equatable {
    public var Status: String
    public var Running: Bool, Paused: Bool, Restarting: Bool, OOMKilled: Bool, Dead: Bool
    public var Pid: Int, ExitCode: Int
    public var Error: String, StartedAt: String, FinishedAt: String
    /// Only with a health check.
    public var Health: HealthState?

    /// Go's zero time: never.
    public static let never = "0001-01-01T00:00:00Z"

    public init(status: String) {
        (Status, Running, Paused, Restarting, OOMKilled, Dead, Pid, ExitCode) = (status, status == "running", false, false, false, false, 0, 0)
        (Error, StartedAt, FinishedAt) = ("", Self.never, Self.never)
    }
}

/// What a container's health check has said.
public struct HealthState: Codable, Sendable, Equatable {
    /// `starting`, `healthy` or `unhealthy`.
    public var Status: String
    /// Failures in a row.
    public var FailingStreak: Int
    /// The last five; null where there is none yet.
    @Null public var Log: [Probe]?

    /// One probe.
    public struct Probe: Codable, Sendable, Equatable {
        public var Start: String, End: String, ExitCode: Int, Output: String
        public init(start: String, end: String, exitCode: Int, output: String) { (Start, End, ExitCode, Output) = (start, end, exitCode, output) }
    }

    public init(status: String, failingStreak: Int, log: [Probe]?) { (Status, FailingStreak, Log) = (status, failingStreak, log) }
}

/// Where the layers lie.
public struct GraphDriver: Codable, Sendable {
    @Null public var Data: [String: String]?
    public var Name: String
    public init(name: String, data: [String: String]?) { (Name, Data) = (name, data) }
}

/// One mount of a container.
public struct MountPoint: Codable, Sendable {
    public var `Type`: String, Name: String?, Source: String, Destination: String, Driver: String?, Mode: String, RW: Bool, Propagation: String
    public init(bind source: String, at destination: String, mode: String, writable: Bool) {
        (Type, Source, Destination, Mode, RW, Propagation) = ("bind", source, destination, mode, writable, "rprivate")
    }
}

/// A container's networks.
public struct NetworkSettings: Codable, Sendable {
    public var Bridge = "", SandboxID = "", SandboxKey = ""
    public var HairpinMode = false
    public var LinkLocalIPv6Address = "", LinkLocalIPv6PrefixLen = 0
    public var Ports: [String: [PortBinding]?] = [:]
    @Null public var SecondaryIPAddresses: [String]?
    @Null public var SecondaryIPv6Addresses: [String]?
    public var EndpointID = "", Gateway = "", GlobalIPv6Address = "", GlobalIPv6PrefixLen = 0
    public var IPAddress = "", IPPrefixLen = 0, IPv6Gateway = "", MacAddress = ""
    public var Networks: [String: Endpoint] = [:]
    public init() {}
}

/// A line of `GET /containers/json`.
public struct ContainerSummary: Codable, Sendable {
    public var Id: String, Names: [String], Image: String, ImageID: String, Command: String
    /// Seconds since 1970.
    public var Created: Int64
    public var Ports: [PortSummary]
    public var Labels: [String: String]
    public var State: String, Status: String
    public var HostConfig: HostSummary, NetworkSettings: NetworkSummary
    public var Mounts: [MountPoint]
    public var SizeRw: Int64?, SizeRootFs: Int64?

    public init(
        id: String, names: [String], image: String, imageID: String, command: String, created: Int64, labels: [String: String], state: String, status: String,
        networkMode: String, networks: [String: Endpoint]
    ) {
        (Id, Names, Image, ImageID, Command, Created, Labels, State, Status) = (id, names, image, imageID, command, created, labels, state, status)
        (Ports, Mounts, HostConfig, NetworkSettings) = ([], [], HostSummary(NetworkMode: networkMode), NetworkSummary(Networks: networks))
    }

    public struct HostSummary: Codable, Sendable { public var NetworkMode: String }
    public struct NetworkSummary: Codable, Sendable { public var Networks: [String: Endpoint] }
}

/// A port in a list.
public struct PortSummary: Codable, Sendable {
    public var IP: String?
    public var PrivatePort: Int
    public var PublicPort: Int?
    public var `Type`: String

    public init(IP: String?, PrivatePort: Int, PublicPort: Int?, Type: String) {
        (self.IP, self.PrivatePort, self.PublicPort, self.Type) = (IP, PrivatePort, PublicPort, Type)
    }
}
