// Messages as tests write them, independent of the codec that they test.

import Networks
import Testing

func bytes(_ word: String) -> [UInt8] { Array(word.utf8) }

/// A name without compression: `web.n1`.
func wire(_ name: String) -> [UInt8] {
    name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + bytes(String($0)) } + [0]
}

/// A query with one question.
/// - Parameter edns: the answer's size that an OPT record offers
func query(_ name: String, _ type: UInt16 = 1, id: UInt16 = 0x1234, edns: UInt16? = nil, flags: [UInt8] = [1, 0]) -> [UInt8] {
    let head = [UInt8(id >> 8), UInt8(id & 0xff)] + flags + [0, 1, 0, 0, 0, 0, 0, edns == nil ? 0 : 1]
    let option: [UInt8] = edns.map { [0, 0, 41, UInt8($0 >> 8), UInt8($0 & 0xff), 0, 0, 0, 0, 0, 0] } ?? []
    return head + wire(name) + [UInt8(type >> 8), UInt8(type & 0xff), 0, 1] + option
}

/// What an answer says, read by its header and fixed positions.
struct Answer {
    let bytes: [UInt8]
    var id: UInt16 { word(0) }
    var isAnswer: Bool { bytes[2] & 0x80 != 0 }
    var isTruncated: Bool { bytes[2] & 2 != 0 }
    var outcome: UInt8 { bytes[3] & 0xf }
    var count: Int { Int(word(6)) }
    var additional: Int { Int(word(10)) }

    private func word(_ offset: Int) -> UInt16 { UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1]) }

    /// The data and times of records that point at the question for their names.
    func records() throws -> [(type: UInt16, ttl: Int, data: [UInt8])] {
        var offset = 12
        while bytes[offset] != 0 { offset += Int(bytes[offset]) + 1 }
        offset += 5
        var found: [(type: UInt16, ttl: Int, data: [UInt8])] = []
        for _ in 0..<count {
            try #require(word(offset) == 0xc00c)
            let size = Int(word(offset + 10))
            found.append((word(offset + 2), Int(word(offset + 6)) << 16 | Int(word(offset + 8)), Array(bytes[(offset + 12)..<(offset + 12 + size)])))
            offset += 12 + size
        }
        return found
    }

    /// The addresses, as text.
    func addresses() throws -> [String] { try records().map { $0.data.map { "\($0)" }.joined(separator: ".") } }
}
