// What becomes of a query: answered here, forwarded, or dropped. A decision without sockets, so that tests can put every case to it. A name of
// ours answers A and PTR; AAAA of it is an empty answer and not forwarded, or a client would hear NXDOMAIN from outside and give up. All else
// is asked outside, as Docker does. Where nobody outside may be asked: SERVFAIL. RFC 1034 §4.3. Chapter 09.
import Netlink

/// What to do with a query.
public enum NameVerdict: Sendable {
    /// Send this.
    case answer([UInt8])
    /// Ask a server.
    case forward(DNSQuery)
    /// Say nothing.
    case ignore
}

/// Who asks: an answer by UDP has its limit.
public enum NameTransport: Sendable { case udp, tcp }

/// How long an answer may be kept. As Docker's; containers come and go sooner, but few resolvers in containers keep anything.
let nameSeconds: UInt32 = 600

extension NameTable {
    /// Decides on a query.
    /// - Parameter generator: chooses the order of several addresses, so that clients, who take the first, share the work
    public func verdict(on bytes: [UInt8], by transport: NameTransport, using generator: inout some RandomNumberGenerator) -> NameVerdict {
        let query: DNSQuery
        do throws(DNSError) { query = try DNSQuery(bytes) } catch { return malformedAnswer(to: bytes, error).map { .answer($0) } ?? .ignore }
        guard query.opcode == 0 else { return .answer(query.answer(.notImplemented)) }
        if let records = records(query.question) {
            let limit = transport == .udp ? query.longestAnswerBytes : 65_535
            return .answer(query.answer(.fine, records.shuffled(using: &generator), limit: limit, ttlSeconds: nameSeconds))
        }
        return forwards ? .forward(query) : .answer(query.answer(.failed))
    }

    /// What we know; empty where there is such a name but no such record, nil where it is not ours to say.
    private func records(_ question: DNSQuestion) -> [DNSQuery.Record]? {
        guard question.classNumber == 1 else { return nil }
        switch question.type {
        case DNSType.a: return addresses(of: question.name)?.map { .address($0.bytes) }
        case DNSType.aaaa: return addresses(of: question.name) == nil ? nil : []
        case DNSType.ptr: return reversed(question.name).flatMap(name(of:)).map { [.name($0)] }
        default: return nil
        }
    }
}

/// The address that `2.0.17.172.in-addr.arpa` asks about.
func reversed(_ name: DNSName) -> IPv4Address? {
    guard name.labels.count == 6, let (front, back) = name.split(last: 2), back == DNSName("in-addr.arpa") else { return nil }
    return IPv4Address(front.labels.reversed().map { String(decoding: $0, as: UTF8.self) }.joined(separator: "."))
}
