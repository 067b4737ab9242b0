// Containers' places in networks: plugged in, unplugged, found again. Connecting takes four datagrams: is the name free; the pair with its mark,
// and what it became; inside, all at once, address and way out; and last the plug. So an end that is plugged in belongs to an endpoint that is
// complete, whoever was killed in between. Chapter 09.
public import Linux
public import Netlink

extension Wiring {
    /// Connects a network namespace to a bridge. What an earlier attempt left of the same endpoint is removed first.
    /// - Parameters:
    ///   - bridge: the bridge's index
    ///   - namespace: the container's network namespace, open
    ///   - inside: a socket that was made in it
    /// - Throws: what went wrong; then nothing is left of the endpoint.
    public func connect(_ wish: EndpointWish, to bridge: Int32, namespace: FileDescriptor, inside: RouteSocket) throws(WiringError) {
        try checkLinkName(wish.hostLink)
        try checkLinkName(wish.insideLink)
        try removeOurs(wish.hostLink, mark: Wiring.mark(of: wish.alias))
        let peer = try makePair(wish, namespace)
        do throws(NetlinkError) {
            try inside.request(arrival(of: wish, at: peer))
            try host.request(plugging(wish.hostLink, into: bridge))
        } catch {
            _ = try? host.removeLink(.name(wish.hostLink))  // what failed before is the error to tell; the pair is found by its mark
            throw .netlink(error)
        }
    }

    /// Removes an endpoint's wire, both ends; says whether there was one.
    @discardableResult
    public func disconnect(hostLink: String, mark: String) throws(WiringError) -> Bool { try removeOurs(hostLink, mark: mark) }

    /// Sends whatever has no route of its own over a gateway, from now on; nil takes the default route away.
    /// - Parameter inside: a socket that was made in the container's namespace
    public func setDefaultRoute(_ gateway: IPv4Address?, inside: RouteSocket) throws(WiringError) {
        try wiring { () throws(NetlinkError) in
            let old = try inside.routes().filter(\.isDefault)
            var requests = old.filter { $0.gateway != gateway }.map { Message.removeRoute(to: .everything, via: $0.gateway, through: $0.index) }
            if let gateway, !old.contains(where: { $0.gateway == gateway }) { requests.append(.addRoute(to: .everything, via: gateway)) }
            try inside.request(requests)
        }
    }

    /// Whether an endpoint is complete: the host's end is there, ours, up and plugged into the bridge, which is the last thing that connecting does.
    public func isConnected(hostLink: String, mark: String, to bridge: Int32) throws(WiringError) -> Bool {
        guard let link = try wiring({ () throws(NetlinkError) in try host.link(named: hostLink) }) else { return false }
        return link.kind == "veth" && Wiring.mark(of: link.alias ?? "") == mark && link.master == bridge && link.isUp
    }

    /// Plugs a host's end into a bridge again: what repairs a bridge that was removed under its containers.
    public func plug(hostLink: String, into bridge: Int32) throws(WiringError) {
        try wiring { () throws(NetlinkError) in try host.request(plugging(hostLink, into: bridge)) }
    }

    /// All links that carry a mark: bridges, and the host's ends of pairs.
    public func marked(_ mark: String) throws(WiringError) -> [Link] {
        try wiring { () throws(NetlinkError) in try host.links() }.filter { Wiring.mark(of: $0.alias ?? "") == mark }
    }

    /// Removes a link if it is ours.
    @discardableResult
    func removeOurs(_ name: String, mark: String) throws(WiringError) -> Bool {
        guard let link = try wiring({ () throws(NetlinkError) in try host.link(named: name) }) else { return false }
        guard Wiring.mark(of: link.alias ?? "") == mark else { throw .foreign(link: name, mark: mark) }
        return try wiring { () throws(NetlinkError) in try host.removeLink(.index(link.index)) }
    }

    /// One datagram, so that nothing can stop us between the pair and its mark.
    /// - Returns: the index of the end inside.
    private func makePair(_ wish: EndpointWish, _ namespace: FileDescriptor) throws(WiringError) -> Int32 {
        let peer = VethPeer(
            name: wish.insideLink, namespace: namespace, hardwareAddress: wish.hardwareAddress ?? HardwareAddress(for: wish.address))
        return try wiring { () throws(NetlinkError) in
            let answers = try host.request([
                .makeVeth(wish.hostLink, mtuBytes: wish.mtuBytes, isUp: false, peer: peer),
                .setLink(.name(wish.hostLink), LinkChange(alias: wish.alias, hasNoIPv6Address: hasIPv6)), .getLink(.name(wish.hostLink))
            ])
            guard let answer = answers.first, let index = try Link(answer).peerIndex else {
                throw .malformed("the other end of \(wish.hostLink) is not in the kernel's answer")
            }
            return index
        }
    }

    private func plugging(_ hostLink: String, into bridge: Int32) -> [Message] {
        var requests = [Message.setLink(.name(hostLink), LinkChange(isUp: true, master: bridge))]
        if let isHairpin = seesBridgedPackets { requests.append(.setLink(.name(hostLink), LinkChange(isHairpin: isHairpin))) }
        return requests
    }

    private func arrival(of wish: EndpointWish, at index: Int32) -> [Message] {
        var requests: [Message] = [
            .setLink(.index(index), LinkChange(isUp: true, hasNoIPv6Address: hasIPv6)),
            .addAddress(wish.address, prefixLength: wish.prefixLength, to: index)
        ]
        if let gateway = wish.gateway { requests.append(.addRoute(to: .everything, via: gateway, through: index, replacing: true)) }
        return requests
    }
}

/// Whether br_netfilter shows bridged packets to IP, which dockerd turns on for everybody. What a container sends to its own published port is
/// then translated within the bridge, which has to give it back to the port that it came from; by itself it never does that.
private var seesBridgedPackets: Bool? {
    let seen = try? readText("/proc/sys/net/bridge/bridge-nf-call-iptables")  // no such file: no br_netfilter
    return seen == "1\n" ? true : nil
}
