// The address of an Ethernet interface (MAC). Bit 0 of the first byte says that a group is meant, bit 1 that the address was not assigned by a
// manufacturer: ours begin with 02. Docker makes a container's from its IPv4 address, and so do we: an address that comes back brings the same
// MAC, and no neighbour's table is wrong. IEEE 802-2014 §8. Chapter 09.

/// An Ethernet address.
public struct HardwareAddress: Sendable, Hashable, CustomStringConvertible {
    /// The six bytes, in the order in which they are sent.
    public let bytes: [UInt8]

    /// From six bytes; nil for another count.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 6 else { return nil }
        self.bytes = Array(bytes)
    }

    /// From text such as `02:42:ac:11:00:02`; dashes instead of colons are taken too. Nil for anything else.
    public init?(_ text: some StringProtocol) {
        let separator: Character = text.contains("-") ? "-" : ":"
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        let bytes = parts.compactMap { $0.utf8.count == 2 && $0.allSatisfy(\.isHexDigit) ? UInt8($0, radix: 16) : nil }
        guard parts.count == 6, bytes.count == 6 else { return nil }
        self.bytes = bytes
    }

    /// The one that Docker gives to a container with this address: 02:42 and the four bytes.
    public init(for address: IPv4Address) { bytes = [0x02, 0x42] + address.bytes }

    /// `02:42:ac:11:00:02`
    public var description: String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":") }
    /// Whether it names a group; no interface can have such an address.
    public var isMulticast: Bool { bytes[0] & 1 == 1 }
}

extension HardwareAddress: Codable {
    /// From its text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer(), text = try container.decode(String.self)
        guard let address = HardwareAddress(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a MAC address: \(text)")
        }
        self = address
    }

    /// As its text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
