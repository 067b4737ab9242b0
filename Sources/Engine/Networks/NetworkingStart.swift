// A start and an end, as networks see them. Order of a start: places taken in the database while the shim makes the namespace; then, in one visit to the
// network thread, ports held on the host, wires laid, rules made and files written; then the ports noted and their sockets given to the shim. Whatever
// fails, `giveBack` takes back what is there, as at an end: each step says beforehand what it is about to have. Chapter 12 over chapter 09.
//
//     database: endpoints ┐
//     shim: namespace     ┴─► thread: bind, wire, publish, names, files ─┬─► database: ports ┐
//                                                                        └─► shim: hold      ┴─► start
import DockerAPI
import Linux
import Logging
import Metadata
import Netlink
import Networks
import Offload
import ShimProtocol
import Synchronization

extension ContainerEngine {
    // MARK: Start

    /// Connects a container with the networks that it asks for.
    func connect(_ container: Container, _ shim: ShimLink) async throws {
        let record = container.record, mode = record.host.NetworkMode ?? "bridge"
        if mode.hasPrefix("container:") { return try await share(String(mode.dropFirst("container:".count)), container, shim) }
        var wanted: [(network: NetworkRecord, asked: AskedEndpoint)] = []
        for one in try await askedOrDefault(container, mode) {
            wanted.append((try networksError { () throws(NetworksError) in try networking.find(one.network) }, one.endpoint))
        }
        guard wanted.contains(where: { $0.network.driver == "bridge" }) else { return try await settle(container, wanted.map(\.network)) }
        async let namespace = shim.ask(.network(path: nil))
        try await take(container, wanted)
        guard let path = try await namespace.networkPath else { throw ShimFailure(.other, "the shim did not say where the network namespace is") }
        networking.change(container.id) { $0.sandbox = path }
        let sockets = try await wire(container)
        announce(container)
        try await keep(sockets, container, shim)
    }

    /// `host` and `none`: there is nothing to lay.
    private func settle(_ container: Container, _ networks: [NetworkRecord]) async throws {
        begin(container, networks.map { LiveEndpoint(network: $0) })
        let (record, directory, facts) = (container.record, dataDirectory(container.id), facts(of: container))
        try await offload { () throws(KernelError) in try writeNetworkFiles(record, in: directory, facts) }
        announce(container)
    }

    /// Joins the namespace of another container, whatever that is.
    private func share(_ name: String, _ container: Container, _ shim: ShimLink) async throws {
        let other = try find(name)
        guard other !== container else { throw EngineError(.invalid, "cannot join own network") }
        if other.isRestarting { throw EngineError(.conflict, "Container \(other.id) is restarting, wait until the container is running") }
        guard let pid = other.run?.pid else { throw EngineError(.conflict, "cannot join network of a non running container: \(other.id)") }
        let path = "/proc/\(pid)/ns/net"
        try await shim.ask(.network(path: path))
        networking.change(container.id) { ($0.sandbox, $0.sharedWith) = (path, other.id) }
    }

    /// What the container asks for; one that was disconnected from everything is given its mode's network again, as Docker does.
    private func askedOrDefault(_ container: Container, _ mode: String) async throws -> [AskedNetwork] {
        var record = container.record
        if !record.networks.isEmpty || record.config.NetworkDisabled == true { return record.networks }
        record.networks = [AskedNetwork(mode)]
        try await keep(record, of: container) { (_) throws(NetworksError) in }
        return record.networks
    }

    /// The places that a run is going to have.
    func begin(_ container: Container, _ places: [LiveEndpoint]) {
        let record = container.record, servers = (record.host.Dns ?? []).compactMap { IPv4Address($0) }
        networking.change(container.id) { ($0.name, $0.servers, $0.endpoints) = (container.name, servers, places) }
    }

