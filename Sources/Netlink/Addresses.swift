// Addresses of links. A link may have several; each comes with the size of its network, from which the kernel makes a route by itself.
// man 7 rtnetlink (RTM_NEWADDR, struct ifaddrmsg), linux/if_addr.h. Chapter 09.

/// An IPv4 address of a link.
public struct InterfaceAddress: Sendable, Equatable {
    /// Whose it is.
    public let index: Int32
    /// The link's own address.
    public let address: IPv4Address
    /// How many bits its network has.
    public let prefixLength: Int
    /// The name that ip(8) shows behind it.
    public let label: String?

    /// Reads an `RTM_NEWADDR`; nil for another family.
    public init?(_ answer: Answer) throws(NetlinkError) {
        let header = try answer.header(8), attributes = try answer.attributes(after: 8)
        // IFA_LOCAL is our own; IFA_ADDRESS is the other side's where two are joined by a line
        guard header[0] == internetFamily, header[1] <= 32, let address = attributes.address(2) ?? attributes.address(1) else { return nil }
        (index, self.address, prefixLength, label) = (hostNumber(header[4..<8]) ?? 0, address, Int(header[1]), attributes.text(3))
    }

    /// The network that it lies in.
    public var subnet: Subnet { Subnet(containing: address, prefixLength: prefixLength) }
}

extension Message {
    /// All IPv4 addresses of all links.
    public static func getAddresses() -> Message { Message(.getAddress, header: head(0, 0), subject: "all") }

    /// Gives a link an address. EEXIST where it has it already.
    public static func addAddress(_ address: IPv4Address, prefixLength: Int, to index: Int32) -> Message {
        let everybody = Subnet(containing: address, prefixLength: prefixLength).broadcast
        let broadcast = prefixLength < 31 ? [Attribute(4, everybody.bytes)] : []
        return Message(
            .newAddress, [.create, .exclusive], header: head(prefixLength, index),
            [Attribute(2, address.bytes), Attribute(1, address.bytes)] + broadcast, subject: "\(address)/\(prefixLength) on #\(index)")
    }

    /// Takes an address away. EADDRNOTAVAIL where the link has it not.
    public static func removeAddress(_ address: IPv4Address, prefixLength: Int, from index: Int32) -> Message {
        Message(.deleteAddress, header: head(prefixLength, index), [Attribute(2, address.bytes)], subject: "\(address)/\(prefixLength) on #\(index)")
    }

    /// `struct ifaddrmsg`: family, prefix length, flags, scope, index.
    private static func head(_ prefixLength: Int, _ index: Int32) -> [UInt8] { [internetFamily, UInt8(prefixLength), 0, 0] + hostBytes(index) }
}

extension RouteSocket {
    /// All IPv4 addresses; with `index`, those of one link.
    public func addresses(of index: Int32? = nil) throws(NetlinkError) -> [InterfaceAddress] {
        var found: [InterfaceAddress] = []
        for answer in try dump(.getAddresses()) where answer.type == .newAddress {
            if let address = try InterfaceAddress(answer), index == nil || address.index == index { found.append(address) }
        }
        return found
    }

    /// Gives a link an address, which it may have already.
    public func addAddress(_ address: IPv4Address, prefixLength: Int, to index: Int32) throws(NetlinkError) {
        do throws(NetlinkError) { try request(.addAddress(address, prefixLength: prefixLength, to: index)) } catch {
            guard error.errno == isThereAlready else { throw error }
        }
    }

    /// Takes an address from a link.
    public func removeAddress(_ address: IPv4Address, prefixLength: Int, from index: Int32) throws(NetlinkError) {
        try request(.removeAddress(address, prefixLength: prefixLength, from: index))
    }
}

/// `AF_INET`
let internetFamily: UInt8 = 2
/// EEXIST of man 3 errno.
let isThereAlready: CInt = 17
