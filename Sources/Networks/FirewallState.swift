// What the packet filter has to know, as values: bridges, the containers' links on them, and published ports. The rules (Rules.swift) are the
// same for every engine; only the elements of their sets and maps differ, and those are computed from here. Chapter 09.
public import Netlink

/// A bridge, as the rules see it.
public struct FirewallBridge: Sendable, Hashable {
    /// The bridge's link on the host.
    public var link: String
    /// Whose addresses its containers have.
    public var subnet: Subnet
    /// Whether its containers reach each other only, and the host.
    public var isInternal: Bool
    /// Whether its containers reach each other (`com.docker.network.bridge.enable_icc`).
    public var containersTalk: Bool
    /// Whether packets that leave the host bear the host's address (`com.docker.network.bridge.enable_ip_masquerade`).
    public var masquerades: Bool

    public init(link: String, subnet: Subnet, isInternal: Bool = false, containersTalk: Bool = true, masquerades: Bool = true) {
        (self.link, self.subnet, self.isInternal) = (link, subnet, isInternal)
        (self.containersTalk, self.masquerades) = (containersTalk, masquerades)
    }
}

/// A container's place on a bridge: the host's end of its veth pair.
public struct FirewallEndpoint: Sendable, Hashable {
    public var hostLink: String
    /// The bridge's link.
    public var bridge: String

    public init(hostLink: String, bridge: String) { (self.hostLink, self.bridge) = (hostLink, bridge) }
}

/// A published port and whose it is.
public struct FirewallPort: Sendable, Hashable {
    public var port: PublishedPort
    /// The container's address.
    public var address: IPv4Address

    public init(_ port: PublishedPort, to address: IPv4Address) { (self.port, self.address) = (port, address) }
}

/// All that the packet filter is to know for one engine.
public struct FirewallState: Sendable, Equatable {
    /// The engine's instance id, empty for the default one.
    public var instance: String
    public var bridges: Set<FirewallBridge> = []
    public var endpoints: Set<FirewallEndpoint> = []
    public var ports: Set<FirewallPort> = []

    public init(instance: String = "", bridges: Set<FirewallBridge> = [], endpoints: Set<FirewallEndpoint> = [], ports: Set<FirewallPort> = []) {
        (self.instance, self.bridges, self.endpoints, self.ports) = (instance, bridges, endpoints, ports)
    }

    /// The name of our tables: `slipway`, or `slipway-INSTANCE`.
    public var table: String { instance.isEmpty ? "slipway" : "slipway-\(instance)" }

    /// Whether some bridge keeps its containers apart, which takes a table of the family `bridge`.
    public var needsBridgeTable: Bool { bridges.contains { !$0.containersTalk } }

    /// What changes when `endpoint` comes or goes: nothing, unless its bridge keeps containers apart.
    func isKeptApart(_ endpoint: FirewallEndpoint) -> Bool {
        bridges.contains { $0.link == endpoint.bridge && !$0.containersTalk }
    }

    /// Whether a port is to be published: those of internal networks are not.
    func isPublished(_ port: FirewallPort) -> Bool {
        !bridges.contains { $0.isInternal && $0.subnet.contains(port.address) }
    }
}
