// Where a request goes: scheme, host, port, and what is asked there. Two addresses have one origin where the first three agree, and a secret
// that was told to one origin is told to no other. RFC 3986, RFC 6454 §4. chapter 08
import FoundationEssentials
import HTTP

/// An address of http or https.
struct WebAddress: Sendable, Hashable {
    let isSecure: Bool
    /// In small letters, without brackets.
    let host: String
    let port: Int
    /// Path and query as they are sent.
    let target: String

    init(isSecure: Bool, host: String, port: Int, target: String) {
        (self.isSecure, self.host, self.port, self.target) = (isSecure, host.lowercased(), port, target)
    }

    /// Reads an absolute address, or one that stands relative to `base`; nil for schemes other than http and https.
    init?(_ text: String, relativeTo base: WebAddress? = nil) {
        guard let url = URL(string: text, relativeTo: base.flatMap { URL(string: $0.description) })?.absoluteURL else { return nil }
        guard let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme), var host = url.host, !host.isEmpty else { return nil }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        let path = url.path(percentEncoded: true), query = url.query(percentEncoded: true).map { "?" + $0 } ?? ""
        self.init(isSecure: scheme == "https", host: host, port: url.port ?? (scheme == "https" ? 443 : 80), target: (path.isEmpty ? "/" : path) + query)
    }

    /// An address at a place that is known.
    init(_ origin: Origin, _ target: String) { self.init(isSecure: origin.isSecure, host: origin.host, port: origin.port, target: target) }

    /// The same address with more of a query.
    func adding(query: String) -> WebAddress { WebAddress(origin, query.isEmpty ? target : target + (target.contains("?") ? "&" : "?") + query) }

    /// Scheme, host and port: whom we talk to.
    struct Origin: Sendable, Hashable {
        let isSecure: Bool, host: String, port: Int
        var address: Address { .tcp(host: host, port: port) }
    }

    var origin: Origin { Origin(isSecure: isSecure, host: host, port: port) }

    /// Host and port as the `Host` field has them: the port only where it is not the scheme's own.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    private var site: String { "\(isSecure ? "https" : "http")://\(authority)" }
    private var path: String { String(target.prefix { $0 != "?" }) }
}

extension WebAddress: CustomStringConvertible {
    /// All of it, the secrets of a signed address included.
    var description: String { site + target }

    /// For people's eyes: the query, where storage services have their signatures, is left out.
    var withoutQuery: String { site + path + (target.contains("?") ? "?…" : "") }
}
