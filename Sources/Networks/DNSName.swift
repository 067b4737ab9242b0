// Names as DNS sends them: labels with a length before each, and, to save room, a pointer to where the rest stood before. Pointers are what
// hostile messages are made of: they may point forward, at themselves, in circles, or into the header. Here a pointer must lead further back
// than anything read so far, so that reading ends, and the whole is at most 255 bytes. RFC 1035 §3.1, §4.1.4. Chapter 09.
//
//     3 w e b 2 n 1 0                     web.n1
//     5 c a c h e ►12                     cache, then what stands at byte 12 (two bytes: 11, then 14 bits)

/// A domain name.
public struct DNSName: Sendable, Hashable, CustomStringConvertible {
    /// The labels from the left, each 1 to 63 bytes, as they were written; the root has none.
    public let labels: [[UInt8]]
    /// What names are compared by: upper and lower case are the same. RFC 4343.
    private let key: [[UInt8]]

    /// From labels; nil where one is empty or longer than 63 bytes, or all together exceed 255.
    public init?(labels: [[UInt8]]) {
        guard labels.allSatisfy({ (1...63).contains($0.count) }), labels.reduce(1, { $0 + $1.count + 1 }) <= 255 else { return nil }
        self.labels = labels
        key = labels.map { $0.map(lowercased) }
    }

    /// From text such as `web.n1`, with or without a dot at its end; nil where it is no name.
    public init?(_ text: some StringProtocol) {
        var bytes = Array(text.utf8)
        if bytes.last == dot { bytes.removeLast() }
        self.init(labels: bytes.isEmpty ? [] : bytes.split(separator: dot, omittingEmptySubsequences: false).map(Array.init))
    }

    public static func == (one: DNSName, other: DNSName) -> Bool { one.key == other.key }
    public func hash(into hasher: inout Hasher) { hasher.combine(key) }

    /// `web.n1`; dots, backslashes and what is not printable inside a label are escaped as master files do. RFC 1035 §5.1.
    public var description: String { labels.isEmpty ? "." : labels.map(escaped).joined(separator: ".") }

    /// What is before `last` labels, and those.
    func split(last count: Int) -> (front: DNSName, back: DNSName)? {
        guard labels.count > count else { return nil }
        // A part of a name is a name.
        guard let front = DNSName(labels: Array(labels.dropLast(count))), let back = DNSName(labels: Array(labels.suffix(count))) else { return nil }
        return (front, back)
    }

    /// As a message carries it, without compression.
    public var encoded: [UInt8] { labels.flatMap { [UInt8($0.count)] + $0 } + [0] }

    /// Reads a name out of a message.
    /// - Parameter offset: where it starts; afterwards, where the next field does
    /// - Throws: `malformed`
    static func read(_ bytes: [UInt8], at offset: inout Int) throws(DNSError) -> DNSName {
        var labels: [[UInt8]] = [], length = 1, place = offset, floor = offset, hasJumped = false
        while true {
            guard place < bytes.count else { throw .malformed }
            let count = Int(bytes[place])
            if count & 0xc0 == 0xc0 {
                guard place + 1 < bytes.count else { throw .malformed }
                let target = (count & 0x3f) << 8 | Int(bytes[place + 1])
                if !hasJumped { (offset, hasJumped) = (place + 2, true) }
                guard target < floor, target >= 12 else { throw .malformed }
                (place, floor) = (target, target)
                continue
            }
            guard count <= 63, place + 1 + count <= bytes.count else { throw .malformed }
            if count == 0 {
                if !hasJumped { offset = place + 1 }
                guard let name = DNSName(labels: labels) else { throw .malformed }
                return name
            }
            length += count + 1
            guard length <= 255 else { throw .malformed }
            labels.append(Array(bytes[(place + 1)...(place + count)]))
            place += 1 + count
        }
    }
}

private let dot = UInt8(ascii: ".")

private func lowercased(_ byte: UInt8) -> UInt8 { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte }

private func escaped(_ label: [UInt8]) -> String {
    label.map { byte in
        switch byte {
        case dot, UInt8(ascii: "\\"): "\\\(Character(Unicode.Scalar(byte)))"
        case 0x21...0x7e: "\(Character(Unicode.Scalar(byte)))"
        default: "\\\(byte / 100)\(byte / 10 % 10)\(byte % 10)"
        }
    }.joined()
}
