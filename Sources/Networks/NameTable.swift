// Who is called what on user-defined networks. The names of a network are the same for all its members, so they are one value that the members'
// tables share: a hundred containers on a network cost one table of names, not a hundred. Docker's order: a container's own links first, then
// its networks in turn, each asked for the name itself and, where it ends in the network's name, for what stands before. Chapter 09.
public import Netlink

/// The names on one network.
public struct NetworkNames: Sendable {
    /// A container on the network.
    public struct Member: Sendable {
        /// Its own name first, then its aliases.
        public var names: [String]
        /// 64 hex digits: the first twelve are a name too.
        public var container: String
        public var address: IPv4Address

        public init(names: [String], container: String, address: IPv4Address) {
            (self.names, self.container, self.address) = (names, container, address)
        }
    }

    let network: DNSName?
    private var addresses: [DNSName: [IPv4Address]] = [:]
    private var owners: [IPv4Address: DNSName] = [:]

    /// - Parameters:
    ///   - network: its name
    ///   - members: who is on it; words that are no names of DNS are passed over
    public init(network: String, members: [Member]) {
        self.network = DNSName(network)
        for member in members.sorted(by: { $0.address < $1.address }) {
            let names = Set((member.names + [String(member.container.prefix(12))]).compactMap { DNSName($0) }.filter { !$0.labels.isEmpty })
            for name in names { addresses[name, default: []].append(member.address) }
            owners[member.address] = member.names.first.flatMap { DNSName($0 + "." + network) }
        }
    }

    /// The addresses of a name on this network, lowest first: `web`, or `web.n1` where this is `n1`.
    func find(_ name: DNSName) -> [IPv4Address]? {
        if let found = addresses[name] { return found }
        guard let network, let (front, back) = name.split(last: network.labels.count), back == network else { return nil }
        return addresses[front]
    }

    /// The name of who has an address.
    func owner(_ address: IPv4Address) -> DNSName? { owners[address] }
}

/// What one container can ask for.
public struct NameTable: Sendable {
    private var own: [DNSName: [IPv4Address]] = [:]
    private var networks: [NetworkNames]
    /// Whether what nobody here is called is asked for outside: not for a container all of whose networks are internal.
    public let forwards: Bool

    /// - Parameters:
    ///   - networks: the container's, in the order in which they are asked
    ///   - links: names that only this container knows (`--link db:database`), with the addresses that they mean now
    public init(networks: [NetworkNames], links: [(name: String, address: IPv4Address)] = [], forwards: Bool) {
        (self.networks, self.forwards) = (networks, forwards)
        for link in links {
            if let name = DNSName(link.name) { own[name, default: []].append(link.address) }
        }
    }

    /// The addresses of a name, or nil where nobody here has it.
    public func addresses(of name: DNSName) -> [IPv4Address]? {
        if let found = own[name] { return found }
        for network in networks { if let found = network.find(name) { return found } }
        return nil
    }

    /// The name of who has an address, such as `web.n1`.
    public func name(of address: IPv4Address) -> DNSName? {
        for network in networks { if let found = network.owner(address) { return found } }
        return nil
    }
}
