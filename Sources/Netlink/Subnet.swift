// A subnet: an address and how many of its leading bits all hosts of the network share. 172.17.0.0/16 has 65,536 addresses, of which the first
// names the network and the last everybody in it. RFC 4632 (CIDR), RFC 3021 (/31). Chapter 09.

/// An IPv4 network such as 172.17.0.0/16.
public struct Subnet: Sendable, Hashable, CustomStringConvertible {
    /// The first address: all host bits are zero.
    public let address: IPv4Address
    /// How many leading bits are the network's: 0 to 32.
    public let prefixLength: Int

    /// The network in which `address` lies.
    /// - Parameter prefixLength: 0 to 32.
    public init(containing address: IPv4Address, prefixLength: Int) {
        precondition((0...32).contains(prefixLength), "a prefix has 0 to 32 bits")
        self.address = IPv4Address(address.number & mask(prefixLength).number)
        self.prefixLength = prefixLength
    }

    /// From text such as `172.17.0.0/16`; nil for anything else, also where host bits are set (`172.17.0.1/16`).
    public init?(_ text: some StringProtocol) {
        guard let (address, prefixLength) = Subnet.parts(of: text) else { return nil }
        self.init(containing: address, prefixLength: prefixLength)
        guard self.address == address else { return nil }
    }

    /// An address with a prefix length, host bits as they are: what an interface is given. Nil for text of another form.
    public static func parts(of text: some StringProtocol) -> (address: IPv4Address, prefixLength: Int)? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPv4Address(parts[0]), let bits = decimal(parts[1].utf8, upTo: 32) else { return nil }
        return (address, bits)
    }

    /// `172.17.0.0/16`
    public var description: String { "\(address)/\(prefixLength)" }
    /// Such as 255.255.0.0.
    public var netmask: IPv4Address { mask(prefixLength) }
    /// The last address: all host bits are one.
    public var broadcast: IPv4Address { IPv4Address(address.number | ~netmask.number) }
    /// How many addresses it has, network and broadcast included: 1 to 2³².
    public var addressCount: Int { 1 << (32 - prefixLength) }
    /// The lowest address that a host can have; a /31 and a /32 have no address to spare for the network's name.
    public var firstHost: IPv4Address { prefixLength >= 31 ? address : IPv4Address(address.number + 1) }
    /// The highest address that a host can have.
    public var lastHost: IPv4Address { prefixLength >= 31 ? broadcast : IPv4Address(broadcast.number - 1) }

    /// Whether an address lies in it.
    public func contains(_ other: IPv4Address) -> Bool { other.number & netmask.number == address.number }
    /// Whether all of another network lies in it.
    public func contains(_ other: Subnet) -> Bool { other.prefixLength >= prefixLength && contains(other.address) }
    /// Whether any address lies in both.
    public func overlaps(_ other: Subnet) -> Bool { contains(other.address) || other.contains(address) }
}

extension Subnet: Codable {
    /// From its text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer(), text = try container.decode(String.self)
        guard let subnet = Subnet(text) else { throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a subnet: \(text)") }
        self = subnet
    }

    /// As its text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

private func mask(_ prefixLength: Int) -> IPv4Address { IPv4Address(prefixLength == 0 ? 0 : ~UInt32(0) << (32 - UInt32(prefixLength))) }
