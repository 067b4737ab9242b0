// The lab's parts: two hosts, a bridge, a table of rules. A host is a network namespace and nothing else; a file on which it is mounted keeps
// it alive while no process is in it, as `ip netns` does. What is there is read from the kernel each time: whoever killed the tool half way
// goes on, or takes it all down, as if nothing had been.
import Explain
import Linux
import Mounts
import Namespaces
import Netlink
import Networks
import Nftables

/// The lab as it is on this machine.
struct Laboratory {
    static let hosts = ["alice", "bob"], bridge = "lab0", mark = "slip-net-lab", table = "slip-net-lab"
    static let folder = FilePath("/run/slip-net")
    static let forwarding = FilePath("/proc/sys/net/ipv4/ip_forward")

    let socket: RouteSocket, wiring: Wiring, rules: Nftables
    /// The hosts' network; .1 is the bridge's.
    let subnet: Subnet

    /// - Parameter subnet: what was asked for; a bridge that is there decides, else it is 10.99.0.0/24.
    init(subnet: Subnet?) throws {
        let host = try routeSocket(), bridge = try host.link(named: Laboratory.bridge)
        (socket, wiring, rules) = (host, Wiring(host: host), try Nftables())
        let there = try bridge.flatMap { (link) throws in try host.addresses(of: link.index).first?.subnet }
        self.subnet = there ?? subnet ?? Subnet(containing: IPv4Address(10 << 24 | 99 << 16), prefixLength: 24)
    }

    static func file(of host: String) -> FilePath { folder.appending(host) }
    /// The end of a host's wire that stays here.
    static func link(of host: String) -> String { "lab-\(host)" }

    /// The bridge's own address.
    var gateway: IPv4Address { subnet.firstHost }
    /// A host's address: .2 and .3.
    func address(of host: String) -> IPv4Address {
        IPv4Address(subnet.firstHost.number + 1 + UInt32(Laboratory.hosts.firstIndex(of: host) ?? 0))
    }

    // MARK: Hosts

    /// Makes a namespace, with its loopback up, and fastens it to a file.
    func makeHost(_ name: String) throws {
        let file = Laboratory.file(of: name)
        try makeDirectories(Laboratory.folder)
        try writeFile(file, [])
        let own = try open("/proc/self/ns/net", [.readOnly])
        try own.borrow { (own) throws in
            try enterNew([.network])
            let made = Result {
                try bind("/proc/self/ns/net", onto: file)
                try bringUpLoopback()
            }
            try setNamespace(own, .network, subject: "our own")
            try made.get()
        }
    }

    /// Lets a namespace go; the kernel removes it when no process is in it any more.
    func removeHost(_ name: String) throws {
        let file = Laboratory.file(of: name)
        while try isHost(name) { try unmount(file, .detach) }
        if exists(file) { try remove(file) }
    }

    // MARK: Wires

    func plugIn(_ name: String) throws {
        guard let bridge = try socket.link(named: Laboratory.bridge) else { throw Refusal("bridge \(Laboratory.bridge): is not there") }
        let wish = EndpointWish(
            hostLink: Laboratory.link(of: name), alias: "\(Laboratory.mark) \(name)", insideLink: "eth0", address: address(of: name),
            prefixLength: subnet.prefixLength)
        let inner = try insideSocket(name), namespace = try open(Laboratory.file(of: name), [.readOnly])
        try namespace.borrow { (namespace) throws in try wiring.connect(wish, to: bridge.index, namespace: namespace, inside: inner) }
    }

    func isPluggedIn(_ name: String) throws -> Bool {
        guard let bridge = try socket.link(named: Laboratory.bridge) else { return false }
        return try wiring.isConnected(hostLink: Laboratory.link(of: name), mark: Laboratory.mark, to: bridge.index)
    }

    func insideSocket(_ name: String) throws -> RouteSocket {
        try inside(Laboratory.file(of: name)) { (_) throws in try routeSocket() }
    }

    // MARK: Rules

    /// Whether our table has a chain.
    func hasChain(_ name: String) throws -> Bool {
        do throws(NftablesError) { _ = try rules.list("list chain ip \(Laboratory.table) \(name)") } catch {
            guard error.isAbsent else { throw error }
            return false
        }
        return true
    }

    func removeChain(_ name: String) throws {
        guard try hasChain(name) else { return }
        note("nft delete chain ip \(Laboratory.table) \(name)")
        try rules.run("delete chain ip \(Laboratory.table) \(name)")
    }

    func addRules(_ text: String) throws {
        note("nft \(text.split(separator: "\n").joined(separator: "; "))")
        try rules.run("add table ip \(Laboratory.table)\n\(text)")
    }
}

/// Whether a file holds a namespace: it is a mount point then. man 5 proc (mountinfo).
func isHost(_ name: String) throws -> Bool {
    let file = "\(Laboratory.file(of: name))"
    return try readText("/proc/self/mountinfo").split(separator: "\n").contains { line in
        let fields = line.split(separator: " ")
        return fields.count > 4 && fields[4] == file
    }
}
