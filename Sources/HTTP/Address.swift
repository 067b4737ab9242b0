// Where a server listens: a socket file, or a host and a port. Chapter 13.

/// Where an engine listens.
public enum Address: Sendable, Equatable, CustomStringConvertible {
    case unix(path: String)
    case tcp(host: String, port: Int)

    /// Reads `unix:///path`, `tcp://host:port` and `http://host:port` (port 2375 if none is given); nil for anything else.
    public init?(_ text: String) {
        for scheme in ["unix://", "tcp://", "http://"] where text.hasPrefix(scheme) {
            let rest = text.dropFirst(scheme.count)
            guard scheme != "unix://" else {
                guard !rest.isEmpty else { return nil }
                self = .unix(path: String(rest))
                return
            }
            let name = rest.prefix { $0 != "/" }
            // The colons of a literal IPv6 address stand in brackets.
            let colon = name.lastIndex(of: ":").flatMap { name[$0...].contains("]") ? nil : $0 }
            var host = colon.map { name[..<$0] } ?? name
            if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
            guard let port = colon.map({ UInt16(name[name.index(after: $0)...]) }) ?? 2375, !host.isEmpty else { return nil }
            self = .tcp(host: String(host), port: Int(port))
            return
        }
        return nil
    }

    public var description: String {
        switch self {
        case .unix(let path): "unix://\(path)"
        case .tcp: "tcp://\(hostAndPort)"
        }
    }

    /// The host of a TCP address, without brackets; empty otherwise.
    public var host: String { if case .tcp(let host, _) = self { host } else { "" } }

    /// The port of a TCP address.
    public var port: Int? { if case .tcp(_, let port) = self { port } else { nil } }

    /// `host:port`, with brackets around the colons of IPv6; empty for a unix socket.
    public var hostAndPort: String {
        guard case .tcp(let host, let port) = self else { return "" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
