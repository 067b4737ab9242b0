// One plain thread for all that the engine does to network namespaces: its own calls to the kernel's network code block for some microseconds each,
// and whoever enters a container's namespace must be a thread that nobody else works on, for `setns` moves the thread and nothing but it. It goes in
// to make sockets there and comes home at once; a socket stays where it was made, and so the sockets can be used from outside. It enters *network*
// namespaces only, and it never forks. Chapter 12 over chapter 09. man 2 setns, man 7 network_namespaces.
import Linux
import Logging
import Netlink
import Networks
import Nftables
import Offload
import Synchronization

/// The thread.
final class NetworkThread: Sendable {
    private let thread = OwnThread()
    private let side = Mutex<HostSide?>(nil)
    private let instance: String
    private let log: Logger

    /// - Parameter instance: part of all names on the host
    init(instance: String, log: Logger) { (self.instance, self.log) = (instance, log) }

    /// Runs `body` on the thread, after all that came before.
    func run<Result: Sendable>(_ body: @escaping @Sendable (HostSide) throws -> Result) async throws -> Result {
        try await thread.run {
            try self.side.withLock { side in
                let own = try side ?? HostSide(instance: self.instance, log: self.log)
                side = own
                return try body(own)
            }
        }
    }
}

/// The host's sockets and what is known of its bridges; used on the thread only.
final class HostSide {
    /// What the aliases of our links begin with.
    let mark: String
    let wiring: Wiring
    private let instance: String
    private let log: Logger
    private let home: Descriptor
    private var openedFirewall: Firewall?
    /// The bridges that this process has seen to, by name, with their indices.
    private var bridges: [String: Int32] = [:]
    /// Where the search for a free port of the host goes on.
    var nextPort = PortReserver.first

    init(instance: String, log: Logger) throws {
        (self.instance, self.log) = (instance, log)
        mark = instance.isEmpty ? "slipway" : "slipway-\(instance)"
        wiring = Wiring(host: try RouteSocket())
        home = try open("/proc/thread-self/ns/net", .readOnly)
    }

    /// The packet filter, opened on the first use: that takes a privilege, and many an engine has no bridge.
    func firewall() throws(NftablesError) -> Firewall {
        if let openedFirewall { return openedFirewall }
        let firewall = Firewall(try Nftables(), state: FirewallState(instance: instance))
        openedFirewall = firewall
        return firewall
    }

    /// Runs `body` inside a network namespace, and is home afterwards.
    /// - Parameter body: gets the namespace, open
    func enter<Result>(_ path: String, _ body: (FileDescriptor) throws -> Result) throws -> Result {
        let namespace = try open(FilePath(path), .readOnly)
        return try namespace.borrow { descriptor in
            try setNamespace(descriptor, .network, subject: path)
            defer { comeHome() }
            return try body(descriptor)
        }
    }

    /// A thread that cannot come home would treat a container's namespace as the host's.
    private func comeHome() {
        do throws(KernelError) {
            try home.borrow { (descriptor) throws(KernelError) in try setNamespace(descriptor, .network, subject: "home") }
        } catch { preconditionFailure("the network thread cannot leave a container's namespace: \(error)") }
    }

    // MARK: Bridges

    /// The network's bridge, made or repaired where this process has not seen to it yet.
    /// - Returns: its index.
    func bridge(of network: NetworkRecord) throws -> Int32 {
        if let index = bridges[network.link] { return index }
        guard let pool = network.pools.first else { throw NetworksError.notFound(network.name) }
        let index = try wiring.ensureBridge(
            BridgeWish(
                name: network.link, alias: "\(mark) network \(network.name)".prefixed(bytes: 255), gateway: pool.gateway,
                prefixLength: pool.subnet.prefixLength,
                mtuBytes: network.mtuBytes.map { UInt32($0) }))
        let firewall = try firewall(), wanted = network.firewallBridge
        if let wanted, !firewall.state.bridges.contains(wanted) {
            try firewall.add(wanted)
            warnOfBlockers(firewall)
        }
        bridges[network.link] = index
        return index
    }

