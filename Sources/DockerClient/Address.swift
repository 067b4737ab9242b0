// Which engine to talk to: `-H`, else DOCKER_HOST, else our own at its place. Only the last is started when it doesn't run. chapter 13

/// Where an engine listens.
public enum Address: Equatable, Sendable {
    case unix(path: String)
    case tcp(host: String, port: Int)

    /// Our own engine's socket.
    public static let ours = Address.unix(path: "/run/slipway/slipway.sock")

    /// Reads `unix:///path`, `tcp://host:port`, `host:port`.
    /// - Throws: `ClientError.badAddress` with a sentence.
    public init(_ text: String) throws(ClientError) {
        let parts = text.firstRange(of: "://").map { (String(text[..<$0.lowerBound]), String(text[$0.upperBound...])) } ?? ("tcp", text)
        switch parts {
        case ("unix", let path):
            guard path.isEmpty || path.hasPrefix("/") else { throw .badAddress("invalid bind address (\(text)): a unix socket's path begins with /") }
            self = path.isEmpty ? .unix(path: "/var/run/docker.sock") : .unix(path: path)
        case ("tcp", let address), ("http", let address): self = try Self.tcp(address, text)
        case (let scheme, _): throw .badAddress("unable to resolve docker endpoint: \(scheme):// is not supported yet: use unix:// or tcp://")
        }
    }

    private static func tcp(_ address: String, _ text: String) throws(ClientError) -> Address {
        let bare = address.hasSuffix("/") ? String(address.dropLast()) : address
        let bracket = bare.lastIndex(of: "]"), colon = bare.lastIndex(of: ":").flatMap { place in bracket.map { place > $0 } ?? true ? place : nil }
        var host = colon.map { String(bare[..<$0]) } ?? bare
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        let port = colon.map { Int(bare[bare.index(after: $0)...]) } ?? 2375
        guard let port, (1...65535).contains(port), !host.contains("/") else { throw .badAddress("invalid bind address format: \(text)") }
        return .tcp(host: host.isEmpty ? "localhost" : host, port: port)
    }

    /// As a user writes it.
    public var text: String {
        switch self {
        case .unix(let path): "unix://\(path)"
        case .tcp(let host, let port): "tcp://\(host.contains(":") ? "[\(host)]" : host):\(port)"
        }
    }
}
