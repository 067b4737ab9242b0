// The packet filter of one engine, kept in step with what the engine knows. Changes are small; should one be refused because somebody removed our
// table (`nft flush ruleset` is quickly said), the whole state is set up anew. Not for several threads at once: the engine's network thread
// owns it. Chapter 09.
private import Linux
private import Netlink
public import Nftables

/// Our tables in the packet filter of one network namespace.
public final class Firewall {
    /// What the kernel has been told, or will be by the next `repair`.
    public private(set) var state: FirewallState
    let filter: Nftables
    private let connections: ConnectionList?

    /// A firewall that has said nothing yet; `repair` makes the tables.
    ///
    /// - Parameter filter: made in the host's network namespace, where the calling thread is now, too
    public init(_ filter: Nftables, state: FirewallState) {
        (self.filter, self.state) = (filter, state)
        connections = try? ConnectionList()  // see forget
    }

    /// Makes the kernel's state ours, whatever it was, in one transaction. What is the same goes on working meanwhile.
    public func repair(_ wanted: FirewallState? = nil) throws(NftablesError) {
        let new = wanted ?? state
        try filter.run(new.repair(replacingBridgeTable: try hasBridgeTable()))
        state = new
    }

    /// Adds or changes a bridge (the one with the same link).
    public func add(_ bridge: FirewallBridge) throws(NftablesError) {
        var new = state
        new.bridges = new.bridges.filter { $0.link != bridge.link }
        new.bridges.insert(bridge)
        try repair(new)
    }

    /// Forgets a bridge, with its endpoints and ports.
    public func remove(bridge link: String) throws(NftablesError) {
        var new = state
        let gone = state.bridges.filter { $0.link == link }
        new.bridges.subtract(gone)
        new.endpoints = state.endpoints.filter { $0.bridge != link }
        new.ports = state.ports.filter { port in !gone.contains { $0.subnet.contains(port.address) } }
        try repair(new)
    }

    /// Lets a container's link in, once it is on its bridge.
    public func connect(_ endpoint: FirewallEndpoint) throws(NftablesError) {
        var new = state
        new.endpoints.insert(endpoint)
        try change(to: new, by: state.connecting(endpoint))
    }

    /// Forgets a container's link.
    public func disconnect(_ endpoint: FirewallEndpoint) throws(NftablesError) {
        var new = state
        new.endpoints.remove(endpoint)
        try change(to: new, by: state.disconnecting(endpoint))
    }

    /// Publishes ports of a container. All or none.
    public func publish(_ ports: [FirewallPort]) throws(NftablesError) {
        var new = state
        new.ports.formUnion(ports)
        try change(to: new, by: state.publishing(ports))
        forget(ports, isClosing: false)
    }

    /// Takes ports of a container back.
    public func unpublish(_ ports: [FirewallPort]) throws(NftablesError) {
        var new = state
        new.ports.subtract(ports)
        try change(to: new, by: state.unpublishing(ports))
        forget(ports, isClosing: true)
    }

    /// A kernel that does not let us see its connections still publishes: only a client that sends without a pause notices.
    private func forget(_ ports: [FirewallPort], isClosing: Bool) {
        try? connections?.forget(ports, isClosing: isClosing)  // see above
    }

    /// Removes our tables and nothing else.
    public func removeTables() throws(NftablesError) {
        try filter.run(state.removal(bridgeTable: try hasBridgeTable()))
        state = FirewallState(instance: state.instance)
    }

    /// Whether our table is there.
    public func isInPlace() throws(NftablesError) -> Bool {
        try tables().contains("table ip \(state.table)")
    }

    private func change(to new: FirewallState, by text: String) throws(NftablesError) {
        if !text.isEmpty {
            do throws(NftablesError) { try filter.run(text) } catch {
                guard error.isAbsent else { throw error }
                try filter.run(new.repair(replacingBridgeTable: try hasBridgeTable()))
            }
        }
        state = new
    }

    /// The table of the family `bridge` is asked for only where it is: a kernel may lack that family.
    private func hasBridgeTable() throws(NftablesError) -> Bool {
        try tables().contains("table bridge \(state.table)")
    }

    private func tables() throws(NftablesError) -> [String] {
        try filter.list("list tables", json: false).split(separator: "\n").map(String.init)
    }
}
