// Attributes: the tagged values of which every message to the kernel's network code consists, after a fixed header. Each is
//
//       0        2        4
//      ┌────────┬────────┬─────────────────────┬─────────┐
//      │ length │ type   │ payload …           │ padding │   the next one begins at a multiple of 4
//      └────────┴────────┴─────────────────────┴─────────┘
//
// with both numbers in the machine's own order. The length counts the four bytes of itself and the type, but not the padding. A payload may
// be attributes again; the type's highest bit says so. man 7 netlink, linux/netlink.h (struct nlattr). Chapter 09.

/// A tagged value of a message.
public struct Attribute: Sendable, Equatable {
    /// What it is, such as `IFLA_IFNAME`; what a number means depends on the message, and within a nest on the nest.
    public var type: UInt16
    /// What it says.
    public var value: Value

    /// A payload.
    public enum Value: Sendable, Equatable {
        /// Bytes as they are.
        case bytes([UInt8])
        /// Attributes again.
        case nested([Attribute])
    }

    /// Bytes as they are.
    public init(_ type: UInt16, _ bytes: [UInt8]) { (self.type, value) = (type, .bytes(bytes)) }
    /// Attributes within an attribute.
    public init(_ type: UInt16, nested: [Attribute]) { (self.type, value) = (type, .nested(nested)) }
    /// Text, which the kernel wants with a closing zero.
    public init(_ type: UInt16, text: String) { self.init(type, Array(text.utf8) + [0]) }
    /// A number in the machine's order.
    public init(_ type: UInt16, number: some FixedWidthInteger) { self.init(type, hostBytes(number)) }
}

/// The highest bit of a type: the payload consists of attributes. `NLA_F_NESTED`.
public let nestedFlag: UInt16 = 0x8000

/// The bytes of a list of attributes, as the kernel reads them.
///
/// `hostBytes(_:)` gives the bytes of a number. A payload holds at most 65,531 bytes.
public func encode(_ attributes: [Attribute]) -> [UInt8] {
    // lab: 09.1 lay each attribute out: length, type, payload, padding; and attributes within attributes
    var list: [UInt8] = []
    for attribute in attributes {
        var type = attribute.type
        let payload: [UInt8]
        switch attribute.value {
        case .bytes(let bytes):
            payload = bytes
        case .nested(let inner):
            type |= nestedFlag
            payload = encode(inner)
        }
        list += hostBytes(UInt16(4 + payload.count))
        list += hostBytes(type)
        list += payload
        while list.count % 4 != 0 { list.append(0) }
    }
    return list
    // lab: end
}

/// The bytes of a number in this machine's order.
public func hostBytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    let little = stride(from: 0, to: Number.bitWidth, by: 8).map { UInt8(truncatingIfNeeded: number >> Number($0)) }
    return isLittleEndian ? little : little.reversed()
}

/// The number that bytes in this machine's order make; nil where they are not as many as it has.
func hostNumber<Number: FixedWidthInteger>(_ bytes: some Collection<UInt8>, as: Number.Type = Number.self) -> Number? {
    guard bytes.count == Number.bitWidth / 8 else { return nil }
    var number: Number = 0
    for (position, byte) in bytes.enumerated() {
        let shift = isLittleEndian ? position * 8 : Number.bitWidth - 8 - position * 8
        number |= Number(truncatingIfNeeded: byte) << Number(shift)
    }
    return number
}

private let isLittleEndian = UInt16(1).littleEndian == 1
