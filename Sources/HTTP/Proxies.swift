// Proxies between us and other hosts, as the environment names them: `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, in small letters too. The rules
// are those of Go's net/http, which Docker's users know: a name in NO_PROXY also stands for all names below it, and loopback is never proxied.
// Through a proxy, https goes in a tunnel (CONNECT, RFC 9110 §9.3.6), so that the proxy sees no more than the host's name. chapter 08

/// Which hosts are met through which proxy.
public struct Proxies: Sendable, Equatable {
    /// `http://[user:password@]host:port` for addresses of http, or nil.
    public var http: String?
    /// The same for addresses of https.
    public var https: String?
    /// Hosts that are met without: `host`, `.below`, `host:port`, an address, a network, or `*` for all.
    public var exceptions: [String] = []

    /// No proxies.
    public init() {}

    /// Those that the environment names.
    public init(environment: [String: String]) {
        func value(_ name: String) -> String? { [environment[name], environment[name.lowercased()]].compactMap { $0 }.first { !$0.isEmpty } }
        (http, https) = (value("HTTP_PROXY"), value("HTTPS_PROXY"))
        exceptions = (value("NO_PROXY") ?? "").split(separator: ",").map { $0.filter { !$0.isWhitespace } }.filter { !$0.isEmpty }
    }
}

/// One proxy.
public struct Proxy: Sendable, Equatable {
    /// Where it listens.
    public let address: Address
    /// The value of `Proxy-Authorization`, or nil where it asks for none.
    public let authorization: String?

    /// Reads `http://[user:password@]host[:port]`, also without the scheme; nil for anything else, a proxy that itself wants https included.
    public init?(_ text: String) {
        var rest = Substring(text)
        if rest.hasPrefix("http://") { rest = rest.dropFirst(7) } else if rest.contains("://") { return nil }
        rest = rest.prefix { $0 != "/" }
        let at = rest.lastIndex(of: "@")
        authorization = at.map { "Basic " + base64(Array((percentDecoded(rest[..<$0]) ?? String(rest[..<$0])).utf8)) }
        let host = at.map { rest[rest.index(after: $0)...] } ?? rest
        let hasPort = host.lastIndex(of: ":").map { !host[$0...].contains("]") } ?? false
        guard let address = Address("tcp://\(host)\(hasPort ? "" : ":80")") else { return nil }
        self.address = address
    }
}

extension Proxies {
    /// The proxy on the way to an address, or nil for the straight way.
    public func proxy(to address: Address, tls: Bool) -> Proxy? {
        guard let text = tls ? https : http, let port = address.port, !isExcepted(address.host.lowercased(), port) else { return nil }
        return Proxy(text)
    }

    private func isExcepted(_ host: String, _ port: Int) -> Bool {
        let literal = InternetAddress(host)
        if host == "localhost" || literal?.isLoopback == true { return true }
        return exceptions.contains { exception in
            var name = exception.lowercased()
            if name == "*" || literal?.isIn(name) == true { return true }
            if name.hasSuffix(":\(port)") { name = String(name.dropLast("\(port)".count + 1)) }
            if name.hasPrefix("*.") { name.removeFirst() }
            return name == host || host.hasSuffix(name.hasPrefix(".") ? name : "." + name)
        }
    }
}
