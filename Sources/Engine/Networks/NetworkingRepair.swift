// Networks when the engine starts and when it ends. The database says what was intended, the kernel has what was done, the shims say who runs; a daemon
// that was killed between two of these leaves them apart, and this brings them together, as often as it is run: places of containers that don't run
// are given back, rules are written anew in one transaction, wires of nobody are removed by our mark in their alias, and name service opens new
// sockets. What runs is not disturbed: its wires stay, and connection tracking remembers what was translated. Chapter 12 over chapter 09.
import Digests
import DockerAPI
import Linux
import Logging
import Metadata
import Netlink
import Networks
import Offload
import ShimProtocol
import Synchronization

/// The ids of Docker's three, the same on every engine of ours.
func predefinedNetworkIdentifier(_ name: String) -> String { Digest(of: Array("slipway network \(name)".utf8)).hex }

extension ContainerEngine {
    /// The default bridge's link: `slipway0`, or `sw-` and the instance id.
    private var defaultLink: String { instance.isEmpty ? "slipway0" : "sw-\(instance)" }

    // MARK: The engine's start

    /// Reads what the database says; makes the three that are always there.
    func openNetworkStore() async throws {
        let (metadata, link, now) = (metadata, defaultLink, WallTime.now.nanoseconds)
        let isNew = try await offloadMetadata { () throws(MetadataError) in
            try metadata.read { (transaction) throws(MetadataError) in try transaction.networks().count { $0.isPredefined } < 3 }
        }
        let hostSubnets = isNew ? try await networking.thread.run { side in try side.wiring.occupiedSubnets() } : []
        let (networks, places, ports) = try await offloadMetadata { () throws(NetworksError) in
            try metadata.change { (transaction) throws(NetworksError) in
                let known = try NetworksError.wrapping { () throws(MetadataError) in Set(try transaction.networks().map(\.name)) }
                var missing = ["bridge", "host", "none"].filter { !known.contains($0) }[...]
                try transaction.ensurePredefinedNetworks(link: link, hostSubnets: hostSubnets, at: now) {
                    predefinedNetworkIdentifier(missing.popFirst() ?? "")
                }
                return try NetworksError.wrapping { () throws(MetadataError) in
                    (try transaction.networks(), try transaction.endpoints(), try transaction.ports())
                }
            }
        }
        networking.remember(networks, places, ports)
    }

    /// Brings the kernel's state to what it ought to be.
    func repairNetworkState() async {
        do {
            for container in all { await repair(container) }
            try await forgetStrangers()
            try await repairKernel()
        } catch {
            log.error("networks: repair: \(error)")
        }
    }

    /// What runs is told where its namespace is; what does not run gives back what it had.
    private func repair(_ container: Container) async {
        let id = container.id, record = container.record
        guard let pid = container.run?.pid else {
            guard networking.live(id) != nil else { return }
            networking.state.withLock { $0.live[id] = nil }
            await release(id)
            return await dismissParked(container)
        }
        let mode = record.host.NetworkMode ?? "", asked = record.networks
        let shared = mode.hasPrefix("container:") ? String(mode.dropFirst("container:".count)) : nil
        let plain = asked.compactMap { one in networking.all.first { $0.name == one.network && $0.pools.isEmpty } }.map { LiveEndpoint(network: $0) }
        let servers = (record.host.Dns ?? []).compactMap { IPv4Address($0) }
        networking.change(id) { live in
            (live.name, live.sandbox, live.sharedWith, live.servers) = (container.name, "/proc/\(pid)/ns/net", shared, servers)
            live.endpoints += plain
            for index in live.endpoints.indices {
                let wish = asked.first { $0.network == live.endpoints[index].network.name }?.endpoint
                live.endpoints[index].isAnnounced = true
                (live.endpoints[index].aliases, live.endpoints[index].links) = (wish?.aliases ?? [], wish?.links ?? [])
            }
        }
    }

    /// A shim that waits for a start which never came may hold ports and wires of it: the next start gets another shim.
    private func dismissParked(_ container: Container) async {
        guard let shim = container.parked else { return }
        _ = try? await shim.ask(.release)  // gone already is as good
        await carryOut(container.apply(.shimGone), container)
    }

    /// Places of containers that are no more.
    private func forgetStrangers() async throws {
        let known = Set(all.map(\.id))
        for id in networking.state.withLock({ Set($0.live.keys) }) where !known.contains(id) {
            networking.state.withLock { $0.live[id] = nil }
            await release(id)
        }
    }

