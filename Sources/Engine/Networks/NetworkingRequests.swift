// Networks as clients make, list and remove them. What makes sense is the module Networks' to say; here are Docker's shapes, filters and events. A
// bridge comes into being when the first container is connected with it, and goes with its network. Engine API v1.43, "Networks". Chapter 12.
public import DockerAPI
import Linux
import Logging
import Metadata
import Netlink
import Networks
import Offload
import ShimProtocol
import Synchronization

extension ContainerEngine {
    // MARK: Make and remove

    /// Makes a network.
    /// - Throws: `invalid`, `forbidden`, `conflict` (the name is taken), `unsupported` in Docker's words.
    public func createNetwork(_ body: NetworkCreateRequest) async throws(EngineError) -> NetworkCreateReply {
        if body.Ingress == true { throw EngineError(.unsupported, "an ingress network needs a swarm, which this engine does not have") }
        if body.ConfigOnly == true || !(body.ConfigFrom?.Network ?? "").isEmpty {
            throw EngineError(.unsupported, "networks for configuration only are not supported by this engine")
        }
        if !["", "local"].contains(body.Scope ?? "") {
            throw EngineError(.unsupported, "networks of scope \(body.Scope ?? "") need a swarm, which this engine does not have")
        }
        let request = NetworkRequest(body), (metadata, networking) = (metadata, networking), id = randomIdentifier(), now = WallTime.now.nanoseconds
        let record = try await asEngineError {
            let needsPool = request.pools.allSatisfy { $0.subnet.isEmpty }
            let hostSubnets = needsPool ? try await networking.thread.run { side in try side.wiring.occupiedSubnets() } : []
            return try await offloadMetadata { () throws(NetworksError) in
                try metadata.change { (transaction) throws(NetworksError) in
                    try transaction.makeNetwork(request, id: id, hostSubnets: hostSubnets, at: now)
                }
            }
        }
        networking.state.withLock { $0.networks[id] = record }
        publish("create", record)
        return NetworkCreateReply(id: id)
    }

    /// Removes a network.
    /// - Throws: `notFound`; `forbidden` where it is in use or always there.
    public func removeNetwork(_ text: String) async throws(EngineError) {
        let network = try networksError { () throws(NetworksError) in try networking.find(text) }
        try await asEngineError { try await self.remove(network) }
    }

    private func remove(_ network: NetworkRecord) async throws {
        let (metadata, networking, log) = (metadata, networking, log)
        try await offloadMetadata { () throws(NetworksError) in
            try metadata.change { (transaction) throws(NetworksError) in try transaction.deleteNetwork(network.id) }
        }
        networking.state.withLock { $0.networks[network.id] = nil }
        do { try await networking.thread.run { side in try side.removeBridge(network.link) } } catch {
            log.error("network \(network.name): remove its bridge: \(error)")
        }
        publish("destroy", network)
    }

    /// Removes all networks of ours that nobody is on and for which `wanted` holds; returns their names.
    public func pruneNetworks(_ filters: Filters) async throws(EngineError) -> [String] {
        if let key = filters.unknownKey(besides: ["until", "label", "label!"]) { throw EngineError(.invalid, "invalid filter '\(key)'") }
        guard (filters["until"] ?? []).count < 2 else { throw EngineError(.invalid, "more than one until filter specified") }
        let moment = try filters["until"]?.first.map { (text) throws(EngineError) in try filterMoment(text) }
        var removed: [String] = []
        for network in networking.all
        where !network.isPredefined && networking.members(of: network.id).isEmpty && network.matches(prune: filters, before: moment) {
            do {
                try await remove(network)
                removed.append(network.name)
            } catch { log.info("prune network \(network.name): \(error)") }
        }
        events.publish("network", "prune", "", ["reclaimed": "0"])
        return removed
    }

    // MARK: Look

