// A connection to a host by name and port, for clients: the one place that asks the resolver, which may block for seconds.
// man 3 getaddrinfo, man 7 tcp. Chapter 13.
import Glibc

/// Why a host can't be reached.
public enum ConnectError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The name has no address; the resolver's reason.
    case noSuchHost(String)
    /// Each address refused; the reason of the last.
    case kernel(KernelError)

    public var description: String {
        switch self {
        case .noSuchHost(let reason): reason
        case .kernel(let error): "\(error)"
        }
    }
}

/// A stream socket connected to a host. Blocks for the resolver and the connection.
/// - Parameters:
///   - host: a name or an address
///   - port: 1 to 65535
public func connect(host: String, port: Int) throws(ConnectError) -> Descriptor {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>? = nil
    let code = unsafe getaddrinfo(host, "\(port)", &hints, &list)
    guard code == 0 else { throw .noSuchHost("lookup \(host): \(unsafe String(cString: gai_strerror(code)))") }
    defer { unsafe freeaddrinfo(list) }
    var failure = KernelError(call: "connect", subject: "\(host):\(port)", errno: EADDRNOTAVAIL), next = unsafe list
    while let one = unsafe next?.pointee {
        unsafe next = one.ai_next
        do throws(KernelError) {
            let type = unsafe one.ai_socktype | Int32(SOCK_CLOEXEC.rawValue)
            let socket = Descriptor(try call("socket", "") { unsafe Glibc.socket(one.ai_family, type, one.ai_protocol) })
            try call("connect", "\(host):\(port)") { unsafe Glibc.connect(socket.number, one.ai_addr, one.ai_addrlen) }
            return socket
        } catch { failure = error }
    }
    throw .kernel(failure)
}
