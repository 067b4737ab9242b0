// TLS of the client's side, by BoringSSL through swift-nio-ssl: whom we believe, and who we say we are. Reading the system's authorities takes
// tens of milliseconds, so a `TLS` is made once and serves any number of connections. RFC 8446, RFC 9110 §4.3.4. chapter 08
public import Linux
import NIOCore
import NIOPosix
import NIOSSL

/// Whom to believe.
public struct TLSSettings: Sendable, Hashable {
    /// Whether the server must prove that it is whom we asked for. Without that anybody in between can read and change everything.
    public var verifies = true
    /// Files of authorities (PEM) to believe beside the system's.
    public var roots: [FilePath] = []
    /// Our own certificate with those between it and an authority (PEM), and its key; for servers that ask for one.
    public var certificate: FilePath?
    /// The key to `certificate` (PEM).
    public var key: FilePath?

    public init() {}
}

/// TLS, ready to be spoken.
public struct TLS: Sendable {
    let context: NIOSSLContext

    /// Reads the files that `settings` names, on a thread of its own.
    ///
    /// - Throws: `ClientError.certificates`
    public init(_ settings: TLSSettings) async throws {
        context = try await NIOThreadPool.singleton.runIfActive { try TLS.context(settings) }
    }

    private static func context(_ settings: TLSSettings) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.certificateVerification = settings.verifies ? .fullVerification : .none
        configuration.applicationProtocols = ["http/1.1"]
        configuration.shutdownTimeout = .seconds(1)
        configuration.additionalTrustRoots = try settings.roots.map { path in .certificates(try read(path) { try NIOSSLCertificate.fromPEMFile($0) }) }
        if let certificate = settings.certificate, let key = settings.key {
            configuration.certificateChain = try read(certificate) { try NIOSSLCertificate.fromPEMFile($0).map { .certificate($0) } }
            configuration.privateKey = .privateKey(try read(key) { try NIOSSLPrivateKey(file: $0, format: .pem) })
        }
        return try read("the system's authorities") { _ in try NIOSSLContext(configuration: configuration) }
    }

    private static func read<Result>(_ path: FilePath, _ body: (String) throws -> Result) throws -> Result {
        do { return try body(path.string) } catch { throw ClientError.certificates("read \(path): \(error)") }
    }

    /// The first handler of a connection to `host`. Servers are not told an address as a name; a certificate can be for one nevertheless.
    func handler(for host: String) throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(context: context, serverHostname: InternetAddress(host) == nil ? host : nil)
    }
}

extension ClientError {
    /// What TLS has against the other side, or nil where `error` is none of TLS's.
    init?(_ error: any Error, _ address: Address) {
        switch error {
        case let error as ClientError: self = error
        case let error as NIOSSLExtraError: self = .untrusted(address, why: "x509: certificate is not valid for \(address.host): \(error)")
        case NIOSSLError.unableToValidateCertificate, NIOSSLError.noCertificateToValidate:
            self = .untrusted(address, why: "x509: certificate cannot be validated")
        case NIOSSLError.handshakeFailed(let reason): self.init(handshake: "\(reason)", address)
        case is NIOSSLError, is BoringSSLError: self = .tls(address, why: inWords("\(error)"))
        default: return nil
        }
    }

    private init(handshake reason: String, _ address: Address) {
        if reason.contains("CERTIFICATE_VERIFY_FAILED") {
            // The library keeps to itself which of the two it is.
            self = .untrusted(address, why: "x509: certificate signed by unknown authority, or expired")
        } else if ["WRONG_VERSION_NUMBER", "HTTP_REQUEST", "EOF during handshake"].contains(where: reason.contains) {
            self = .noTLS(address)
        } else {
            self = .tls(address, why: inWords(reason))
        }
    }
}

/// The library's own reason, without where in its sources it was found. An alert comes from the other side; then the words are Go's.
private func inWords(_ text: String) -> String {
    guard let mark = text.firstRange(of: "OPENSSL_internal:") else { return "tls: \(text)" }
    let reason = text[mark.upperBound...].prefix { $0 != " " && $0 != "]" }.lowercased()
    guard let alert = reason.firstRange(of: "_alert_") else { return "tls: \(reason.replacing("_", with: " "))" }
    return "remote error: tls: \(reason[alert.upperBound...].replacing("_", with: " "))"
}
