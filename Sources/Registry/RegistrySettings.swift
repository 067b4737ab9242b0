// How registries are met: which of them may do without TLS, where their certificates lie, how long to wait, and how often to try again.
// Docker's rules: a registry on loopback is insecure without being listed, and insecure means that https is tried first, believing any
// certificate, then http. chapter 08
public import HTTP
public import Linux

/// What holds for all registries of one client.
public struct RegistrySettings: Sendable {
    /// Registries that may do without TLS or with a certificate of nobody's: `host`, `host:port`, or a network (`10.0.0.0/8`). Loopback
    /// (127.0.0.0/8, ::1, `localhost`) is one of them without being named. A network is compared with literal addresses only, never looked up.
    public var insecure: [String] = []
    /// Folders with a folder `HOST:PORT` for each registry that has certificates of its own: `*.crt` are authorities to believe beside the system's,
    /// `client.cert` and `client.key` say who we are.
    public var certificates: [FilePath] = ["/etc/docker/certs.d", "/etc/slipway/certs.d"]
    /// How long a registry may be silent in the middle of an exchange.
    public var idleTimeout: Duration = .seconds(60)
    /// How long a connection may take to come about.
    public var connectTimeout: Duration = .seconds(30)
    /// How often an exchange is tried in all where the registry is overloaded (429), broken (5xx) or cut us off. At least 1.
    public var attempts = 5
    /// The wait before the second attempt; it doubles with each. A registry's own `Retry-After` stands above it.
    public var firstPause: Duration = .milliseconds(500)
    /// The longest wait. A registry that asks for more gets no further attempt.
    public var longestPause: Duration = .seconds(30)
    /// Proxies between us and the registries.
    public var proxies = Proxies()
    /// Who we say we are (`User-Agent`).
    public var userAgent = "slipway"

    public init() {}
}
