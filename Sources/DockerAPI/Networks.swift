// Networks on the wire: what clients ask of them and what they are told. Members are named as the JSON's keys are. A container's place in a network
// is an endpoint: asked for in `NetworkingConfig` and by connect, told by inspect and list. The docker command leaves most keys out, Compose sends
// `Driver:""` and `IPAM:null`, docker-py sends null where it has nothing: all of it is read. Engine API v1.43, "Networks". Chapter 09 through 12.

// MARK: Asked for

/// The networks a container is to join, by name or id.
public struct NetworkingConfig: Codable, Sendable, Equatable {
    public var EndpointsConfig: [String: EndpointRequest?]?
}

/// One network to join.
public struct EndpointRequest: Codable, Sendable, Equatable {
    public var IPAMConfig: EndpointAddresses?
    public var Links: [String]?, Aliases: [String]?
    public var MacAddress: String?
    public var DriverOpts: [String: String]?

    public init() {}
}

/// The addresses that somebody wants in a network.
public struct EndpointAddresses: Codable, Sendable, Equatable {
    public var IPv4Address: String?, IPv6Address: String?
    public var LinkLocalIPs: [String]?

    public init(IPv4Address: String? = nil) { self.IPv4Address = IPv4Address }
}

/// The body of `POST /networks/create`.
public struct NetworkCreateRequest: Codable, Sendable {
    public var Name: String?, Driver: String?, Scope: String?
    public var CheckDuplicate: Bool?, EnableIPv6: Bool?, EnableIPv4: Bool?
    public var IPAM: AddressManagement?
    public var Internal: Bool?, Attachable: Bool?, Ingress: Bool?, ConfigOnly: Bool?
    public var ConfigFrom: ConfigurationSource?
    public var Options: [String: String]?, Labels: [String: String]?

    public init() {}
}

/// The reply to it.
public struct NetworkCreateReply: Codable, Sendable {
    public var Id: String, Warning: String
    public init(id: String, warning: String = "") { (Id, Warning) = (id, warning) }
}

/// The body of `POST /networks/{id}/connect`.
public struct NetworkConnectRequest: Codable, Sendable {
    public var Container: String?
    public var EndpointConfig: EndpointRequest?
}

/// The body of `POST /networks/{id}/disconnect`.
public struct NetworkDisconnectRequest: Codable, Sendable {
    public var Container: String?, Force: Bool?
}

/// The reply to `POST /networks/prune`.
public struct NetworkPruneReply: Codable, Sendable {
    @Null public var NetworksDeleted: [String]?
    public init(_ names: [String]) { NetworksDeleted = names.isEmpty ? nil : names }
}

// MARK: Told

/// A network, as inspect and list tell it.
public struct NetworkReply: Codable, Sendable {
    public var Name: String, Id: String, Created: String, Scope = "local", Driver: String
    public var EnableIPv6 = false
    public var IPAM: AddressManagement
    public var Internal = false, Attachable = false, Ingress = false
    public var ConfigFrom = ConfigurationSource(Network: ""), ConfigOnly = false
    /// By container id; only what runs.
    public var Containers: [String: NetworkMember] = [:]
    public var Options: [String: String] = [:], Labels: [String: String] = [:]

    public init(name: String, id: String, created: String, driver: String, addressing: AddressManagement) {
        (Name, Id, Created, Driver, IPAM) = (name, id, created, driver, addressing)
    }
}

/// How a network's addresses are given out.
public struct AddressManagement: Codable, Sendable {
    public var Driver: String?
    @Null public var Options: [String: String]?
    @Null public var Config: [AddressPool]?

    public init(options: [String: String]?, pools: [AddressPool]) { (Driver, Options, Config) = ("default", options, pools) }
}

/// One subnet, addresses as text: `172.20.0.0/16`, `172.20.0.1`.
public struct AddressPool: Codable, Sendable {
    public var Subnet: String?, IPRange: String?, Gateway: String?
    public var AuxiliaryAddresses: [String: String]?

    public init(subnet: String?, range: String? = nil, gateway: String? = nil) { (Subnet, IPRange, Gateway) = (subnet, range, gateway) }
}

/// Swarm's way to take a network's configuration from elsewhere.
public struct ConfigurationSource: Codable, Sendable {
    public var Network: String?
}

/// A container in a network.
public struct NetworkMember: Codable, Sendable {
    public var Name: String, EndpointID: String, MacAddress: String, IPv4Address: String, IPv6Address = ""

    public init(name: String, endpoint: String, hardwareAddress: String, address: String) {
        (Name, EndpointID, MacAddress, IPv4Address) = (name, endpoint, hardwareAddress, address)
    }
}

/// A container's place in one network, as its inspect tells it. What a container that does not run has no more is "" and 0.
public struct Endpoint: Codable, Sendable {
    @Null public var IPAMConfig: EndpointAddresses?
    @Null public var Links: [String]?
    @Null public var Aliases: [String]?
    public var MacAddress = ""
    @Null public var DriverOpts: [String: String]?
    public var NetworkID = "", EndpointID = "", Gateway = "", IPAddress = "", IPPrefixLen = 0, IPv6Gateway = "", GlobalIPv6Address = "", GlobalIPv6PrefixLen = 0
    /// From version 1.44 on.
    public var DNSNames: [String]?

    public init(networkID: String) {
        (IPAMConfig, Links, Aliases, DriverOpts) = (nil, nil, nil, nil)
        NetworkID = networkID
    }
}
