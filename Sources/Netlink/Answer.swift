// What the kernel sends back, taken apart. Nothing here trusts a length: each is compared with what is really there before it is used, a
// length that would not move us on ends the reading, and what does not fit is an error and never a trap. man 7 netlink. Chapter 09.

/// A message from the kernel.
public struct Answer: Sendable, Equatable {
    /// What it is.
    public let type: MessageType
    /// `.multi`, `.interrupted` and, in errors, `.capped` and `.words`.
    public let flags: MessageFlags
    /// That of the request.
    public let sequence: UInt32
    /// Fixed header and attributes.
    public let payload: ArraySlice<UInt8>

    /// Takes a datagram apart.
    /// - Throws: `malformed` where a message is shorter than its head, longer than the datagram, or bytes are left over.
    public static func all(in datagram: [UInt8]) throws(NetlinkError) -> [Answer] {
        var answers: [Answer] = [], rest = datagram[...]
        while !rest.isEmpty {
            guard let length = hostNumber(rest.prefix(4), as: UInt32.self).map(Int.init), length >= 16, length <= rest.count,
                let type = hostNumber(rest.dropFirst(4).prefix(2), as: UInt16.self), let flags = hostNumber(rest.dropFirst(6).prefix(2), as: UInt16.self),
                let sequence = hostNumber(rest.dropFirst(8).prefix(4), as: UInt32.self)
            else { throw .malformed("a message of \(rest.count) bytes does not hold what its head says") }
            answers.append(
                Answer(
                    type: MessageType(rawValue: type), flags: MessageFlags(rawValue: flags), sequence: sequence,
                    payload: rest.prefix(length).dropFirst(16)))
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return answers
    }

    /// The fixed header.
    /// - Throws: `malformed` where there are not as many bytes.
    func header(_ count: Int) throws(NetlinkError) -> [UInt8] {
        guard payload.count >= count else { throw .malformed("\(type.name) has \(payload.count) bytes, wanted \(count)") }
        return Array(payload.prefix(count))
    }

    /// The attributes behind a fixed header of `count` bytes.
    public func attributes(after count: Int) throws(NetlinkError) -> Attributes {
        _ = try header(count)
        return try Attributes(payload.dropFirst((count + 3) & ~3))
    }
}

/// A list of attributes as it came, by type.
public struct Attributes: Sendable, Equatable {
    /// Type without its flags, and payload, in order.
    public let list: [(type: UInt16, payload: ArraySlice<UInt8>)]

    /// Takes a list apart.
    /// - Throws: `malformed` where an attribute is shorter than its head or longer than what is left.
    public init(_ bytes: ArraySlice<UInt8>) throws(NetlinkError) {
        var list: [(type: UInt16, payload: ArraySlice<UInt8>)] = [], rest = bytes
        while rest.count >= 4 {  // fewer can only be padding
            guard let length = hostNumber(rest.prefix(2), as: UInt16.self).map(Int.init), let type = hostNumber(rest.dropFirst(2).prefix(2), as: UInt16.self),
                length >= 4, length <= rest.count
            else { throw .malformed("an attribute does not fit into the \(rest.count) bytes that are left") }
            list.append((type & 0x3fff, rest.prefix(length).dropFirst(4)))
            rest = rest.dropFirst((length + 3) & ~3)
        }
        self.list = list
    }

    /// The payload of the first attribute of a type.
    public subscript(type: UInt16) -> ArraySlice<UInt8>? { list.first { $0.type == type }?.payload }

    /// A number; nil where it is missing or has another size.
    public func number<Number: FixedWidthInteger>(_ type: UInt16, as: Number.Type = Number.self) -> Number? {
        self[type].flatMap { hostNumber($0, as: Number.self) }
    }

    /// Text up to its closing zero.
    public func text(_ type: UInt16) -> String? { self[type].map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) } }

    /// The attributes within an attribute; empty where it is missing.
    public func nested(_ type: UInt16) throws(NetlinkError) -> Attributes { try Attributes(self[type] ?? []) }

    /// An IPv4 address; nil where it is missing or of another family.
    public func address(_ type: UInt16) -> IPv4Address? { self[type].flatMap { IPv4Address(bytes: $0) } }

    /// The same attributes in the same order.
    public static func == (one: Attributes, other: Attributes) -> Bool {
        one.list.elementsEqual(other.list) { $0.type == $1.type && $0.payload.elementsEqual($1.payload) }
    }
}
