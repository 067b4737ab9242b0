// Connect and disconnect. A container that runs gets or loses its wire at once; of one that does not, only what it asks for changes. Both go through
// the container's mailbox, so that no start or end comes between. Docker's default route is that of the first network by name that is not internal,
// and the published ports lead to the same address. moby, daemon/container_operations.go. Chapter 12 over chapter 09.
public import DockerAPI
import Linux
import Logging
import Metadata
import Netlink
import Networks
import Offload
import ShimProtocol
import Synchronization

private let sharedWords = "container sharing network namespace with another container or host cannot be connected to any other network"
private let hostWords = "container cannot be disconnected from host network or connected to host network"
private let noneWords = "container cannot be connected to multiple networks with one of the networks in private (none) mode"

extension ContainerEngine {
    // MARK: Connect

    /// Connects a container with a network.
    /// - Throws: `notFound`, `invalid` and `forbidden` in Docker's words.
    public func connect(network text: String, _ request: NetworkConnectRequest) async throws(EngineError) {
        let network = try networksError { () throws(NetworksError) in try networking.find(text) }
        let container = try find(request.Container ?? "")
        let asked = try askedEndpoint(request.EndpointConfig ?? EndpointRequest(), ContainerConfig())
        try networksError { () throws(NetworksError) in try network.check(asked) }
        try await asEngineError {
            try await container.mailbox.perform {
                try self.checkUsable(container)
                try self.checkMixture(container, network)
                if container.isRunning { try await self.plug(container, network, asked) } else { try await self.note(container, network, asked) }
            }
        }
    }

    /// Networks that do not go together.
    private func checkMixture(_ container: Container, _ network: NetworkRecord) throws(EngineError) {
        let record = container.record, mode = record.host.NetworkMode ?? ""
        if mode.hasPrefix("container:") { throw EngineError(.invalid, sharedWords) }
        if mode != "host", network.driver == "host" { throw EngineError(.invalid, hostWords) }
        let others = record.networks.map(\.network).filter { $0 != network.name }
        if others.contains("host") { throw EngineError(.invalid, sharedWords) }
        if !others.isEmpty, others.contains("none") || network.driver == "null" { throw EngineError(.invalid, noneWords) }
    }

    private func note(_ container: Container, _ network: NetworkRecord, _ asked: AskedEndpoint) async throws {
        var record = container.record
        record.networks = record.networks.filter { $0.network != network.name } + [AskedNetwork(network.name, asked)]
        try await keep(record, of: container) { (_) throws(NetworksError) in }
    }

    /// Writes a changed record, together with what else changes, and takes it over.
    func keep<Result: Sendable>(
        _ record: ContainerRecord, of container: Container, _ body: @escaping @Sendable (Transaction) throws(NetworksError) -> Result
    ) async throws(NetworksError) -> Result {
        let metadata = metadata
        let result = try await offloadMetadata { () throws(NetworksError) in
            try metadata.change { (transaction) throws(NetworksError) in
                let result = try body(transaction)
                try NetworksError.wrapping { () throws(MetadataError) in try transaction.setRecord(record, of: record.id) }
                return result
            }
        }
        container.state.withLock { $0.record.networks = record.networks }
        return result
    }

    private func plug(_ container: Container, _ network: NetworkRecord, _ asked: AskedEndpoint) async throws {
        let (id, name, before) = (container.id, container.name, container.record), now = WallTime.now.nanoseconds
        if networking.live(id)?.endpoints.contains(where: { $0.network.id == network.id }) == true {
            throw NetworksError.alreadyConnected(container: name, network: network.name)
        }
        guard network.driver == "bridge", let sandbox = sandbox(of: container) else { throw EngineError(.invalid, noneWords) }
        var record = before
        record.networks = record.networks.filter { $0.network != network.name } + [AskedNetwork(network.name, asked)]
        let taken = try await keep(record, of: container) { (transaction) throws(NetworksError) in
            try transaction.takeEndpoint(id, named: name, on: network, asked, at: now)
        }
        let hadNames = facts(of: container).resolvesNames
        networking.change(id) { live in
            live.sandbox = sandbox
            live.endpoints.append(LiveEndpoint(network: network, taken: taken, aliases: asked.aliases, links: asked.links))
        }
        do {
            try await rewire(container) { side in
                let namespace = try open(FilePath(sandbox), .readOnly), inside = try side.enter(sandbox) { _ in try RouteSocket() }
                try namespace.borrow { try side.connect(taken, of: id, on: network, isWayOut: false, namespace: $0, inside: inside) }
            }
            try await write(container, add: taken.address, namesAreNew: !hadNames && network.resolvesNames)
        } catch {
            await unplug(container, network, taken)
            _ = try? await keep(before, of: container) { (_) throws(NetworksError) in }  // the first failure is the one to tell
            throw error
        }
        networking.change(id) { live in
            for index in live.endpoints.indices where live.endpoints[index].network.id == network.id { live.endpoints[index].isAnnounced = true }
        }
        publish("connect", network, id)
    }