    /// The networks that a list shows, oldest first.
    /// - Throws: `invalid` for an unknown filter.
    public func listNetworks(_ filters: Filters, detailed: Bool = false) throws(EngineError) -> [NetworkReply] {
        if let key = filters.unknownKey(besides: ["id", "name", "driver", "type", "label", "scope", "dangling"]) {
            throw EngineError(.invalid, "invalid filter '\(key)'")
        }
        for type in filters["type"] ?? [] where !["builtin", "custom"].contains(type) { throw EngineError(.invalid, "invalid filter: 'type'='\(type)'") }
        let dangling = try filters["dangling"]?.map { (text) throws(EngineError) in
            guard let flag = ["true": true, "1": true, "false": false, "0": false][text.lowercased()] else {
                throw EngineError(.invalid, "invalid filter 'dangling=[\(text)]'")
            }
            return flag
        }
        return networking.all.filter { network in
            let isFree = !network.isPredefined && networking.members(of: network.id).isEmpty
            return network.matches(filters) && (dangling?.allSatisfy { $0 == isFree } ?? true)
        }.map { reply($0, detailed: detailed) }
    }

    /// One network, with the containers that run on it.
    /// - Throws: `notFound`, `invalid` where several ids begin so.
    public func inspectNetwork(_ text: String) throws(EngineError) -> NetworkReply {
        reply(try networksError { () throws(NetworksError) in try networking.find(text) }, detailed: true)
    }

    private func reply(_ network: NetworkRecord, detailed: Bool) -> NetworkReply {
        let pools = network.pools.map { pool in
            var shown = AddressPool(subnet: pool.subnet.description, range: pool.range?.description, gateway: pool.gateway.description)
            if !pool.auxiliary.isEmpty { shown.AuxiliaryAddresses = pool.auxiliary.mapValues(\.description) }
            return shown
        }
        var reply = NetworkReply(
            name: network.name, id: network.id, created: timestamp(network.createdNanoseconds), driver: network.driver,
            addressing: AddressManagement(options: network.ipamOptions, pools: pools))
        reply.IPAM.Driver = network.ipamDriver
        (reply.Internal, reply.Attachable, reply.Options, reply.Labels) = (network.isInternal, network.isAttachable, network.options, network.labels)
        if detailed { reply.Containers = members(network) }
        return reply
    }

    private func members(_ network: NetworkRecord) -> [String: NetworkMember] {
        let pairs = networking.members(of: network.id).map { id, endpoint in
            let name = (try? find(id))?.name ?? ""  // it is just being removed
            let address = endpoint.taken.map { "\($0.address)/\($0.prefixLength)" } ?? ""
            return (
                id,
                NetworkMember(
                    name: name, endpoint: endpoint.taken?.endpointID ?? endpointIdentifier(id, network.id),
                    hardwareAddress: endpoint.taken?.mac.description ?? "", address: address)
            )
        }
        return Dictionary(pairs) { $1 }
    }
}

extension NetworkRequest {
    /// A request as a client words it.
    init(_ body: NetworkCreateRequest) {
        let pools = (body.IPAM?.Config ?? []).map {
            Pool(subnet: $0.Subnet ?? "", range: $0.IPRange ?? "", gateway: $0.Gateway ?? "", auxiliary: $0.AuxiliaryAddresses ?? [:])
        }
        self.init(
            name: body.Name ?? "", driver: body.Driver ?? "", pools: pools, ipamDriver: body.IPAM?.Driver ?? "", ipamOptions: body.IPAM?.Options,
            wantsIPv6: body.EnableIPv6 ?? false, isInternal: body.Internal ?? false, isAttachable: body.Attachable ?? false, options: body.Options ?? [:],
            labels: body.Labels ?? [:])
    }
}

extension NetworkRecord {
    /// Whether a list with these filters shows it; `dangling` is asked elsewhere.
    fileprivate func matches(_ filters: Filters) -> Bool {
        if let wanted = filters["name"], !wanted.contains(where: { name.contains($0) }) { return false }
        if let wanted = filters["id"], !wanted.contains(where: { id.contains($0) }) { return false }
        if let wanted = filters["driver"], !wanted.contains(driver) { return false }
        if let wanted = filters["type"], !wanted.contains(isPredefined ? "builtin" : "custom") { return false }
        if let wanted = filters["scope"], !wanted.contains("local") { return false }
        return hasLabels(labels, filters["label"] ?? [])
    }

    /// Whether a prune with these filters takes it.
    fileprivate func matches(prune filters: Filters, before moment: Int64?) -> Bool {
        if let moment, createdNanoseconds >= moment { return false }
        return hasLabels(labels, filters["label"] ?? []) && !(filters["label!"] ?? []).contains { hasLabels(labels, [$0]) }
    }
}
