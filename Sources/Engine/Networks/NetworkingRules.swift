// What a create request may say of networks, in Docker's words, and what becomes of it: a list of networks with what is asked of each. A network that
// nobody knows is no fault yet: the container is made, and its start fails, for the network may come until then. moby, runconfig/hostconfig_unix.go
// and daemon/container_operations.go. Chapter 12.
import DockerAPI
import Linux
import Netlink
import Networks

private func invalid(_ message: String) -> EngineError { EngineError(.invalid, message) }

/// Checks what of a request concerns networks, without a look at those that there are.
func checkNetworking(_ request: CreateRequest) throws(EngineError) {
    let (config, host) = (request.config, request.hostConfig), mode = host.NetworkMode ?? ""
    for key in (config.ExposedPorts ?? [:]).keys { try checkExposed(key) }
    _ = try portRequests(config, host)
    if mode == "container" || mode.hasPrefix("container:") { try checkShared(mode, config, host) }
    if mode == "host", host.Links?.isEmpty == false {
        throw invalid("conflicting options: host type networking can't be used with links. This would result in undefined behavior")
    }
    if mode == "host", !(config.MacAddress ?? "").isEmpty { throw invalid("conflicting options: mac-address and the network mode") }
    for (name, asked) in request.networking?.EndpointsConfig ?? [:] {
        guard let asked else { throw invalid("no EndpointSettings for \(name)") }
        _ = try askedEndpoint(asked, config)
    }
    for entry in host.ExtraHosts ?? [] where !isExtraHost(entry) { throw invalid("bad format for add-host: \"\(entry)\"") }
    for server in host.Dns ?? [] where IPv4Address(server) == nil && !server.contains(":") { throw invalid("\(server) is not an ip address") }
}

/// Ports of SCTP may be exposed, for that does nothing.
private func checkExposed(_ key: String) throws(EngineError) {
    do throws(EngineError) { _ = try portNumbers(key) } catch { if error.kind == .invalid { throw error } }
}

private func checkShared(_ mode: String, _ config: ContainerConfig, _ host: HostConfig) throws(EngineError) {
    guard mode.split(separator: ":", maxSplits: 1).count == 2 else { throw invalid("Invalid network mode: invalid container format container:<name|id>") }
    if !(config.Hostname ?? "").isEmpty { throw invalid("conflicting options: hostname and the network mode") }
    if host.Links?.isEmpty == false {
        throw invalid("conflicting options: container type network can't be used with links. This would result in undefined behavior")
    }
    if host.Dns?.isEmpty == false { throw invalid("conflicting options: dns and the network mode") }
    if host.ExtraHosts?.isEmpty == false { throw invalid("conflicting options: custom host-to-IP mapping and the network mode") }
    if !(config.MacAddress ?? "").isEmpty { throw invalid("conflicting options: mac-address and the network mode") }
    if host.PublishAllPorts == true || host.PortBindings?.isEmpty == false {
        throw invalid("conflicting options: port publishing and the container type network mode")
    }
    if config.ExposedPorts?.isEmpty == false { throw invalid("conflicting options: port exposing and the container type network mode") }
}

private func isExtraHost(_ entry: String) -> Bool {
    let parts = entry.split(separator: entry.contains("=") ? "=" : ":", maxSplits: 1)
    guard parts.count == 2 else { return false }
    return parts[1] == "host-gateway" || IPv4Address(parts[1]) != nil || parts[1].contains(":")
}

/// What the request asks of one network.
/// - Parameter config: its MAC address counts where the endpoint has none
func askedEndpoint(_ asked: EndpointRequest, _ config: ContainerConfig) throws(EngineError) -> AskedEndpoint {
    var result = AskedEndpoint(
        aliases: asked.Aliases ?? [], links: asked.Links ?? [], driverOptions: asked.DriverOpts ?? [:], hasIPAM: asked.IPAMConfig != nil)
    if let text = asked.IPAMConfig?.IPv4Address, !text.isEmpty {
        guard let address = IPv4Address(text) else { throw invalid("invalid IPv4 address: \(text)") }
        result.address = address
    }
    if let text = asked.IPAMConfig?.IPv6Address, !text.isEmpty {
        throw EngineError(.unsupported, "an IPv6 address (\(text)) is not supported by this engine yet")
    }
    if asked.IPAMConfig?.LinkLocalIPs?.isEmpty == false { throw EngineError(.unsupported, "link-local addresses are not supported by this engine yet") }
    let own = try hardwareAddress(asked.MacAddress), shared = try hardwareAddress(config.MacAddress)
    result.mac = own ?? shared
    return result
}

private func hardwareAddress(_ text: String?) throws(EngineError) -> HardwareAddress? {
    guard let text, !text.isEmpty else { return nil }
    guard let address = HardwareAddress(text) else { throw invalid("invalid MAC address: \(text)") }
    guard !address.isMulticast else { throw invalid("invalid MAC address: \(text): it names a group, not a host") }
    return address
}

/// The networks of a request, the mode's first, then by name. Empty where the container shares somebody's.
/// - Parameter find: the network of a name or id; nil where there is none such
func askedNetworks(
    _ request: CreateRequest, mode: String, find: (String) throws(EngineError) -> NetworkRecord?
) throws(EngineError) -> [AskedNetwork] {
    if mode.hasPrefix("container:") || request.config.NetworkDisabled == true { return [] }
    let main = mode == "default" || mode.isEmpty ? "bridge" : try find(mode)?.name ?? mode
    var asked: [String: AskedEndpoint] = [:]
    for (key, endpoint) in request.networking?.EndpointsConfig ?? [:] {
        let name = key == "default" ? "bridge" : try find(key)?.name ?? key
        asked[name] = try askedEndpoint(endpoint ?? EndpointRequest(), name == main ? request.config : ContainerConfig())
    }
    if main != "bridge" || asked.isEmpty {
        let plain = try askedEndpoint(EndpointRequest(), request.config)
        asked[main] = asked[main] ?? plain
    }
    if ["host", "none"].contains(main), asked.count > 1 {
        throw invalid("conflicting options: cannot attach both user-defined and non-user-defined network-modes")
    }
    let names = asked.keys.sorted { ($0 == main ? 0 : 1, $0) < ($1 == main ? 0 : 1, $1) }
    var result: [AskedNetwork] = []
    for name in names {
        let endpoint = asked[name] ?? AskedEndpoint()
        if let network = try find(name) { try networksError { () throws(NetworksError) in try network.check(endpoint) } }
        result.append(AskedNetwork(name, endpoint))
    }
    return result
}

/// Runs what only networks can refuse.
@discardableResult
func networksError<Result>(_ body: () throws(NetworksError) -> Result) throws(EngineError) -> Result {
    do throws(NetworksError) { return try body() } catch { throw EngineError(error) }
}