    /// Leads to the namespace of a container that runs.
    private func sandbox(of container: Container) -> String? {
        if let path = networking.live(container.id)?.sandbox, !path.isEmpty { return path }
        return container.run.map { "/proc/\($0.pid)/ns/net" }
    }

    /// Changes wires on the network thread, and then what follows from which endpoint is the way out: default route and published ports.
    private func rewire(_ container: Container, _ body: @escaping @Sendable (HostSide) throws -> Void) async throws {
        let (id, networking) = (container.id, networking)
        guard let live = networking.live(id) else { return }
        try await networking.thread.run { side in
            try body(side)
            let inside = try side.enter(live.sandbox) { _ in try RouteSocket() }
            try side.wiring.setDefaultRoute(live.gatewayEndpoint?.taken?.gateway, inside: inside)
            try networking.republish(id, live, side)
            try networking.openNames(id, side)
        }
    }

    /// The container's files, which it may have open: hosts gets or loses a line, resolv.conf leads to our name service from the first network on that has it.
    private func write(_ container: Container, add: IPv4Address? = nil, remove: IPv4Address? = nil, namesAreNew: Bool = false) async throws {
        let (record, directory) = (container.record, dataDirectory(container.id))
        try await offload { () throws(KernelError) in
            try changeHosts(directory.appending("hosts"), remove: remove, add: add, record.config)
            if namesAreNew { try writeFile(directory.appending("resolv.conf"), nameServiceFile(try hostResolvers(), record.host)) }
        }
    }

    // MARK: Disconnect

    /// Disconnects a container from a network.
    public func disconnect(network text: String, _ request: NetworkDisconnectRequest) async throws(EngineError) {
        let container = try find(request.Container ?? ""), isForced = request.Force ?? false
        let network: NetworkRecord?
        do throws(NetworksError) { network = try networking.find(text) } catch {
            guard isForced else { throw EngineError(error) }
            network = nil
        }
        try await asEngineError {
            try await container.mailbox.perform {
                try self.checkUsable(container)
                try await self.leave(container, network?.name ?? text, network)
            }
        }
        if let network { publish("disconnect", network, container.id) }
    }

    private func leave(_ container: Container, _ name: String, _ network: NetworkRecord?) async throws {
        let id = container.id
        var record = container.record
        guard record.networks.contains(where: { $0.network == name }) else {
            throw container.isRunning
                ? EngineError(NetworksError.notConnected(container: id, network: name))
                : EngineError(.failed, "container \(id) is not connected to the network \(name)")
        }
        if container.isRunning, network?.driver == "host" { throw EngineError(.invalid, hostWords) }
        record.networks.removeAll { $0.network == name }
        if let network, container.isRunning {
            let taken = networking.live(id)?.endpoints.first { $0.network.id == network.id }?.taken
            if let taken { await unplug(container, network, taken) } else { networking.change(id) { $0.endpoints.removeAll { $0.network.id == network.id } } }
        }
        try await keep(record, of: container) { (_) throws(NetworksError) in }
    }

    /// Takes one wire away. What fails is logged, for the rest has to go all the same.
    private func unplug(_ container: Container, _ network: NetworkRecord, _ taken: TakenEndpoint) async {
        let (id, metadata, now) = (container.id, metadata, WallTime.now.nanoseconds)
        networking.change(id) { $0.endpoints.removeAll { $0.network.id == network.id } }
        do {
            let networking = networking
            try await rewire(container) { side in
                try side.disconnect(taken, on: network)
                networking.refreshNames(on: [network])
            }
            try await write(container, remove: taken.address)
        } catch { log.error("container \(id): disconnect from \(network.name): \(error)") }
        do throws(MetadataError) {
            try await offloadMetadata { () throws(MetadataError) in
                try metadata.write { (transaction) throws(MetadataError) in _ = try transaction.releaseEndpoint(of: id, on: network.id, at: now) }
            }
        } catch { log.error("container \(id): release its address on \(network.name): \(error)") }
    }
}

/// What the host's own resolv.conf says; nothing where there is none. Blocks.
func hostResolvers() throws(KernelError) -> String { exists("/etc/resolv.conf") ? try readText("/etc/resolv.conf") : "" }

extension Networking {
    /// Lets the published ports lead to the endpoint that is the way out now.
    fileprivate func republish(_ id: String, _ live: LiveNetworks, _ side: HostSide) throws {
        guard !live.ports.isEmpty else { return }
        let firewall = try side.firewall(), target = live.gatewayEndpoint?.taken?.address
        let ours = firewall.state.ports.filter { live.ports.contains($0.port) }
        if ours.allSatisfy({ $0.address == target }), !ours.isEmpty { return }
        try firewall.unpublish(Array(ours))
        if let target { try firewall.publish(live.ports.map { FirewallPort($0, to: target) }) }
    }
}
