// What the engine knows of a network, of a container's place in it, and of published ports: values, kept as JSON in the database. What a
// container asks for lasts as long as the container; what it has been given lasts as long as a run. Chapter 09.
public import Netlink

/// A network, from its creation to its removal.
public struct NetworkRecord: Codable, Sendable, Equatable {
    /// 64 hex digits.
    public var id: String
    public var name: String
    /// `bridge`, `host` or `null`.
    public var driver: String
    /// What addresses come from: one pool, or none for `host` and `null`.
    public var pools: [IPAMPool]
    /// Whether the subnet was asked for, rather than chosen: only then may containers ask for addresses.
    public var isSubnetAsked: Bool
    /// As asked, for inspect.
    public var ipamDriver: String
    /// As asked, for inspect; nil where the request had none.
    public var ipamOptions: [String: String]?
    /// Whether it reaches nothing outside.
    public var isInternal: Bool
    public var isAttachable: Bool
    /// The driver's options, as asked.
    public var options: [String: String]
    public var labels: [String: String]
    /// Since 1970.
    public var createdNanoseconds: Int64
    /// The bridge's name on the host; empty for `host` and `null`.
    public var link: String
    /// Whether it is one of the three that are always there.
    public var isPredefined: Bool

    public init(
        id: String, name: String, driver: String, pools: [IPAMPool] = [], isSubnetAsked: Bool = false, ipamDriver: String = "default",
        ipamOptions: [String: String]? = nil, isInternal: Bool = false, isAttachable: Bool = false, options: [String: String] = [:],
        labels: [String: String] = [:], createdNanoseconds: Int64 = 0, link: String = "", isPredefined: Bool = false
    ) {
        (self.id, self.name, self.driver, self.pools, self.isSubnetAsked) = (id, name, driver, pools, isSubnetAsked)
        (self.ipamDriver, self.ipamOptions, self.isInternal, self.isAttachable) = (ipamDriver, ipamOptions, isInternal, isAttachable)
        (self.options, self.labels, self.createdNanoseconds, self.link, self.isPredefined) = (options, labels, createdNanoseconds, link, isPredefined)
    }

    /// The network that a container gets which asks for none.
    public var isDefaultBridge: Bool { isPredefined && driver == "bridge" }
    /// Whether containers on it find each other by name.
    public var resolvesNames: Bool { !isPredefined && driver == "bridge" }
}

/// A subnet and how it is shared out.
public struct IPAMPool: Codable, Sendable, Equatable {
    public var subnet: Subnet
    /// Where addresses are chosen from; the whole subnet where nil. A requested address may lie outside.
    public var range: Subnet?
    /// The bridge's own address.
    public var gateway: IPv4Address
    /// Addresses of things outside that nobody gets, by name.
    public var auxiliary: [String: IPv4Address]

    public init(subnet: Subnet, range: Subnet? = nil, gateway: IPv4Address, auxiliary: [String: IPv4Address] = [:]) {
        (self.subnet, self.range, self.gateway, self.auxiliary) = (subnet, range, gateway, auxiliary)
    }
}

/// What a container asked of one network.
public struct AskedEndpoint: Codable, Sendable, Equatable {
    /// Further names on this network.
    public var aliases: [String]
    public var address: IPv4Address?
    public var mac: HardwareAddress?
    /// `container:alias`, as asked.
    public var links: [String]
    public var driverOptions: [String: String]
    /// Whether the request had an IPAMConfig, if an empty one: inspect says `{}` then, else `null`.
    public var hasIPAM: Bool

    public init(
        aliases: [String] = [], address: IPv4Address? = nil, mac: HardwareAddress? = nil, links: [String] = [], driverOptions: [String: String] = [:],
        hasIPAM: Bool = false
    ) {
        (self.aliases, self.address, self.mac, self.links) = (aliases, address, mac, links)
        (self.driverOptions, self.hasIPAM) = (driverOptions, hasIPAM)
    }
}

/// What a container that runs has of one network.
public struct TakenEndpoint: Codable, Sendable, Equatable {
    /// 64 hex digits.
    public var endpointID: String
    public var address: IPv4Address
    public var prefixLength: Int
    /// The way out; nil on internal networks.
    public var gateway: IPv4Address?
    public var mac: HardwareAddress
    /// The end of the veth pair on the host: `veth` and seven hex digits.
    public var hostLink: String
    /// The end in the container: `eth0`, `eth1`, …
    public var insideLink: String

    public init(
        endpointID: String, address: IPv4Address, prefixLength: Int, gateway: IPv4Address?, mac: HardwareAddress, hostLink: String, insideLink: String
    ) {
        (self.endpointID, self.address, self.prefixLength, self.gateway) = (endpointID, address, prefixLength, gateway)
        (self.mac, self.hostLink, self.insideLink) = (mac, hostLink, insideLink)
    }
}

/// What a port belongs to: TCP and UDP number theirs apart.
public enum PortProtocol: String, Codable, Sendable, Hashable, CaseIterable { case tcp, udp }

/// A port of the host that leads into a container.
public struct PublishedPort: Codable, Sendable, Hashable {
    public var proto: PortProtocol
    /// `0.0.0.0` for all of the host's addresses.
    public var hostAddress: IPv4Address
    public var hostPort: UInt16
    public var containerPort: UInt16

    public init(proto: PortProtocol, hostAddress: IPv4Address, hostPort: UInt16, containerPort: UInt16) {
        (self.proto, self.hostAddress, self.hostPort, self.containerPort) = (proto, hostAddress, hostPort, containerPort)
    }
}
