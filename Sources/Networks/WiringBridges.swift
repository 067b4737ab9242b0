// Bridges: made, repaired, removed. Chapter 09.
import Linux
public import Netlink

extension Wiring {
    /// Makes a bridge or repairs what is left of it: up, with exactly its address.
    /// - Returns: its index.
    /// - Throws: `foreign` where a link of that name is not ours.
    @discardableResult
    public func ensureBridge(_ wish: BridgeWish) throws(WiringError) -> Int32 {
        try checkLinkName(wish.name)
        let mark = Wiring.mark(of: wish.alias)
        if let link = try wiring({ () throws(NetlinkError) in try host.link(named: wish.name) }) {
            guard link.kind == "bridge", Wiring.mark(of: link.alias ?? "") == mark else { throw .foreign(link: wish.name, mark: mark) }
            try repair(link, wish)
        } else {
            try wiring { () throws(NetlinkError) in try host.request(birth(of: wish)) }
        }
        guard let link = try wiring({ () throws(NetlinkError) in try host.link(named: wish.name) }) else {
            throw .netlink(.malformed("bridge \(wish.name) is gone again"))
        }
        try number(link, wish)
        try letThrough(wish)
        return link.index
    }

    /// Removes a bridge of ours; says whether there was one. What was plugged in stays, unplugged.
    @discardableResult
    public func removeBridge(_ name: String, mark: String) throws(WiringError) -> Bool { try removeOurs(name, mark: mark) }

    /// The subnets that the host has routes or addresses in: a new network must not take them.
    public func occupiedSubnets() throws(WiringError) -> [Subnet] {
        let routed = try wiring { () throws(NetlinkError) in try host.routes() }.filter { !$0.isDefault }.map(\.destination)
        let own = try wiring { () throws(NetlinkError) in try host.addresses() }.map(\.subnet)
        return Array(Set(routed + own)).sorted { ($0.address, $0.prefixLength) < ($1.address, $1.prefixLength) }
    }

    /// One datagram, so that nothing can stop us between a bridge and its mark. Its MAC is set, or it would change with each plug.
    private func birth(of wish: BridgeWish) -> [Message] {
        [
            .makeBridge(wish.name, hardwareAddress: wish.gateway.map { HardwareAddress(for: $0) }, mtuBytes: wish.mtuBytes, isUp: false),
            .setLink(.name(wish.name), LinkChange(isUp: true, alias: wish.alias, hasNoIPv6Address: hasIPv6))
        ]
    }

    private func repair(_ link: Link, _ wish: BridgeWish) throws(WiringError) {
        let mtu = wish.mtuBytes.flatMap { $0 == link.mtuBytes ? nil : $0 }
        guard !link.isUp || link.alias != wish.alias || mtu != nil else { return }
        try wiring { () throws(NetlinkError) in
            try host.setLink(.index(link.index), LinkChange(isUp: true, alias: wish.alias, mtuBytes: mtu, hasNoIPv6Address: hasIPv6))
        }
    }

    /// Gives the bridge its address, and takes away those of an earlier life.
    private func number(_ link: Link, _ wish: BridgeWish) throws(WiringError) {
        try wiring { () throws(NetlinkError) in
            var requests: [Message] = [], isThere = false
            for have in try host.addresses(of: link.index) {
                if have.address == wish.gateway && have.prefixLength == wish.prefixLength {
                    isThere = true
                } else {
                    requests.append(.removeAddress(have.address, prefixLength: have.prefixLength, from: link.index))
                }
            }
            if let gateway = wish.gateway, !isThere { requests.append(.addAddress(gateway, prefixLength: wish.prefixLength, to: link.index)) }
            try host.request(requests)
        }
    }

    /// What is a file and no message: forwarding for the host, loopback addresses for the bridge.
    private func letThrough(_ wish: BridgeWish) throws(WiringError) {
        do throws(KernelError) {
            if wish.forwards { try setSwitch("/proc/sys/net/ipv4/ip_forward") }
            if wish.routesLoopback { try setSwitch("/proc/sys/net/ipv4/conf/\(wish.name)/route_localnet") }
        } catch { throw .kernel(error) }
    }
}

/// Whether this kernel has IPv6: without it, a message that mentions it is refused.
let hasIPv6 = exists("/proc/net/if_inet6")

/// Writes 1 where it is not there yet: a host that is set up as we need it may have /proc/sys read-only.
private func setSwitch(_ path: String) throws(KernelError) {
    guard try readText(FilePath(path)) != "1\n" else { return }
    try writeControl(FilePath(path), "1")
}
