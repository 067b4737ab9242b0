// The small changes: a bridge, a container's link or a port that comes or goes is an element of a set or map that comes or goes. Each text is one
// transaction, and may be run again: an element is added before it is deleted, for deleting what is not there would be refused (`destroy` says
// that in one word, from Linux 6.3 on). Chapter 09.

extension FirewallState {
    /// Publishes ports; one that is there already with the same container's address is no error, one of another container is.
    public func publishing(_ ports: [FirewallPort]) -> String {
        lines(ports.filter(isPublished).map(PortElement.init)) { "add element ip \(table) \($0.map) { \($0.key) : \($0.value) }" }
    }

    /// Takes ports back; those that are not there are no error.
    public func unpublishing(_ ports: [FirewallPort]) -> String {
        lines(ports.filter(isPublished).map(PortElement.init)) {
            "add element ip \(table) \($0.map) { \($0.key) : \($0.value) }\ndelete element ip \(table) \($0.map) { \($0.key) }"
        }
    }

    /// Lets a container's link in, after its bridge. Empty where nothing has to be done.
    public func connecting(_ endpoint: FirewallEndpoint) -> String {
        isKeptApart(endpoint) ? "add element bridge \(table) apart { \(quoted(endpoint.hostLink)) }\n" : ""
    }

    /// Forgets a container's link. Empty where nothing has to be done.
    public func disconnecting(_ endpoint: FirewallEndpoint) -> String {
        guard isKeptApart(endpoint) else { return "" }
        let element = "element bridge \(table) apart { \(quoted(endpoint.hostLink)) }"
        return "add \(element)\ndelete \(element)\n"
    }

    /// Our tables, gone.
    ///
    /// - Parameter bridgeTable: whether that of the family `bridge` is there, or may be.
    public func removal(bridgeTable: Bool) -> String {
        let families = bridgeTable ? ["ip", "bridge"] : ["ip"]
        return lines(families) { "add table \($0) \(table)\ndelete table \($0) \(table)" }
    }

    private func lines<Item>(_ items: [Item], _ line: (Item) -> String) -> String {
        items.map { line($0) + "\n" }.joined()
    }
}

/// The redirection of DNS inside a container's network namespace: what its programs send to 127.0.0.11:53 goes to the engine's sockets on other
/// ports of the same address. A listener on 53 itself would take the port from a name server that runs in the container. The answers come back
/// from 127.0.0.11:53, for connection tracking translates them back.
public enum InsideRules {
    /// The table's name in the container's namespace.
    public static let table = "slipway"

    /// The redirection, in the place of one that was there before.
    public static func redirect(udpPort: UInt16, tcpPort: UInt16) -> String {
        """
        add table ip \(table)
        delete table ip \(table)
        table ip \(table) {
            chain output {
                type nat hook output priority -100; policy accept;
                ip daddr 127.0.0.11 udp dport 53 dnat to 127.0.0.11:\(udpPort)
                ip daddr 127.0.0.11 tcp dport 53 dnat to 127.0.0.11:\(tcpPort)
            }
        }

        """
    }
}
