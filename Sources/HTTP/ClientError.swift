// Why a request got no reply, or only half of one. Over TCP the words are those of Go's net package, because a registry's or an engine's users
// know them from Docker. Chapter 13.
import Linux
import NIOCore
import NIOPosix

/// Why a request got no reply.
public enum ClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Nobody listens, or we may not connect. Over TCP `why` reads `dial tcp 127.0.0.1:80: connect: connection refused`.
    case cannotConnect(Address, why: String, isPermission: Bool)
    /// The connection ended before the reply was whole.
    case ended(Address)
    /// What came is no HTTP.
    case malformed(Address)
    /// Nothing came for so many seconds, though something was due.
    case stalled(Address, seconds: Double)
    /// The other side speaks no TLS.
    case noTLS(Address)
    /// The other side's certificate is not to be believed.
    case untrusted(Address, why: String)
    /// TLS failed in another way.
    case tls(Address, why: String)
    /// A file with certificates or a key cannot be read.
    case certificates(String)

    public var description: String {
        switch self {
        case .cannotConnect(let address, let why, _): "connect to \(address): \(why)"
        case .ended(let address): "read from \(address): the connection ended before the reply was whole"
        case .malformed(let address): "read from \(address): the reply is not HTTP"
        case .stalled(let address, let seconds): "read from \(address): nothing came for \(seconds) seconds"
        case .noTLS(let address): "connect to \(address): the other side speaks no TLS"
        case .untrusted(let address, let why), .tls(let address, let why): "connect to \(address): \(why)"
        case .certificates(let why): why
        }
    }

    /// What NIO says when there is no connection.
    init(connecting error: any Error, to address: Address) {
        switch error {
        case let error as ClientError: self = error
        case let error as IOError where address.port == nil:
            self = .cannotConnect(address, why: error.description, isPermission: error.errnoCode == 13)
        case let error as NIOConnectionError: self = .cannotConnect(address, why: dialling(error), isPermission: false)
        case is ChannelError: self = .cannotConnect(address, why: "dial tcp \(address.hostAndPort): i/o timeout", isPermission: false)
        default: self = ClientError(error, address) ?? .cannotConnect(address, why: "\(error)", isPermission: false)
        }
    }
}

/// Go's words. Of several addresses of a name the first is named.
private func dialling(_ error: NIOConnectionError) -> String {
    guard let failure = error.connectionErrors.first else { return "dial tcp: lookup \(error.host): no such host" }
    let peer = Address.tcp(host: failure.target.ipAddress ?? error.host, port: error.port).hostAndPort
    guard let reason = failure.error as? IOError else { return "dial tcp \(peer): i/o timeout" }
    return "dial tcp \(peer): connect: \(Errno(rawValue: reason.errnoCode).description.lowercased())"
}