    /// Another table's word is final: all we can do is to name it.
    private func warnOfBlockers(_ firewall: Firewall) {
        guard bridges.isEmpty, let blocker = try? firewall.forwardingBlocker() else { return }  // a warning only: what cannot be listed is not told
        log.warning("\(blocker) drops forwarded packets: containers may not reach the world, nor it them; let packets of our bridges pass there")
    }

    /// Runs `body` with the bridge's index, and once more where somebody has removed the bridge behind our back.
    func withBridge(of network: NetworkRecord, _ body: (Int32) throws -> Void) throws {
        let wasKnown = bridges[network.link] != nil
        do { try body(try bridge(of: network)) } catch {
            guard wasKnown, try !isThere(network.link) else { throw error }
            bridges[network.link] = nil
            try body(try bridge(of: network))
        }
    }

    private func isThere(_ link: String) throws(WiringError) -> Bool { try wiring.marked(mark).contains { $0.name == link } }

    /// Removes a network's bridge and its rules.
    func removeBridge(_ link: String) throws {
        guard bridges.removeValue(forKey: link) != nil else { return }
        try wiring.removeBridge(link, mark: mark)
        try firewall().remove(bridge: link)
    }

    /// Removes every link of ours and our tables.
    func removeAll() throws {
        let links = try wiring.marked(mark)
        for link in links where link.kind == "bridge" { try wiring.removeBridge(link.name, mark: mark) }
        for link in links where link.kind != "bridge" { try wiring.disconnect(hostLink: link.name, mark: mark) }
        if openedFirewall != nil || !links.isEmpty { try firewall().removeTables() }
        bridges = [:]
    }

    /// Forgets which bridges were seen to: each is looked at again before its next use.
    func forgetBridges() { bridges = [:] }

    // MARK: Wires

    /// Lays one wire, from the bridge into a namespace in which `inside` was made.
    /// - Parameter isWayOut: whether the default route leads over it
    func connect(_ endpoint: TakenEndpoint, of container: String, on network: NetworkRecord, isWayOut: Bool, namespace: FileDescriptor, inside: RouteSocket)
        throws
    {
        let wish = EndpointWish(
            hostLink: endpoint.hostLink, alias: "\(mark) container \(container)", insideLink: endpoint.insideLink, address: endpoint.address,
            prefixLength: endpoint.prefixLength, hardwareAddress: endpoint.mac, gateway: isWayOut ? endpoint.gateway : nil,
            mtuBytes: network.mtuBytes.map { UInt32($0) })
        try withBridge(of: network) { index in try wiring.connect(wish, to: index, namespace: namespace, inside: inside) }
        try firewall().connect(FirewallEndpoint(hostLink: endpoint.hostLink, bridge: network.link))
    }

    /// Takes a wire away.
    /// - Parameter keepsLink: the kernel removes the link with its namespace
    func disconnect(_ endpoint: TakenEndpoint, on network: NetworkRecord, keepsLink: Bool = false) throws {
        if openedFirewall != nil { try firewall().disconnect(FirewallEndpoint(hostLink: endpoint.hostLink, bridge: network.link)) }
        if !keepsLink { try wiring.disconnect(hostLink: endpoint.hostLink, mark: mark) }
    }
}

extension NetworkRecord {
    /// The network's bridge, as the rules see it; nil where it has none.
    var firewallBridge: FirewallBridge? {
        pools.first.map {
            FirewallBridge(link: link, subnet: $0.subnet, isInternal: isInternal, containersTalk: allowsInterContainer, masquerades: masquerades)
        }
    }
}

extension String {
    /// The text, or as much of it as fits: an interface's alias has 255 bytes.
    fileprivate func prefixed(bytes limit: Int) -> String { utf8.count <= limit ? self : String(decoding: utf8.prefix(limit), as: UTF8.self) }
}
