// What inspect and list tell of a container's networks. The keys are those of the networks that it asked for, whether it runs or not; what it has of
// them stands there only while it runs. The endpoint on the default bridge is told twice, once for clients of old. Engine API v1.43, NetworkSettings.
// Chapter 12.
import Digests
import DockerAPI
import Netlink
import Networks
import Synchronization

extension ContainerEngine {
    /// Everything that inspect tells of a container's networks.
    func networkSettings(_ container: Container) -> NetworkSettings {
        var settings = NetworkSettings()
        settings.Networks = endpoints(container)
        guard container.isRunning, let live = networking.live(container.id) else { return settings }
        settings.SandboxKey = live.sandbox
        settings.SandboxID = live.sandbox.isEmpty ? "" : Digest(of: Array("sandbox \(container.id) \(live.sandbox)".utf8)).hex
        settings.Ports = portMap(container.record, live.ports)
        if let bridge = settings.Networks["bridge"] {
            (settings.EndpointID, settings.Gateway, settings.MacAddress) = (bridge.EndpointID, bridge.Gateway, bridge.MacAddress)
            (settings.IPAddress, settings.IPPrefixLen) = (bridge.IPAddress, bridge.IPPrefixLen)
        }
        return settings
    }

    /// The container's networks by name.
    func endpoints(_ container: Container) -> [String: Endpoint] {
        let live = container.isRunning ? networking.live(container.id) : nil
        let pairs = container.record.networks.map { asked in
            (asked.network, endpoint(container, asked, live?.endpoints.first { $0.network.name == asked.network }))
        }
        return Dictionary(pairs) { $1 }
    }

    private func endpoint(_ container: Container, _ asked: AskedNetwork, _ live: LiveEndpoint?) -> Endpoint {
        var endpoint = Endpoint(networkID: live?.network.id ?? "")
        let wish = asked.endpoint
        if wish.hasIPAM { endpoint.IPAMConfig = EndpointAddresses(IPv4Address: wish.address?.description) }
        if !wish.links.isEmpty { endpoint.Links = wish.links }
        let aliases =
            networking.resolvesNames(asked.network) ? wish.aliases + [String(container.id.prefix(12))].filter { !wish.aliases.contains($0) } : wish.aliases
        if !aliases.isEmpty { endpoint.Aliases = aliases }
        if !wish.driverOptions.isEmpty { endpoint.DriverOpts = wish.driverOptions }
        guard let live else { return endpoint }
        guard let taken = live.taken else {
            endpoint.EndpointID = endpointIdentifier(container.id, live.network.id)
            return endpoint
        }
        (endpoint.EndpointID, endpoint.MacAddress) = (taken.endpointID, taken.mac.description)
        (endpoint.IPAddress, endpoint.IPPrefixLen, endpoint.Gateway) = (taken.address.description, taken.prefixLength, taken.gateway?.description ?? "")
        return endpoint
    }

    /// A container's ports as the list has them.
    func portSummaries(_ container: Container) -> [PortSummary] {
        guard container.isRunning, let live = networking.live(container.id) else { return [] }
        let published = live.ports.map {
            PortSummary(IP: $0.hostAddress.description, PrivatePort: Int($0.containerPort), PublicPort: Int($0.hostPort), Type: $0.proto.rawValue)
        }
        let keys = Set(live.ports.map(\.key)), hasPlace = !live.endpoints.isEmpty
        let exposed = hasPlace ? exposedPorts(container.record).filter { !keys.contains($0) }.compactMap(exposedSummary) : []
        return (published + exposed).sorted {
            ($0.PrivatePort, $0.`Type`, $0.IP ?? "", $0.PublicPort ?? 0) < ($1.PrivatePort, $1.`Type`, $1.IP ?? "", $1.PublicPort ?? 0)
        }
    }

    private func exposedSummary(_ key: String) -> PortSummary? {
        let parts = key.split(separator: "/").map(String.init)
        return Int(parts[0]).map { PortSummary(IP: nil, PrivatePort: $0, PublicPort: nil, Type: parts.count > 1 ? parts[1] : "tcp") }
    }

    /// Whether a container asks for a network that `text` names: by its name, or by the beginning of its id.
    func isOn(_ container: Container, network text: String) -> Bool {
        container.record.networks.contains { asked in
            asked.network == text || networking.all.contains { $0.name == asked.network && !text.isEmpty && $0.id.hasPrefix(text) }
        }
    }
}

extension Networking {
    /// Whether a network has our name service.
    func resolvesNames(_ name: String) -> Bool { all.first { $0.name == name }?.resolvesNames ?? !["bridge", "host", "none"].contains(name) }
}

/// By the ports inside: where each is published, or null where it is exposed only.
func portMap(_ record: ContainerRecord, _ ports: [PublishedPort]) -> [String: [PortBinding]?] {
    var map: [String: [PortBinding]?] = [:]
    for key in exposedPorts(record) { map[key] = .some(nil) }
    for (key, group) in Dictionary(grouping: ports, by: \.key) {
        map[key] = group.map { PortBinding(HostIp: $0.hostAddress.description, HostPort: "\($0.hostPort)") }
    }
    return map
}
