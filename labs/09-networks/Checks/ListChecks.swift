// Exercise 09.1, values in and bytes out: attributes as the kernel wants them. What is expected is worked out here from man 7 netlink, and not
// by the module.
import Netlink
import Testing

@Suite("Lab 09.1: a list of attributes")
struct ListChecks {
    @Test("The length counts itself, the type and the payload, in this machine's byte order")
    func listLength() throws {
        for count in 0...9 {
            let payload = (0..<count).map { UInt8($0 + 0xa0) }
            let bytes = encode([Attribute(0x0b0c, payload)])
            guard bytes.count >= 4 + count else { throw Sign("short", "\(count)", "\(bytes.count)") }
            let length = number(bytes[0..<2])
            guard length == 4 + count else {
                throw Sign(length == UInt16(4 + count).byteSwapped ? "order" : "length", "\(count)", "\(length)", "\(4 + count)")
            }
            guard number(bytes[2..<4]) == 0x0b0c else { throw Sign("type", words([0x0c, 0x0b]), words(Array(bytes[2..<4]))) }
            guard Array(bytes[4..<4 + count]) == payload else { throw Sign("payload", words(payload), words(Array(bytes[4..<4 + count]))) }
        }
    }

    @Test("Each attribute begins at a multiple of four, and zeros fill the gap")
    func listAligned() throws {
        guard encode([]).isEmpty else { throw Sign("nothing", words(encode([]))) }
        for first in 0...9 {
            for second in [0, 1, 4, 6] {
                let attributes = [Attribute(3, [UInt8](repeating: 0xaa, count: first)), Attribute(20, [UInt8](repeating: 0xbb, count: second))]
                let (bytes, wanted) = (encode(attributes), expected(attributes))
                guard bytes.count == wanted.count else { throw Sign("size", "\(first)", "\(second)", "\(bytes.count)", "\(wanted.count)") }
                guard bytes == wanted else { throw Sign("differs", "\(first)", "\(second)", words(bytes), words(wanted)) }
            }
        }
    }

    @Test("Attributes within an attribute: the type says so, and the length counts all that is inside")
    func listNested() throws {
        let kind = Attribute(1, [0x76, 0x65, 0x74, 0x68, 0])  // "veth", five bytes: there is padding inside
        for nest in [Attribute(18, nested: []), Attribute(18, nested: [kind]), Attribute(18, nested: [kind, Attribute(2, nested: [kind])])] {
            let attributes = [nest, Attribute(4, [1, 2, 3, 4])]
            let (bytes, wanted) = (encode(attributes), expected(attributes))
            guard bytes.count >= 4 else { throw Sign("nest", words(bytes), words(wanted)) }
            let (type, length) = (number(bytes[2..<4]), number(bytes[0..<2]))
            guard type & Int(nestedFlag) != 0 else { throw Sign("flag", hex(type), hex(type | Int(nestedFlag))) }
            guard length == number(wanted[0..<2]) else { throw Sign("nestLength", "\(length)", "\(number(wanted[0..<2]))") }
            guard bytes == wanted else { throw Sign("nest", words(bytes), words(wanted)) }
        }
    }
}

/// A number in this machine's order.
private func number(_ bytes: ArraySlice<UInt8>) -> Int {
    let ordered = UInt16(1).littleEndian == 1 ? Array(bytes.reversed()) : Array(bytes)
    return ordered.reduce(0) { $0 << 8 | Int($1) }
}

private func pair(_ number: Int) -> [UInt8] {
    let bytes = [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)]
    return UInt16(1).littleEndian == 1 ? bytes : bytes.reversed()
}

private func expected(_ attributes: [Attribute]) -> [UInt8] {
    attributes.flatMap { attribute -> [UInt8] in
        let (type, payload): (Int, [UInt8])
        switch attribute.value {
        case .bytes(let bytes): (type, payload) = (Int(attribute.type), bytes)
        case .nested(let inner): (type, payload) = (Int(attribute.type) | 0x8000, expected(inner))
        }
        return pair(4 + payload.count) + pair(type) + payload + [UInt8](repeating: 0, count: (4 - payload.count % 4) % 4)
    }
}

private func hex(_ number: Int) -> String { "0x" + String(number, radix: 16) }
private func words(_ bytes: [UInt8]) -> String { bytes.isEmpty ? "-" : bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ") }