    private func repairKernel() async throws {
        let (networking, log, instance) = (networking, log, instance)
        let live = networking.state.withLock { $0.live }.filter { $0.value.endpoints.contains { $0.taken != nil } }
        let networks = networking.all
        try await networking.thread.run { side in
            let links = try side.wiring.marked(side.mark)
            guard !links.isEmpty || !live.isEmpty else { return }
            let wires = Set(live.values.flatMap { $0.endpoints.compactMap { $0.taken?.hostLink } }), bridges = Set(networks.map(\.link))
            for link in links where !wires.contains(link.name) && !bridges.contains(link.name) {
                do { try side.wiring.disconnect(hostLink: link.name, mark: side.mark) } catch { log.warning("remove \(link.name): \(error)") }
            }
            let used = networks.filter { network in
                links.contains { $0.name == network.link } || live.values.contains { $0.endpoints.contains { $0.network.id == network.id } }
            }
            try side.firewall().repair(firewallState(instance, used, live))
            for network in used { _ = try side.bridge(of: network) }
            for (id, live) in live {
                do {
                    try side.repair(id, live)
                    try networking.openNames(id, side)
                } catch { log.error("container \(id): repair its network: \(error)") }
            }
        }
    }

    // MARK: The engine's end

    /// Removes bridges and rules where nothing runs that needs them.
    func leaveNetworks() async {
        let log = log
        guard !all.contains(where: \.isRunning) else { return }
        do { try await networking.thread.run { side in try side.removeAll() } } catch { log.info("networks: \(error)") }
    }
}

/// All that the packet filter is to know.
private func firewallState(_ instance: String, _ networks: [NetworkRecord], _ live: [String: LiveNetworks]) -> FirewallState {
    let endpoints = live.values.flatMap { $0.endpoints.map { ($0.taken?.hostLink, $0.network.link) } }
    let ports = live.values.flatMap { live -> [FirewallPort] in
        guard let address = live.gatewayEndpoint?.taken?.address else { return [] }
        return live.ports.map { FirewallPort($0, to: address) }
    }
    return FirewallState(
        instance: instance, bridges: Set(networks.compactMap(\.firewallBridge)),
        endpoints: Set(endpoints.compactMap { link, bridge in link.map { FirewallEndpoint(hostLink: $0, bridge: bridge) } }), ports: Set(ports))
}

extension HostSide {
    /// Plugs in again what hangs loose since its bridge was removed, and lays the wires that a connect was killed before.
    fileprivate func repair(_ id: String, _ live: LiveNetworks) throws {
        for endpoint in live.endpoints {
            guard let taken = endpoint.taken, try !wiring.isConnected(hostLink: taken.hostLink, mark: mark, to: try bridge(of: endpoint.network)) else {
                continue
            }
            // one that is off was never finished
            if try wiring.marked(mark).contains(where: { $0.name == taken.hostLink && $0.isUp }) {
                try wiring.plug(hostLink: taken.hostLink, into: try bridge(of: endpoint.network))
            } else {
                try lay(endpoint, of: id, live)
            }
        }
    }

    private func lay(_ endpoint: LiveEndpoint, of id: String, _ live: LiveNetworks) throws {
        guard let taken = endpoint.taken else { return }
        let namespace = try open(FilePath(live.sandbox), .readOnly), inside = try enter(live.sandbox) { _ in try RouteSocket() }
        try namespace.borrow { try connect(taken, of: id, on: endpoint.network, isWayOut: false, namespace: $0, inside: inside) }
        try wiring.setDefaultRoute(live.gatewayEndpoint?.taken?.gateway, inside: inside)
    }
}

extension Networking {
    /// Takes over what the database says.
    fileprivate func remember(_ networks: [NetworkRecord], _ places: [PlacedEndpoint], _ ports: [(container: String, port: PublishedPort)]) {
        state.withLock { state in
            for network in networks { state.networks[network.id] = network }
            for place in places {
                guard let network = state.networks[place.network] else { continue }
                state.live[place.container, default: LiveNetworks()].endpoints.append(LiveEndpoint(network: network, taken: place.endpoint))
            }
            for (container, port) in ports { state.live[container, default: LiveNetworks()].ports.append(port) }
            for id in state.live.keys { state.live[id]?.endpoints.sort { ($0.taken?.insideLink ?? "") < ($1.taken?.insideLink ?? "") } }
        }
    }
}
