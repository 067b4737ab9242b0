// The wires of bridge networking: a bridge on the host for each network, and for each container on it a veth pair, one end plugged into the
// bridge, the other inside as eth0.
//
//        container A                 container B
//      ┌─────────────┐             ┌─────────────┐
//      │ eth0 .2     │             │ eth0 .3     │        each in a network namespace of its own
//      └──────┬──────┘             └──────┬──────┘
//         veth1a2b3c4                 veth5d6e7f8         these ends on the host, unnumbered
//             └──────────┬────────────────┘
//                  slipway0 .1                            the bridge: also the host's place in the network, and the containers' gateway
//
// Everything that we make carries our mark in its alias. Nothing else is touched, and a name that somebody else has is refused. Whoever is
// killed half way does the same thing again and gets what was wanted: each step looks at what is there. Chapter 09.
public import Linux
public import Netlink

/// Why a wire could not be laid.
public enum WiringError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A file of /proc/sys could not be written.
    case kernel(KernelError)
    /// The kernel's network code refused.
    case netlink(NetlinkError)
    /// A link has the name, and is not ours: `mark` is missing in its alias.
    case foreign(link: String, mark: String)
    /// No interface can have this name.
    case badName(String)

    /// `call subject: reason`, and what to do where that helps.
    public var description: String {
        switch self {
        case .kernel(let error): error.description
        case .netlink(let error): error.description
        case .foreign(let link, let mark):
            "link \(link): is there already and was not made by us (its alias does not begin with \"\(mark)\"); rename or remove it: ip link delete \(link)"
        case .badName(let name): "link \"\(name)\": a name has 1 to 15 bytes without blanks, / and :"
        }
    }
}

/// A bridge as it shall be.
public struct BridgeWish: Sendable, Equatable {
    /// Such as `slipway0`.
    public var name: String
    /// Begins with our mark, a word; what follows is for people.
    public var alias: String
    /// The bridge's own address; nil for a network in which the host has no place.
    public var gateway: IPv4Address?
    /// How many bits the network has.
    public var prefixLength: Int
    /// The largest packet, in bytes; nil for the kernel's 1500.
    public var mtuBytes: UInt32?
    /// Let packets to and from 127.0.0.0/8 pass through it, so that a port published on the loopback can lead to a container. The firewall must
    /// then drop such addresses where they come from containers.
    public var routesLoopback: Bool
    /// Make a router of the host, where it is none yet: without that, nothing gets past the bridge.
    public var forwards: Bool

    /// A bridge; see the properties.
    public init(
        name: String, alias: String, gateway: IPv4Address?, prefixLength: Int, mtuBytes: UInt32? = nil, routesLoopback: Bool = true, forwards: Bool = true
    ) {
        (self.name, self.alias, self.gateway, self.prefixLength) = (name, alias, gateway, prefixLength)
        (self.mtuBytes, self.routesLoopback, self.forwards) = (mtuBytes, routesLoopback, forwards)
    }
}

/// A container's place in a network as it shall be.
public struct EndpointWish: Sendable, Equatable {
    /// The end on the host, such as `veth1a2b3c4`.
    public var hostLink: String
    /// Of the host's end; begins with our mark.
    public var alias: String
    /// The end inside, such as `eth0`.
    public var insideLink: String
    /// The address inside.
    public var address: IPv4Address
    /// How many bits the network has.
    public var prefixLength: Int
    /// The MAC inside; nil for the one that belongs to the address.
    public var hardwareAddress: HardwareAddress?
    /// The default route's next hop, instead of one that is there already; nil leaves the default route as it is.
    public var gateway: IPv4Address?
    /// The largest packet, in bytes; nil for the kernel's 1500.
    public var mtuBytes: UInt32?

    /// A place; see the properties.
    public init(
        hostLink: String, alias: String, insideLink: String, address: IPv4Address, prefixLength: Int, hardwareAddress: HardwareAddress? = nil,
        gateway: IPv4Address? = nil, mtuBytes: UInt32? = nil
    ) {
        (self.hostLink, self.alias, self.insideLink, self.address) = (hostLink, alias, insideLink, address)
        (self.prefixLength, self.hardwareAddress, self.gateway, self.mtuBytes) = (prefixLength, hardwareAddress, gateway, mtuBytes)
    }
}

/// Lays and removes wires in the network namespace of its socket, which is the host's.
public struct Wiring: Sendable {
    let host: RouteSocket

    /// - Parameter host: a socket made in the host's network namespace
    public init(host: RouteSocket) { self.host = host }

    /// The first word of an alias: whose a link is.
    public static func mark(of alias: String) -> String { String(alias.prefix { $0 != " " }) }
}

/// Passes the kernel's refusal on as ours.
@discardableResult
func wiring<Result>(_ body: () throws(NetlinkError) -> Result) throws(WiringError) -> Result {
    do throws(NetlinkError) { return try body() } catch { throw .netlink(error) }
}

/// A name that the kernel takes, before it becomes part of a path. `dev_valid_name` of the kernel.
func checkLinkName(_ name: String) throws(WiringError) {
    let isFine = (1...15).contains(name.utf8.count) && name != "." && name != ".." && !name.utf8.contains { $0 <= 32 || $0 == 47 || $0 == 58 || $0 == 127 }
    guard isFine else { throw .badName(name) }
}
