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
