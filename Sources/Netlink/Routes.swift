// Routes: for each destination, through which link and over which neighbour a packet goes. The kernel keeps several tables; `local` holds its
// own addresses, `main` what people see. It can also be asked how it would send one packet, and answers with the route that it would take.
// man 7 rtnetlink (RTM_NEWROUTE, struct rtmsg), linux/rtnetlink.h. Chapter 09.

/// An IPv4 route.
public struct Route: Sendable, Equatable {
    /// Where to; /0 is the default route.
    public let destination: Subnet
    /// Over whom; nil where the destination is reached directly.
    public let gateway: IPv4Address?
    /// Through which link.
    public let index: Int32?
    /// Which address the packet gets as its source, if it has none yet.
    public let preferredSource: IPv4Address?
    /// Which table it stands in: 254 is `main`, 255 `local`.
    public let table: UInt32
    /// Where there are several, the one with the lowest wins.
    public let metric: UInt32
    /// What becomes of a packet.
    public let type: RouteType
    /// Who made it: 2 the kernel, 3 ip(8) or we, 4 an administrator, 16 a DHCP client.
    public let maker: UInt8

    /// Reads an `RTM_NEWROUTE`; nil for another family.
    public init?(_ answer: Answer) throws(NetlinkError) {
        let header = try answer.header(12), attributes = try answer.attributes(after: 12)
        guard header[0] == internetFamily, header[1] <= 32 else { return nil }
        destination = Subnet(containing: attributes.address(1) ?? .any, prefixLength: Int(header[1]))
        (gateway, index, preferredSource) = (attributes.address(5), attributes.number(4), attributes.address(7))
        (table, metric) = (attributes.number(15) ?? UInt32(header[4]), attributes.number(6) ?? 0)
        (type, maker) = (RouteType(rawValue: header[7]), header[5])
    }

    /// Whether it is for whatever has no route of its own.
    public var isDefault: Bool { destination.prefixLength == 0 }
}

/// What becomes of a packet. `RTN_…` of man 7 rtnetlink.
public struct RouteType: RawRepresentable, Sendable, Hashable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// It goes on.
    public static let unicast = RouteType(rawValue: 1)
    /// It is for this host.
    public static let local = RouteType(rawValue: 2)
    /// It is for all in a network.
    public static let broadcast = RouteType(rawValue: 3)
    /// It is thrown away, silently or with a word.
    public static let blackhole = RouteType(rawValue: 6), unreachable = RouteType(rawValue: 7), prohibit = RouteType(rawValue: 8)

    /// As ip(8) says it.
    public var name: String {
        ["unspecified", "unicast", "local", "broadcast", "anycast", "multicast", "blackhole", "unreachable", "prohibit"][Int(min(rawValue, 8))]
    }
}

extension Message {
    /// All IPv4 routes of all tables.
    public static func getRoutes() -> Message { Message(.getRoute, header: head(destinationBits: 0), subject: "all") }

    /// The route that a packet would take.
    /// - Parameters:
    ///   - source: the packet's source address; needed with `arriving`
    ///   - arriving: the link that it comes in by; nil for a packet of our own
    public static func getRoute(to address: IPv4Address, from source: IPv4Address? = nil, arriving index: Int32? = nil) -> Message {
        var attributes = [Attribute(1, address.bytes)]
        if let source { attributes.append(Attribute(2, source.bytes)) }
        if let index { attributes.append(Attribute(3, number: index)) }
        return Message(
            .getRoute, header: head(destinationBits: 32, sourceBits: source == nil ? 0 : 32, flags: 0x1000), attributes,  // RTM_F_LOOKUP_TABLE
            subject: "to \(address)\(source.map { " from \($0)" } ?? "")\(index.map { " arriving on #\($0)" } ?? "")")
    }

    /// A route into a subnet, over a gateway or directly through a link.
    public static func addRoute(to subnet: Subnet, via gateway: IPv4Address? = nil, through index: Int32? = nil, replacing: Bool = false) -> Message {
        Message(
            .newRoute, replacing ? [.create, .replace] : [.create, .exclusive], header: whole(subnet, gateway), way(subnet, gateway, index),
            subject: words(subnet, gateway, index))
    }

    /// Takes a route away. ESRCH where there is none like it.
    public static func removeRoute(to subnet: Subnet, via gateway: IPv4Address? = nil, through index: Int32? = nil) -> Message {
        Message(
            .deleteRoute, header: head(destinationBits: UInt8(subnet.prefixLength), scope: 255), way(subnet, gateway, index),
            subject: words(subnet, gateway, index))
    }

    private static func way(_ subnet: Subnet, _ gateway: IPv4Address?, _ index: Int32?) -> [Attribute] {
        var attributes = subnet.prefixLength == 0 ? [] : [Attribute(1, subnet.address.bytes)]
        if let gateway { attributes.append(Attribute(5, gateway.bytes)) }
        if let index { attributes.append(Attribute(4, number: index)) }
        return attributes
    }

    private static func words(_ subnet: Subnet, _ gateway: IPv4Address?, _ index: Int32?) -> String {
        (subnet.prefixLength == 0 ? "default" : "\(subnet)") + (gateway.map { " via \($0)" } ?? "") + (index.map { " dev #\($0)" } ?? "")
    }

    /// In table main (254), made by us as ip(8) does (3), unicast (1); over a gateway its scope is the world (0), else the link's (253).
    private static func whole(_ subnet: Subnet, _ gateway: IPv4Address?) -> [UInt8] {
        head(destinationBits: UInt8(subnet.prefixLength), maker: 3, scope: gateway == nil ? 253 : 0, type: 1)
    }

    /// `struct rtmsg`: family, bits of destination and source, type of service, table, maker, scope, type, flags.
    private static func head(destinationBits: UInt8, sourceBits: UInt8 = 0, maker: UInt8 = 0, scope: UInt8 = 0, type: UInt8 = 0, flags: UInt32 = 0) -> [UInt8] {
        [internetFamily, destinationBits, sourceBits, 0, maker == 0 && scope == 0 ? 0 : 254, maker, scope, type] + hostBytes(flags)
    }
}

extension RouteSocket {
    /// All IPv4 routes of table `main`, or of another; nil for all tables.
    public func routes(table: UInt32? = 254) throws(NetlinkError) -> [Route] {
        var found: [Route] = []
        for answer in try dump(.getRoutes()) where answer.type == .newRoute {
            if let route = try Route(answer), table == nil || route.table == table { found.append(route) }
        }
        return found
    }

    /// The route that a packet would take; the kernel's refusal (ENETUNREACH, EHOSTUNREACH, EACCES) is thrown.
    public func route(to address: IPv4Address, from source: IPv4Address? = nil, arriving index: Int32? = nil) throws(NetlinkError) -> Route? {
        try request(.getRoute(to: address, from: source, arriving: index)).first { $0.type == .newRoute }
            .flatMap { (answer) throws(NetlinkError) in try Route(answer) }
    }

    /// Adds a route.
    public func addRoute(to subnet: Subnet, via gateway: IPv4Address? = nil, through index: Int32? = nil, replacing: Bool = false) throws(NetlinkError) {
        try request(.addRoute(to: subnet, via: gateway, through: index, replacing: replacing))
    }

    /// Takes a route away.
    public func removeRoute(to subnet: Subnet, via gateway: IPv4Address? = nil, through index: Int32? = nil) throws(NetlinkError) {
        try request(.removeRoute(to: subnet, via: gateway, through: index))
    }
}

extension Subnet {
    /// 0.0.0.0/0, whatever has no route of its own.
    public static let everything = Subnet(containing: .any, prefixLength: 0)
}
