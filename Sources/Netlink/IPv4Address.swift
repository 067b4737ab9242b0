// An IPv4 address as a value: a number in host order inside, four decimal parts outside. Parsing is strict (four parts, no signs, no leading
// zeros that C would read as octal), because an address that two programs read differently is how filters are fooled. RFC 791, RFC 6943 §3.1.1.
// Chapter 09.

/// An IPv4 address.
public struct IPv4Address: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// In host order: 127.0.0.1 is 0x7f000001.
    public let number: UInt32

    /// From a number in host order.
    public init(_ number: UInt32) { self.number = number }

    /// From text such as `172.17.0.2`; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var number: UInt32 = 0
        for part in parts {
            guard let byte = decimal(part, upTo: 255) else { return nil }
            number = number << 8 | UInt32(byte)
        }
        self.number = number
    }

    /// From four bytes in network order, as messages carry them; nil for another count.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 4 else { return nil }
        number = bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Four bytes in network order.
    public var bytes: [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) } }

    /// `172.17.0.2`
    public var description: String { bytes.map { "\($0)" }.joined(separator: ".") }

    /// 0.0.0.0, which means any address.
    public static let any = IPv4Address(0)
    /// 127.0.0.1
    public static let loopback = IPv4Address(0x7f00_0001)

    /// Whether it lies in 127.0.0.0/8: never leaves the machine.
    public var isLoopback: Bool { number >> 24 == 127 }
    /// Whether it lies in 224.0.0.0/4: names a group, not a host.
    public var isMulticast: Bool { number >> 28 == 14 }

    /// In order of number.
    public static func < (one: IPv4Address, other: IPv4Address) -> Bool { one.number < other.number }
}

extension IPv4Address: Codable {
    /// From its text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer(), text = try container.decode(String.self)
        guard let address = IPv4Address(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an IPv4 address: \(text)")
        }
        self = address
    }

    /// As its text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// A decimal number without sign, blanks or leading zeros.
func decimal(_ digits: some Collection<UInt8>, upTo most: Int) -> Int? {
    guard (1...9).contains(digits.count), digits.count == 1 || digits.first != UInt8(ascii: "0") else { return nil }
    var number = 0
    for digit in digits {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
        number = number * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return number <= most ? number : nil
}