    /// Takes a place on each network, all or none.
    private func take(_ container: Container, _ wanted: [(network: NetworkRecord, asked: AskedEndpoint)]) async throws {
        let (metadata, id, name, now) = (metadata, container.id, container.name, WallTime.now.nanoseconds)
        for one in wanted { try networksError { () throws(NetworksError) in try one.network.check(one.asked) } }
        let places = try await offloadMetadata { () throws(NetworksError) in
            try metadata.change { (transaction) throws(NetworksError) in
                var places: [LiveEndpoint] = []
                for (network, asked) in wanted {
                    let taken = try transaction.takeEndpoint(id, named: name, on: network, asked, at: now)
                    places.append(LiveEndpoint(network: network, taken: taken, aliases: asked.aliases, links: asked.links))
                }
                return places
            }
        }
        begin(container, places)
    }

    /// Lays the wires of all endpoints.
    /// - Returns: what holds the ports
    private func wire(_ container: Container) async throws -> [PortSocket] {
        let (record, id, name, networking) = (container.record, container.id, container.name, networking)
        let (directory, facts, needsHost) = (dataDirectory(id), facts(of: container), needsDefaultBridge(container.record))
        let requests = try portRequests(record.config, record.host)
        guard let live = networking.live(id) else { return [] }
        return try await networking.thread.run { side in
            if let needsHost { _ = try side.bridge(of: needsHost) }
            let sockets = try networking.hold(requests, for: id, named: name, live, side)
            try networking.lay(live, of: id, side)
            try networking.publish(id, side)
            try networking.openNames(id, side)
            try writeNetworkFiles(record, in: directory, facts)
            return sockets
        }
    }

    /// Notes the ports, and hands over what holds them.
    private func keep(_ sockets: [PortSocket], _ container: Container, _ shim: ShimLink) async throws {
        guard !sockets.isEmpty else { return }
        let (metadata, id) = (metadata, container.id), ports = networking.live(id)?.ports ?? []
        async let isNoted: Void = offloadMetadata { () throws(NetworksError) in
            try metadata.change { (transaction) throws(NetworksError) in try transaction.takePorts(id, ports) }
        }
        for first in stride(from: 0, to: sockets.count, by: 16) {  // as many as one packet may carry
            try await shim.ask(.hold, sockets[first..<min(first + 16, sockets.count)].map(\.descriptor))
        }
        try await isNoted
    }

    private func announce(_ container: Container) {
        networking.change(container.id) { live in for index in live.endpoints.indices { live.endpoints[index].isAnnounced = true } }
        for endpoint in networking.live(container.id)?.endpoints ?? [] { publish("connect", endpoint.network, container.id) }
    }

    /// What the container's files say besides what was asked for.
    func facts(of container: Container) -> NetworkFacts {
        let live = networking.live(container.id)
        return NetworkFacts(
            addresses: live?.endpoints.compactMap { $0.taken?.address } ?? [], hostGateway: defaultBridge?.pools.first?.gateway,
            resolvesNames: live?.endpoints.contains { $0.network.resolvesNames } ?? false)
    }

    /// The default bridge, where the container's files name the host at its address there.
    private func needsDefaultBridge(_ record: ContainerRecord) -> NetworkRecord? {
        record.host.ExtraHosts?.contains { $0.hasSuffix("host-gateway") } == true ? defaultBridge : nil
    }

    var defaultBridge: NetworkRecord? { networking.all.first { $0.isDefaultBridge } }

    // MARK: End

    /// Takes back all that a run had, or as much of it as there is.
    func disconnect(_ container: Container) async {
        let id = container.id
        guard let live = networking.state.withLock({ $0.live.removeValue(forKey: id) }) else { return }
        let isShared = networking.state.withLock { state in state.live.values.contains { $0.sharedWith == id } }
        if live.endpoints.contains(where: { $0.taken != nil }) {
            await unwire(id, live, keepsLinks: !isShared)
            await release(id)
        }
        for endpoint in live.endpoints where endpoint.isAnnounced { publish("disconnect", endpoint.network, id) }
    }

