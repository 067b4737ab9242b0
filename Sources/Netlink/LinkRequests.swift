// What is asked for about links, as messages: pure values, so that several can go into one datagram and all can be tested as bytes. A veth
// pair needs one message even where its other end is born in another namespace: the peer is described by a message within the message.
//
//       RTM_NEWLINK  ifinfomsg │ IFLA_IFNAME vethabc1234 │ IFLA_MASTER 4 │ IFLA_LINKINFO
//                                                                           ├ IFLA_INFO_KIND veth
//                                                                           └ IFLA_INFO_DATA
//                                                                               └ VETH_INFO_PEER  ifinfomsg │ IFLA_IFNAME eth0 │ IFLA_NET_NS_FD 7
//
// man 7 rtnetlink, linux/if_link.h, linux/veth.h. Chapter 09.
public import Linux

/// Which link a request is about.
public enum LinkName: Sendable, Hashable, CustomStringConvertible {
    /// By its number.
    case index(Int32)
    /// By its name.
    case name(String)

    /// The name, or `#4`.
    public var description: String {
        switch self {
        case .index(let index): "#\(index)"
        case .name(let name): name
        }
    }

    fileprivate var number: Int32 { if case .index(let index) = self { index } else { 0 } }
    fileprivate var attributes: [Attribute] { if case .name(let name) = self { [Attribute(3, text: name)] } else { [] } }
}

/// What can be set on a link; nil leaves it as it is.
public struct LinkChange: Sendable, Equatable {
    /// Switch on or off.
    public var isUp: Bool?
    /// A new name; only for a link that is asked for by index.
    public var name: String?
    /// The bridge to plug it into; 0 unplugs it.
    public var master: Int32?
    /// A new MAC.
    public var hardwareAddress: HardwareAddress?
    /// A remark of at most 255 bytes.
    public var alias: String?
    /// The largest packet, in bytes.
    public var mtuBytes: UInt32?
    /// For a link that is plugged into a bridge: whether the bridge may give a packet back to the port that it came from.
    public var isHairpin: Bool?
    /// Keep the kernel from giving it an IPv6 address of its own making (fe80::…). For machines with IPv6 only.
    public var hasNoIPv6Address = false

    /// Sets what is given.
    public init(
        isUp: Bool? = nil, name: String? = nil, master: Int32? = nil, hardwareAddress: HardwareAddress? = nil, alias: String? = nil,
        mtuBytes: UInt32? = nil, isHairpin: Bool? = nil, hasNoIPv6Address: Bool = false
    ) {
        (self.isUp, self.name, self.master, self.hardwareAddress) = (isUp, name, master, hardwareAddress)
        (self.alias, self.mtuBytes, self.isHairpin, self.hasNoIPv6Address) = (alias, mtuBytes, isHairpin, hasNoIPv6Address)
    }

    fileprivate var attributes: [Attribute] {
        var list: [Attribute] = []
        if let name { list.append(Attribute(3, text: name)) }
        if let hardwareAddress { list.append(Attribute(1, hardwareAddress.bytes)) }
        if let mtuBytes { list.append(Attribute(4, number: mtuBytes)) }
        if let master { list.append(Attribute(10, number: master)) }
        if let alias { list.append(Attribute(20, text: alias)) }
        // IFLA_LINKINFO with what a bridge knows of its port: IFLA_INFO_SLAVE_KIND, IFLA_INFO_SLAVE_DATA, IFLA_BRPORT_MODE
        if let isHairpin {
            let port = Attribute(4, [isHairpin ? 1 : 0])
            list.append(Attribute(18, nested: [Attribute(4, text: "bridge"), Attribute(5, nested: [port])]))
        }
        // IFLA_AF_SPEC, AF_INET6, IFLA_INET6_ADDR_GEN_MODE: IN6_ADDR_GEN_MODE_NONE
        if hasNoIPv6Address { list.append(Attribute(26, nested: [Attribute(10, nested: [Attribute(8, [1])])])) }
        return list
    }

    fileprivate var words: String {
        let all: [String?] = [
            isUp.map { $0 ? "up" : "down" }, name.map { "name \($0)" }, master.map { $0 == 0 ? "nomaster" : "master #\($0)" },
            hardwareAddress.map { "address \($0)" }, mtuBytes.map { "mtu \($0)" }, isHairpin.map { "hairpin \($0 ? "on" : "off")" },
            alias.map { "alias \"\($0)\"" }
        ]
        return all.compactMap { $0 }.joined(separator: " ")
    }
}

/// The other end of a veth pair.
public struct VethPeer: Sendable, Equatable {
    /// Its name there.
    public var name: String
    /// An open descriptor of the network namespace in which it is born; nil for the same.
    public var namespace: FileDescriptor?
    /// Its MAC; nil lets the kernel choose.
    public var hardwareAddress: HardwareAddress?

    /// An end of a pair.
    public init(name: String, namespace: FileDescriptor? = nil, hardwareAddress: HardwareAddress? = nil) {
        (self.name, self.namespace, self.hardwareAddress) = (name, namespace, hardwareAddress)
    }

    fileprivate func attributes(mtuBytes: UInt32?) -> [Attribute] {
        var list = [Attribute(3, text: name)]
        if let hardwareAddress { list.append(Attribute(1, hardwareAddress.bytes)) }
        if let mtuBytes { list.append(Attribute(4, number: mtuBytes)) }
        if let namespace { list.append(Attribute(28, number: namespace.rawValue)) }
        return list
    }
}

extension Message {
    /// All links, or with `master` those plugged into one.
    public static func getLinks(master: Int32? = nil) -> Message {
        let chosen = master.map { [Attribute(10, number: $0)] } ?? []
        return Message(.getLink, header: interface(), chosen + [withoutIPv6Counters], subject: master.map { "all of #\($0)" } ?? "all")
    }

