// Neighbours: which hardware address an IPv4 address has (found out by ARP), and for bridges, behind which port a hardware address lies
// (learnt from the packets that came from there). The kernel keeps both tables and shows them by the same message. man 7 rtnetlink
// (RTM_GETNEIGH, struct ndmsg), linux/neighbour.h, man 7 arp. Chapter 09.

/// A line of the kernel's table of neighbours.
public struct Neighbour: Sendable, Equatable {
    /// The link behind which it is; for a bridge's table, the port.
    public let index: Int32
    /// Its IPv4 address; nil in a bridge's table.
    public let address: IPv4Address?
    /// Its MAC; nil while nobody has answered.
    public let hardwareAddress: HardwareAddress?
    /// The bridge whose table this is.
    public let master: Int32?
    /// How sure the kernel is.
    public let state: NeighbourState

    /// Reads an `RTM_NEWNEIGH`.
    public init(_ answer: Answer) throws(NetlinkError) {
        let header = try answer.header(12), attributes = try answer.attributes(after: 12)
        (index, state) = (hostNumber(header[4..<8]) ?? 0, NeighbourState(rawValue: hostNumber(header[8..<10]) ?? 0))
        (address, master) = (attributes.address(1), attributes.number(9))
        hardwareAddress = attributes[2].flatMap { HardwareAddress(bytes: $0) }
    }
}

/// `NUD_…` of linux/neighbour.h.
public struct NeighbourState: OptionSet, Sendable, Hashable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    /// Asked, not answered yet; answered lately; answered once; asking soon; asking again; did not answer.
    public static let incomplete = NeighbourState(rawValue: 0x1), reachable = NeighbourState(rawValue: 0x2), stale = NeighbourState(rawValue: 0x4)
    public static let delay = NeighbourState(rawValue: 0x8), probe = NeighbourState(rawValue: 0x10), failed = NeighbourState(rawValue: 0x20)
    /// Nobody needs to be asked; written by hand.
    public static let needsNone = NeighbourState(rawValue: 0x40), permanent = NeighbourState(rawValue: 0x80)

    /// As ip(8) says it, in small letters.
    public var words: String {
        let names = ["incomplete", "reachable", "stale", "delay", "probe", "failed", "noarp", "permanent"]
        return names.indices.filter { rawValue >> UInt16($0) & 1 == 1 }.map { names[$0] }.joined(separator: " ")
    }
}

extension Message {
    /// All neighbours with an IPv4 address.
    public static func getNeighbours() -> Message { Message(.getNeighbour, header: head(internetFamily), subject: "all") }

    /// What all bridges have learnt.
    public static func getForwarding() -> Message { Message(.getNeighbour, header: head(7), subject: "of all bridges") }  // AF_BRIDGE

    /// `struct ndmsg`: family, padding, index, state, flags, type.
    private static func head(_ family: UInt8) -> [UInt8] { [family, 0, 0, 0] + hostBytes(Int32(0)) + [0, 0, 0, 0] }
}

extension RouteSocket {
    /// The table of neighbours, as ip-neighbour(8) shows it.
    public func neighbours() throws(NetlinkError) -> [Neighbour] { try table(.getNeighbours()) }

    /// The bridges' tables, as bridge(8) `fdb` shows them.
    public func forwarding() throws(NetlinkError) -> [Neighbour] { try table(.getForwarding()) }

    private func table(_ question: Message) throws(NetlinkError) -> [Neighbour] {
        var found: [Neighbour] = []
        for answer in try dump(question) where answer.type == .newNeighbour { found.append(try Neighbour(answer)) }
        return found
    }
}
