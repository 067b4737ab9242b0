// Addresses of hosts as numbers, and networks of them: what NO_PROXY and a list of insecure registries compare with. RFC 4291 §2.2, RFC 4632.
// chapter 08

/// A literal address of IPv4 or IPv6.
public struct InternetAddress: Sendable, Hashable {
    /// 4 or 16 bytes, the first of the text first.
    public let bytes: [UInt8]

    /// Reads `127.0.0.1` or `::1`, without brackets or zone; nil for anything else, names above all.
    public init?(_ text: some StringProtocol) {
        guard let bytes = text.contains(":") ? sixteen(text) : four(text) else { return nil }
        self.bytes = bytes
    }

    /// Whether it lies in a network, written `10.0.0.0/8`.
    public func isIn(_ network: String) -> Bool {
        let parts = network.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let base = InternetAddress(parts[0]), let bits = Int(parts[1]) else { return false }
        guard base.bytes.count == bytes.count, (0...bytes.count * 8).contains(bits) else { return false }
        return (0..<bits).allSatisfy { bit in (base.bytes[bit / 8] ^ bytes[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0 }
    }

    /// Whether it is this machine itself.
    public var isLoopback: Bool { isIn("127.0.0.0/8") || isIn("::1/128") }
}

private func four(_ text: some StringProtocol) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let bytes = parts.compactMap { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt8($0) : nil }
    return parts.count == 4 && bytes.count == 4 ? bytes : nil
}

/// Eight groups of hexadecimal digits; `::` stands, once, for as many zero groups as are missing; the last two may be an address of IPv4.
private func sixteen(_ text: some StringProtocol) -> [UInt8]? {
    var halves = [String(text)]
    if let gap = text.firstRange(of: "::") { halves = [String(text[..<gap.lowerBound]), String(text[gap.upperBound...])] }
    let groups = halves.map { half in half.isEmpty ? [] : half.split(separator: ":", omittingEmptySubsequences: false) }
    var bytes: [[UInt8]] = []
    for half in groups {
        var found: [UInt8] = []
        for (place, group) in half.enumerated() {
            if group.contains(".") {
                guard place == half.count - 1, let last = four(group) else { return nil }
                found += last
            } else {
                guard (1...4).contains(group.utf8.count), group.allSatisfy(\.isHexDigit), let number = UInt16(group, radix: 16) else { return nil }
                found += [UInt8(number >> 8), UInt8(number & 0xFF)]
            }
        }
        bytes.append(found)
    }
    guard bytes.count == 2 else { return bytes[0].count == 16 ? bytes[0] : nil }
    let missing = 16 - bytes[0].count - bytes[1].count
    return missing >= 2 ? bytes[0] + [UInt8](repeating: 0, count: missing) + bytes[1] : nil
}
