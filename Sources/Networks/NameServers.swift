// The file that says whom to ask for names: a list of servers, names to try, and options. The host's is where forwarded queries go. man 5
// resolv.conf. Chapter 09.
public import Netlink

/// What `/etc/resolv.conf` says.
public struct NameServers: Sendable, Equatable {
    /// In the order in which they are asked; those with IPv6 addresses are not here, as our containers speak IPv4 alone.
    public var servers: [IPv4Address] = []
    public var search: [String] = []
    /// Such as `ndots:0`.
    public var options: [String] = []

    /// - Parameter text: lines of a keyword and words; what is not known is passed over. Of several `search` lines the last holds.
    public init(parsing text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            switch words.first {
            case "nameserver": servers += words.dropFirst().prefix(1).compactMap { IPv4Address($0) }
            case "search", "domain": search = Array(words.dropFirst())
            case "options": options += words.dropFirst()
            default: break
            }
        }
    }

    /// Those that can be reached from a container's own network: not the host's loopback.
    public var reachableServers: [IPv4Address] { servers.filter { !$0.isLoopback } }
}