    /// One link.
    public static func getLink(_ link: LinkName) -> Message {
        Message(.getLink, header: interface(link.number), link.attributes + [withoutIPv6Counters], subject: "\(link)")
    }

    /// IFLA_EXT_MASK: RTEXT_FILTER_SKIP_STATS. They would be a third of the answer, and nobody here reads them.
    private static var withoutIPv6Counters: Attribute { Attribute(29, number: UInt32(8)) }

    /// A bridge, switched on. EEXIST where the name is taken.
    /// - Parameter hardwareAddress: stays as it is then; otherwise it changes with what is plugged in.
    public static func makeBridge(_ name: String, hardwareAddress: HardwareAddress? = nil, mtuBytes: UInt32? = nil, isUp: Bool = true) -> Message {
        let change = LinkChange(name: name, hardwareAddress: hardwareAddress, mtuBytes: mtuBytes)
        let kind = Attribute(18, nested: [Attribute(1, text: "bridge")])
        return Message(
            .newLink, [.create, .exclusive], header: interface(up: isUp ? true : nil), change.attributes + [kind],
            subject: "bridge \(name)" + (isUp ? " up" : ""))
    }

    /// A veth pair: this end here and switched on, plugged into `master`; the other end in its namespace, off.
    public static func makeVeth(_ name: String, master: Int32? = nil, mtuBytes: UInt32? = nil, isUp: Bool = true, peer: VethPeer) -> Message {
        let change = LinkChange(name: name, master: master, mtuBytes: mtuBytes)
        let inner = Attribute(1, interface() + encode(peer.attributes(mtuBytes: mtuBytes)))  // VETH_INFO_PEER
        let kind = Attribute(18, nested: [Attribute(1, text: "veth"), Attribute(2, nested: [inner])])
        let place = peer.namespace.map { " in namespace fd \($0.rawValue)" } ?? ""
        return Message(
            .newLink, [.create, .exclusive], header: interface(up: isUp ? true : nil), change.attributes + [kind],
            subject: "veth \(name)\(master.map { " master #\($0)" } ?? "") peer \(peer.name)\(place)")
    }

    /// Changes a link. What concerns a port of a bridge is understood in an `RTM_NEWLINK` only; without its flag to create, that changes too.
    public static func setLink(_ link: LinkName, _ change: LinkChange) -> Message {
        Message(
            change.isHairpin == nil ? .setLink : .newLink, header: interface(link.number, up: change.isUp), link.attributes + change.attributes,
            subject: "\(link) \(change.words)")
    }

    /// Removes a link; of a pair both ends go.
    public static func removeLink(_ link: LinkName) -> Message {
        Message(.deleteLink, header: interface(link.number), link.attributes, subject: "\(link)")
    }

    /// `struct ifinfomsg`: family, padding, type of hardware, index, flags, and which flags change.
    private static func interface(_ index: Int32 = 0, up: Bool? = nil) -> [UInt8] {
        [0, 0, 0, 0] + hostBytes(index) + hostBytes(UInt32(up == true ? 1 : 0)) + hostBytes(UInt32(up == nil ? 0 : 1))
    }
}

extension RouteSocket {
    /// All links, by index; with `master`, those plugged into one.
    public func links(master: Int32? = nil) throws(NetlinkError) -> [Link] {
        var found: [Link] = []
        for answer in try dump(.getLinks(master: master)) where answer.type == .newLink { found.append(try Link(answer)) }
        return found.filter { master == nil || $0.master == master }.sorted { $0.index < $1.index }
    }

    /// One link; nil where there is none.
    public func link(_ link: LinkName) throws(NetlinkError) -> Link? {
        do throws(NetlinkError) {
            return try request(.getLink(link)).first { $0.type == .newLink }.map { (answer) throws(NetlinkError) in try Link(answer) }
        } catch {
            guard error.errno == noSuchDevice else { throw error }
            return nil
        }
    }

    /// One link by name; nil where there is none.
    public func link(named name: String) throws(NetlinkError) -> Link? { try link(.name(name)) }

    /// Makes a bridge, on, with its alias; returns its index.
    @discardableResult
    public func makeBridge(_ name: String, alias: String, hardwareAddress: HardwareAddress? = nil) throws(NetlinkError) -> Int32 {
        try made([
            .makeBridge(name, hardwareAddress: hardwareAddress), .setLink(.name(name), LinkChange(alias: alias)), .getLink(.name(name))
        ]).index
    }

    /// Makes a veth pair with this end plugged in and on; returns this end, whose `peerIndex` is the other's in its namespace.
    @discardableResult
    public func makeVeth(_ name: String, alias: String, master: Int32? = nil, peer: VethPeer) throws(NetlinkError) -> Link {
        try made([.makeVeth(name, master: master, peer: peer), .setLink(.name(name), LinkChange(alias: alias)), .getLink(.name(name))])
    }

    /// Changes a link.
    public func setLink(_ link: LinkName, _ change: LinkChange) throws(NetlinkError) { try request(.setLink(link, change)) }

    /// Removes a link; says whether there was one.
    @discardableResult
    public func removeLink(_ link: LinkName) throws(NetlinkError) -> Bool {
        do throws(NetlinkError) { try request(.removeLink(link)) } catch {
            guard error.errno == noSuchDevice else { throw error }
            return false
        }
        return true
    }

    private func made(_ messages: [Message]) throws(NetlinkError) -> Link {
        guard let answer = try request(messages).first(where: { $0.type == .newLink }) else { throw .malformed("no answer to \(messages[0].words)") }
        return try Link(answer)
    }
}

/// ENODEV of man 3 errno; the same number on all of Linux's machines that we know.
let noSuchDevice: CInt = 19
