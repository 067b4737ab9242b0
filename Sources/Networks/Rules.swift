// The packet filter in nft's own words. The rules are a constant: what differs from host to host lies in sets and maps beside them, so that a
// packet meets the same dozen rules whether one port is published or a thousand, and a port that comes or goes is one element.
//
//     from outside, and from containers       prerouting ── published? ── dnat ─┐
//     from the host's own programs            output     ── published? ── dnat ─┤
//                                                                               ├─ forward: may it pass? ─ postrouting: whose address? ─→ bridge
//     from containers to the world            ──────────────────────────────────┘
//
// Why each rule is as it is stands beside it, in the text that the kernel gets (nft drops comments after `#`). nft(8),
// wiki.nftables.org "Netfilter hooks"; chapter 09.
private import Netlink

extension FirewallState {
    /// Our table, whole: rules, and the elements of this state.
    public var rules: String {
        """
        table ip \(table) {
        \(elements)
        \(natRules)
        \(filterRules)\(needsBridgeTable ? "\n" + addressedRules : "")
        }
        """
    }

    /// Everything anew, in one transaction: what was there goes, what ought to be there comes, and no packet is judged in between. Connections
    /// under way go on, for their translation is remembered by connection tracking, not by rules.
    ///
    /// - Parameter replacingBridgeTable: whether our table of the family `bridge` is there, or may be: then it goes, too.
    public func repair(replacingBridgeTable: Bool) -> String {
        var text = "add table ip \(table)\ndelete table ip \(table)\n\(rules)\n"
        if replacingBridgeTable { text += "add table bridge \(table)\ndelete table bridge \(table)\n" }
        if needsBridgeTable { text += bridgeRules + "\n" }
        return text
    }

    private var elements: String {
        [
            set("bridges", "type ifname;", bridges.map { quoted($0.link) }),
            set("internal", "type ifname;", bridges.filter(\.isInternal).map { quoted($0.link) }),
            set("talking", "type ifname . ifname;", bridges.filter(\.containersTalk).map { "\(quoted($0.link)) . \(quoted($0.link))" }),
            set("subnets", "type ipv4_addr; flags interval;", bridges.map { "\($0.subnet)" }),
            set("hidden", "type ipv4_addr; flags interval;", bridges.filter(\.masquerades).map { "\($0.subnet)" }),
            set("exact", "type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service;", exactPorts.map { "\($0.key) : \($0.value)" }, kind: "map"),
            set("any", "type inet_proto . inet_service : ipv4_addr . inet_service;", anyPorts.map { "\($0.key) : \($0.value)" }, kind: "map")
        ].joined(separator: "\n")
    }

    private var exactPorts: [PortElement] { portElements.filter { $0.map == "exact" } }
    private var anyPorts: [PortElement] { portElements.filter { $0.map == "any" } }
    private var portElements: [PortElement] { ports.filter(isPublished).map(PortElement.init) }

    private func set(_ name: String, _ type: String, _ elements: [String], kind: String = "set") -> String {
        let list = elements.isEmpty ? "" : " elements = { \(elements.sorted().joined(separator: ", ")) };"
        return "    \(kind) \(name) { \(type)\(list) }"
    }

    private var natRules: String {
        """
            chain published {
                # a port of one address goes before the same port of all of them
                dnat ip to ip daddr . meta l4proto . th dport map @exact
                dnat ip to meta l4proto . th dport map @any
            }
            chain prerouting {
                type nat hook prerouting priority dstnat; policy accept;
                # 127.0.0.1 from outside is a lie: a port published there is for the host alone
                ip daddr != 127.0.0.0/8 fib daddr type local jump published
            }
            chain output {
                type nat hook output priority -100; policy accept;
                fib daddr type local jump published
            }
            chain postrouting {
                type nat hook postrouting priority srcnat; policy accept;
                # a container to a published port: the answer has to come back through us, also from a neighbour or from itself
                ip saddr @subnets oifname @bridges ct status dnat masquerade
                # the host by its loopback: no answer could find its way to 127.0.0.1
                ip saddr 127.0.0.0/8 oifname @bridges masquerade
                # a container to the world
                ip saddr @hidden oifname != @bridges masquerade
            }
        """
    }

    private var filterRules: String {
        """
            chain forward {
                type filter hook forward priority filter; policy accept;
                ct state established,related accept
                iifname . oifname @talking accept
                # an internal network has no way out and none in
                iifname @internal drop
                oifname @internal drop
                # published ports may be reached; nothing else of a container may, not from outside nor from another bridge
                oifname @bridges ct status dnat accept
                oifname @bridges drop
            }
            chain guard {
                # bridges have route_localnet on, so that the host's loopback can be translated: no container may use that to reach the host's 127.0.0.1
                type filter hook prerouting priority raw; policy accept;
                iifname @bridges ip daddr 127.0.0.0/8 drop
            }
        """
    }

    /// Containers of one bridge meet below IP, where a table of the family `ip` need not see them: one of the family `bridge` keeps them apart,
    /// by the names of their links. A published port is reached through the host, hence not forwarded by the bridge; unless br_netfilter shows
    /// bridged packets to IP (dockerd turns that on for everybody): then the bridge forwards what was translated, and the mark tells it from the rest.
    private var bridgeRules: String {
        """
        table bridge \(table) {
        \(set("apart", "type ifname;", endpoints.filter(isKeptApart).map { quoted($0.hostLink) }))
            chain forward {
                type filter hook forward priority filter; policy accept;
                meta mark & \(Self.addressedMark) != 0 accept
                iifname @apart oifname @apart drop
            }
        }
        """
    }

    /// Marks what containers that are kept apart send to an address of the host. The mark lives on this host only: no container can set it.
    private var addressedRules: String {
        """
        \(set("reserved", "type ifname;", bridges.filter { !$0.containersTalk }.map { quoted($0.link) }))
            chain addressed {
                type filter hook prerouting priority mangle; policy accept;
                iifname @reserved fib daddr type local meta mark set meta mark | \(Self.addressedMark)
            }
        """
    }

    /// One bit, away from those that Kubernetes and Docker's swarm use.
    private static let addressedMark = "0x10000000"
}

/// A published port as an element of one of the two maps.
struct PortElement {
    let map: String, key: String, value: String

    init(_ port: FirewallPort) {
        let published = port.port
        let exact = published.hostAddress.number != 0
        map = exact ? "exact" : "any"
        key = (exact ? "\(published.hostAddress) . " : "") + "\(published.proto.rawValue) . \(published.hostPort)"
        value = "\(port.address) . \(published.containerPort)"
    }
}

func quoted(_ link: String) -> String { "\"\(link)\"" }
