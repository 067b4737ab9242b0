// What `nft monitor trace` prints for a packet that is traced: each chain that it entered, as it then was; each rule that took it; and the verdict.
// The library offers these events as text only, so they are read here from text, one line each. nft(8) "MONITOR"; chapter 09.

/// Something that happened to a traced packet.
public struct TraceEvent: Equatable, Sendable {
    /// What happened.
    public enum Kind: Equatable, Sendable {
        /// The packet entered a base chain, and looked like this.
        case packet(TracedPacket)
        /// A rule took it: the rule's text, and the verdict, such as `accept` or `jump published`.
        case rule(String, verdict: String)
        /// The chain's end: its policy, or a return to the chain before.
        case end(verdict: String)
    }

    /// The packet's number, the same for all of its events in one network namespace.
    public let packet: String
    public let family: String, table: String, chain: String
    public let kind: Kind

    /// Reads one line; nil if it is of another form.
    public init?(_ line: some StringProtocol) {
        let words = String(line).split(separator: " ").map(String.init)
        guard words.count > 6, words[0] == "trace", words[1] == "id" else { return nil }
        (packet, family, table, chain) = (words[2], words[3], words[4], words[5])
        let rest = Array(words[7...])
        switch words[6] {
        case "packet:": kind = .packet(TracedPacket(rest))
        case "rule":
            guard let mark = rest.lastIndex(of: "(verdict") else { return nil }
            let verdict = rest[(mark + 1)...].joined(separator: " ").prefix { $0 != ")" }
            kind = .rule(rest[..<mark].joined(separator: " "), verdict: String(verdict))
        case "policy", "verdict": kind = .end(verdict: rest.joined(separator: " "))
        default: return nil
        }
    }
}

/// A packet as a chain met it.
public struct TracedPacket: Equatable, Sendable {
    /// By which link it came, and by which it is to leave; nil before that is known, or where there is none.
    public var arriving: String?, leaving: String?
    /// Addresses in text, ports where the protocol has them.
    public var source = "", destination = ""
    public var sourcePort: String?, destinationPort: String?

    /// `10.0.0.1:40000 → 10.0.0.2:80`
    public var words: String {
        "\(source)\(sourcePort.map { ":" + $0 } ?? "") → \(destination)\(destinationPort.map { ":" + $0 } ?? "")"
    }

    /// Reads pairs and triples such as `iif "eth0"` and `ip saddr 10.0.0.1`.
    init(_ words: [String]) {
        for (index, word) in words.enumerated() where index + 1 < words.count {
            let value = words[index + 1]
            switch (index > 0 ? words[index - 1] : "", word) {
            case (_, "iif"): arriving = value.filter { $0 != "\"" }
            case (_, "oif"): leaving = value.filter { $0 != "\"" }
            case ("ip", "saddr"): source = value
            case ("ip", "daddr"): destination = value
            case ("tcp", "sport"), ("udp", "sport"): sourcePort = value
            case ("tcp", "dport"), ("udp", "dport"): destinationPort = value
            default: break
            }
        }
    }
}