    private func unwire(_ id: String, _ live: LiveNetworks, keepsLinks: Bool) async {
        let networking = networking
        do {
            try await networking.thread.run { side in
                networking.closeNames(id, on: live.endpoints.map(\.network))
                try networking.unpublish(live, side)
                for endpoint in live.endpoints {
                    if let taken = endpoint.taken { try side.disconnect(taken, on: endpoint.network, keepsLink: keepsLinks) }
                }
            }
        } catch {
            log.error("container \(id): disconnect: \(error)")
        }
    }

    /// Gives addresses and ports back.
    func release(_ id: String) async {
        let (metadata, now) = (metadata, WallTime.now.nanoseconds)
        do throws(MetadataError) {
            try await offloadMetadata { () throws(MetadataError) in
                try metadata.write { (transaction) throws(MetadataError) in _ = try transaction.releaseAll(of: id, at: now) }
            }
        } catch {
            log.error("container \(id): release its addresses: \(error)")
        }
    }

    /// Publishes an event of a network.
    func publish(_ action: String, _ network: NetworkRecord, _ container: String? = nil) {
        var attributes = ["name": network.name, "type": network.driver]
        attributes["container"] = container
        events.publish("network", action, network.id, attributes)
    }
}

// MARK: On the network thread

extension Networking {
    /// Holds the ports that a container publishes, where it has a way out to publish them on.
    fileprivate func hold(
        _ requests: [PortRequest], for id: String, named name: String, _ live: LiveNetworks, _ side: HostSide
    ) throws -> [PortSocket] {
        guard !requests.isEmpty, let endpoint = live.gatewayEndpoint, let taken = endpoint.taken else { return [] }
        let others = state.withLock { $0.live.values.flatMap(\.ports) }
        var reserver = PortReserver(published: Set(others), next: side.nextPort)
        defer { side.nextPort = reserver.next }
        do throws(PortRefusal) {
            let held = try reserver.reserve(requests.map { $0.placed(by: endpoint.network.hostBinding) })
            change(id) { $0.ports = held.map(\.port) }
            return held.map(\.socket)
        } catch {
            throw EngineError(.failed, "driver failed programming external connectivity on endpoint \(name) (\(taken.endpointID)): \(error)")
        }
    }

    /// Lays a wire for each endpoint, in one visit to the namespace.
    fileprivate func lay(_ live: LiveNetworks, of id: String, _ side: HostSide) throws {
        let wayOut = live.gatewayEndpoint?.network.id
        let namespace = try open(FilePath(live.sandbox), .readOnly)
        let inside = try side.enter(live.sandbox) { _ in try RouteSocket() }
        try namespace.borrow { descriptor in
            for endpoint in live.endpoints {
                guard let taken = endpoint.taken else { continue }
                try side.connect(taken, of: id, on: endpoint.network, isWayOut: endpoint.network.id == wayOut, namespace: descriptor, inside: inside)
            }
        }
    }

    /// Tells the packet filter of a container's ports.
    func publish(_ id: String, _ side: HostSide) throws {
        guard let live = live(id), !live.ports.isEmpty, let address = live.gatewayEndpoint?.taken?.address else { return }
        try side.firewall().publish(live.ports.map { FirewallPort($0, to: address) })
    }

    /// Takes them back.
    func unpublish(_ live: LiveNetworks, _ side: HostSide) throws {
        guard !live.ports.isEmpty, let address = live.gatewayEndpoint?.taken?.address else { return }
        try side.firewall().unpublish(live.ports.map { FirewallPort($0, to: address) })
    }
}

extension PortRequest {
    /// With the network's own address where none was asked for.
    fileprivate func placed(by address: IPv4Address) -> PortRequest {
        var copy = self
        if hostAddress == .any { copy.hostAddress = address }
        return copy
    }
}
