// Questions and answers of the domain name system as bytes. What comes from a container is hostile: every length and count is checked against
// what is really there, and what is wrong gets FORMERR where it can be answered at all. Only what we act upon is decoded; a query that others
// must answer goes out as it came, with its EDNS options. RFC 1035 §4, RFC 6891 (EDNS). Chapter 09.
//
//      0         2         4         6         8         10        12
//     | id      | flags   | questions answers   authority additional| question: name, type, class | …
//       flags:    QR opcode(4) AA TC RD RA Z(3) RCODE(4)

/// Why bytes are no query that can be served.
public enum DNSError: Error, Sendable, Equatable {
    /// Shorter than a header: there is nobody to answer.
    case tooShort
    /// An answer, sent to us: answering that would never end.
    case notQuery
    /// Names or counts that don't fit what is there.
    case malformed
}

/// Kinds of records; any other number is somebody else's to answer.
public enum DNSType {
    public static let a: UInt16 = 1
    public static let ptr: UInt16 = 12
    public static let aaaa: UInt16 = 28
    static let opt: UInt16 = 41
}

/// How an answer turned out: RCODE.
public enum DNSOutcome: UInt8, Sendable {
    case fine = 0
    case malformed = 1
    case failed = 2
    case notImplemented = 4
}

/// What is asked.
public struct DNSQuestion: Sendable, Equatable {
    public var name: DNSName
    public var type: UInt16
    /// 1 is the internet.
    public var classNumber: UInt16
}

/// A query that was understood.
public struct DNSQuery: Sendable {
    /// As it came.
    public let bytes: [UInt8]
    public let question: DNSQuestion
    /// Where the question ends in `bytes`.
    let questionEnd: Int
    /// How long an answer by UDP the asker takes: 512, or what EDNS says. RFC 6891 §6.2.3.
    public let longestAnswerBytes: Int
    /// Whether it speaks EDNS, so that the answer must too.
    let hasEDNS: Bool

    /// Chosen by the asker, and repeated in the answer.
    public var id: UInt16 { number(bytes, at: 0) }
    var opcode: UInt8 { bytes[2] >> 3 & 0xf }

    /// Reads a query.
    /// - Throws: `tooShort`, `notQuery`, `malformed`
    public init(_ bytes: [UInt8]) throws(DNSError) {
        guard bytes.count >= 12 else { throw .tooShort }
        guard bytes[2] & 0x80 == 0 else { throw .notQuery }
        guard number(bytes, at: 4) == 1 else { throw .malformed }
        var offset = 12
        question = try readQuestion(bytes, &offset)
        questionEnd = offset
        var payload: Int?
        for _ in 0..<(Int(number(bytes, at: 6)) + Int(number(bytes, at: 8)) + Int(number(bytes, at: 10))) {
            // Each step takes eleven bytes at least, whatever the counts claim.
            if let size = try skipRecord(bytes, &offset) { payload = Int(size) }
        }
        self.bytes = bytes
        hasEDNS = payload != nil
        longestAnswerBytes = min(max(payload ?? 512, 512), 4096)
    }
}

/// What can be said of bytes that are no query: FORMERR with their id; nil where nothing must be said.
public func malformedAnswer(to bytes: [UInt8], _ error: DNSError) -> [UInt8]? {
    guard error == .malformed else { return nil }
    return Array(bytes[0..<2]) + [0x80 | bytes[2] & 0x79, 0x80 | DNSOutcome.malformed.rawValue] + [UInt8](repeating: 0, count: 8)
}

// MARK: Answers

extension DNSQuery {
    /// What an answer says.
    public enum Record: Sendable, Equatable {
        /// An address, four bytes.
        case address([UInt8])
        case name(DNSName)
    }

