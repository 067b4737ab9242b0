// Who is called what: the names of a network's members, made anew whenever somebody comes or goes and given to the name service, which answers inside the
// containers. Everything here runs on the network thread, so that two changes at once cannot leave the older one's names. A container's sockets are
// made inside its namespace, and so is the rule that leads port 53 to them. Chapter 12 over chapter 09.
import Linux
import Netlink
import Networks
import Nftables
import Synchronization

extension Networking {
    /// The server, which costs a thread and so begins with the first network that has names.
    private func service() throws(KernelError) -> NameService {
        try names.withLock { (names) throws(KernelError) in
            if let names { return names }
            let service = try NameService()
            names = service
            return service
        }
    }

    /// Opens a container's name service if it is on a network that has one, and tells the names of its networks to all members.
    func openNames(_ id: String, _ side: HostSide) throws {
        guard let live = live(id), live.endpoints.contains(where: { $0.network.resolvesNames }) else { return }
        let service = try service()
        if !service.containers.contains(id) {
            let servers = live.servers.isEmpty ? nameServers(try hostResolvers()) : live.servers
            let sockets = try side.enter(live.sandbox) { _ in
                let sockets = try NameSockets()
                try Nftables().run(InsideRules.redirect(udpPort: sockets.udpPort, tcpPort: sockets.tcpPort))
                return sockets
            }
            try service.open(id, sockets, table: table(live, [:]), servers: servers.map { InternetName(address: $0.number, port: 53) })
        }
        refreshNames(on: live.endpoints.map(\.network))
    }

    /// Ends a container's name service, and takes its names from the others.
    func closeNames(_ id: String, on networks: [NetworkRecord]) {
        guard let service = names.withLock({ $0 }) else { return }
        service.close(id)
        refreshNames(on: networks)
    }

    /// Gives every member of the networks its table anew.
    func refreshNames(on networks: [NetworkRecord]) {
        guard let service = names.withLock({ $0 }) else { return }
        let wanted = Set(networks.filter(\.resolvesNames).map(\.id))
        guard !wanted.isEmpty else { return }
        let all = state.withLock { $0.live }, served = service.containers
        let concerned = all.filter { served.contains($0.key) && $0.value.endpoints.contains { wanted.contains($0.network.id) } }
        let used = Set(concerned.values.flatMap { $0.endpoints.filter { $0.network.resolvesNames }.map(\.network.id) })
        let members = namesByNetwork(used, all)
        for (id, live) in concerned { service.update(id, table: table(live, members)) }
    }

    private func namesByNetwork(_ networks: Set<String>, _ all: [String: LiveNetworks]) -> [String: NetworkNames] {
        var members: [String: (network: String, members: [NetworkNames.Member])] = [:]
        for (id, live) in all {
            for endpoint in live.endpoints where networks.contains(endpoint.network.id) {
                guard let taken = endpoint.taken else { continue }
                let member = NetworkNames.Member(names: [live.name] + endpoint.aliases, container: id, address: taken.address)
                members[endpoint.network.id, default: (endpoint.network.name, [])].members.append(member)
            }
        }
        return members.mapValues { NetworkNames(network: $0.network, members: $0.members) }
    }

    private func table(_ live: LiveNetworks, _ names: [String: NetworkNames]) -> NameTable {
        let places = live.endpoints.filter { $0.network.resolvesNames }
        return NameTable(
            networks: places.compactMap { names[$0.network.id] }, links: places.flatMap { links(of: $0) },
            forwards: live.endpoints.contains { !$0.network.isInternal })
    }

    /// `db:database` on a network of one's own: a further name, which nobody else knows.
    private func links(of endpoint: LiveEndpoint) -> [(name: String, address: IPv4Address)] {
        guard !endpoint.links.isEmpty else { return [] }
        let others = members(of: endpoint.network.id)
        let byName = Dictionary(others.map { (state.withLock { $0.live }[$0.container]?.name ?? "", $0.endpoint) }) { $1 }
        return endpoint.links.compactMap { text in
            let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
            guard let target = parts.first, let address = byName[target]?.taken?.address else { return nil }
            return (name: parts.count > 1 ? parts[1] : target, address: address)
        }
    }
}
