// Links: what ip(8) calls devices and others interfaces. A bridge is one, each end of a veth pair is one, and so is `lo`. What the kernel says
// about them. man 7 rtnetlink (RTM_GETLINK, struct ifinfomsg), linux/if_link.h. Chapter 09.

/// A network interface as the kernel describes it.
public struct Link: Sendable, Equatable {
    /// Its number in this namespace; never used twice while the namespace lives, so better than a name that somebody may change.
    public let index: Int32
    /// Such as `eth0`.
    public let name: String
    /// `IFF_UP` and its like, man 7 netdevice.
    public let flags: LinkFlags
    /// What made it: `bridge`, `veth`, …; nil for hardware and `lo`.
    public let kind: String?
    /// The bridge that it is plugged into.
    public let master: Int32?
    /// A remark, which outlives whoever wrote it: how we know our own.
    public let alias: String?
    /// The largest packet, in bytes.
    public let mtuBytes: UInt32
    /// Its MAC; nil where it has none.
    public let hardwareAddress: HardwareAddress?
    /// For one end of a veth pair, the index of the other, in the other's namespace.
    public let peerIndex: Int32?
    /// The other's namespace as this one numbers it; nil where it is the same.
    public let peerNamespace: Int32?
    /// Whether packets get through: man 7 netdevice has it as RFC 2863's state; 6 is up, 2 down, 7 lower layer down, 0 unknown.
    public let operationalState: UInt8
    /// What went through it; nil where the kernel was not asked for it.
    public let statistics: LinkStatistics?

    /// Reads an `RTM_NEWLINK`.
    public init(_ answer: Answer) throws(NetlinkError) {
        let header = try answer.header(16), attributes = try answer.attributes(after: 16)
        index = hostNumber(header[4..<8]) ?? 0
        flags = LinkFlags(rawValue: hostNumber(header[8..<12]) ?? 0)
        name = attributes.text(3) ?? ""
        let information = try attributes.nested(18)
        kind = information.text(1)
        master = attributes.number(10)
        alias = attributes.text(20)
        mtuBytes = attributes.number(4) ?? 0
        hardwareAddress = attributes[1].flatMap { HardwareAddress(bytes: $0) }
        peerIndex = attributes.number(5)
        peerNamespace = attributes.number(37)
        operationalState = attributes.number(16) ?? 0
        statistics = attributes[23].flatMap { LinkStatistics($0) }
    }

    /// Whether it is switched on.
    public var isUp: Bool { flags.contains(.up) }
}

/// `IFF_…` of man 7 netdevice.
public struct LinkFlags: OptionSet, Sendable, Hashable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Switched on.
    public static let up = LinkFlags(rawValue: 0x1)
    /// Has a broadcast address.
    public static let broadcast = LinkFlags(rawValue: 0x2)
    /// `lo`
    public static let loopback = LinkFlags(rawValue: 0x8)
    /// Takes every packet.
    public static let promiscuous = LinkFlags(rawValue: 0x100)
    /// The wire, or the other end of the pair, is there and on.
    public static let lowerUp = LinkFlags(rawValue: 0x1_0000)

    /// `up broadcast`, in the order of the bits.
    public var words: String {
        let names: [(LinkFlags, String)] = [
            (.up, "up"), (.broadcast, "broadcast"), (.loopback, "loopback"), (.promiscuous, "promiscuous"), (.lowerUp, "lower-up")
        ]
        return names.filter { contains($0.0) }.map(\.1).joined(separator: " ")
    }
}

/// Counters of a link, since it was made. `struct rtnl_link_stats64` of linux/if_link.h.
public struct LinkStatistics: Sendable, Equatable {
    /// What arrived and what left.
    public let receivedPackets, sentPackets, receivedBytes, sentBytes: UInt64
    /// What was damaged, and what there was no room for.
    public let receivedErrors, sentErrors, receivedDrops, sentDrops: UInt64

    /// Reads the structure's first eight numbers; newer kernels append to it.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count >= 64 else { return nil }
        let numbers = (0..<8).compactMap { hostNumber(bytes.dropFirst($0 * 8).prefix(8), as: UInt64.self) }
        (receivedPackets, sentPackets, receivedBytes, sentBytes) = (numbers[0], numbers[1], numbers[2], numbers[3])
        (receivedErrors, sentErrors, receivedDrops, sentDrops) = (numbers[4], numbers[5], numbers[6], numbers[7])
    }
}