    /// An answer as bytes.
    /// - Parameters:
    ///   - limit: bytes; what does not fit is left out and the answer marked as truncated
    ///   - ttlSeconds: how long the asker may keep it
    public func answer(_ outcome: DNSOutcome, _ records: [Record] = [], limit: Int = 65_535, ttlSeconds: UInt32 = 600) -> [UInt8] {
        let edns: [UInt8] = hasEDNS ? [0, 0, UInt8(DNSType.opt), 0x10, 0, 0, 0, 0, 0, 0, 0] : []
        var body: [UInt8] = [], count: UInt16 = 0, isTruncated = false
        for record in records {
            let encoded = encode(record, ttlSeconds)
            guard questionEnd + body.count + encoded.count + edns.count <= limit else {
                isTruncated = true
                break
            }
            body += encoded
            count += 1
        }
        // QR, opcode and RD as asked; RA.
        let flags = [0x80 | bytes[2] & 0x79 | (isTruncated ? 2 : 0), 0x80 | outcome.rawValue]
        return bytes[0..<2] + flags + [0, 1] + pair(count) + [0, 0, 0, hasEDNS ? 1 : 0] + bytes[12..<questionEnd] + body + edns
    }

    /// A record that answers the question: its name is a pointer to the question's.
    private func encode(_ record: Record, _ ttlSeconds: UInt32) -> [UInt8] {
        let data: [UInt8] =
            switch record {
            case .address(let bytes): bytes
            case .name(let name): name.encoded
            }
        return [0xc0, 12] + pair(question.type) + pair(question.classNumber) + pair(UInt16(ttlSeconds >> 16)) + pair(UInt16(ttlSeconds & 0xffff))
            + pair(UInt16(data.count)) + data
    }

    /// This query under another id, as it goes to a server.
    public func forwarded(id: UInt16) -> [UInt8] { pair(id) + bytes.dropFirst(2) }

    /// Whether bytes are a server's answer to this query, which was sent with `id`: the same question comes back. RFC 5452 §9.1.
    public func isAnswered(by reply: [UInt8], id: UInt16) -> Bool {
        guard reply.count >= 12, reply[2] & 0x80 != 0, number(reply, at: 0) == id else { return false }
        // A server that cannot read us may leave the question out.
        if number(reply, at: 4) == 0 { return outcomeNumber(reply) != 0 }
        var offset = 12
        do throws(DNSError) { return try readQuestion(reply, &offset) == question } catch { return false }
    }

    /// A server's answer for the one who asked: with his id, and no longer than he can take.
    /// - Parameter limit: bytes; a longer answer is cut to its header and question, marked as truncated, and he asks again by TCP
    public func handedBack(_ reply: [UInt8], limit: Int) -> [UInt8] {
        let whole = bytes[0..<2] + reply.dropFirst(2)
        guard whole.count > limit else { return Array(whole) }
        return bytes[0..<2] + [reply[2] | 2, reply[3]] + [0, 1, 0, 0, 0, 0, 0, 0] + bytes[12..<questionEnd]
    }
}

/// RCODE of an answer: 2 is SERVFAIL, after which another server is asked.
public func outcomeNumber(_ reply: [UInt8]) -> UInt8 { reply.count > 3 ? reply[3] & 0xf : DNSOutcome.failed.rawValue }

// MARK: Bytes

private func number(_ bytes: [UInt8], at offset: Int) -> UInt16 { UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1]) }

private func pair(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xff)] }

private func readQuestion(_ bytes: [UInt8], _ offset: inout Int) throws(DNSError) -> DNSQuestion {
    let name = try DNSName.read(bytes, at: &offset)
    guard offset + 4 <= bytes.count else { throw .malformed }
    defer { offset += 4 }
    return DNSQuestion(name: name, type: number(bytes, at: offset), classNumber: number(bytes, at: offset + 2))
}

/// Steps over a record; of an OPT record tells the size that it offers, which stands where others have their class.
private func skipRecord(_ bytes: [UInt8], _ offset: inout Int) throws(DNSError) -> UInt16? {
    _ = try DNSName.read(bytes, at: &offset)
    guard offset + 10 <= bytes.count else { throw .malformed }
    let type = number(bytes, at: offset), size = number(bytes, at: offset + 2)
    offset += 10 + Int(number(bytes, at: offset + 8))
    guard offset <= bytes.count else { throw .malformed }
    return type == DNSType.opt ? size : nil
}
