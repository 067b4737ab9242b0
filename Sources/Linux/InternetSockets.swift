// Sockets of the internet, bound to numbers rather than names: what publishes a port, and what answers questions about names. Addresses are
// numbers in host order: 127.0.0.1 is 0x7f000001. man 7 ip, tcp, udp. Chapter 09.
import CLinux
import Glibc

/// TCP or UDP.
public enum InternetSocketKind: Sendable, Hashable {
    /// `SOCK_STREAM`
    case tcp
    /// `SOCK_DGRAM`
    case udp

    fileprivate var number: CInt { self == .tcp ? CInt(bitPattern: SOCK_STREAM.rawValue) : CInt(bitPattern: SOCK_DGRAM.rawValue) }
}

/// An IPv4 address with a port, both in host order.
public struct InternetName: Sendable, Hashable {
    public var address: UInt32, port: UInt16

    public init(address: UInt32, port: UInt16) { (self.address, self.port) = (address, port) }
}

/// A socket bound to an address; port 0 lets the kernel choose. It does not listen yet. man 2 bind.
/// - Parameter reuse: `SO_REUSEADDR`: connections that are just closing don't hold the port.
/// - Throws: EADDRINUSE where somebody has the port.
public func bind(_ kind: InternetSocketKind, to name: InternetName, reuse: Bool = false) throws(KernelError) -> Descriptor {
    let text = "\(kind) \(addressText(name.address)):\(name.port)"
    return Descriptor(try call("bind", text) { slipway_internet_socket(kind.number, name.address, name.port, reuse ? 1 : 0) })
}

/// Connects a socket; for UDP that chooses whom it speaks with. man 2 connect.
public func connect(_ socket: FileDescriptor, to name: InternetName) throws(KernelError) {
    try call("connect", "\(addressText(name.address)):\(name.port)") { slipway_internet_connect(socket.rawValue, name.address, name.port) }
}

/// What a socket is bound to. man 2 getsockname.
public func boundName(of socket: FileDescriptor) throws(KernelError) -> InternetName {
    var name = InternetName(address: 0, port: 0)
    try call("getsockname", "\(socket.rawValue)") { unsafe slipway_internet_name(socket.rawValue, &name.address, &name.port) }
    return name
}

/// Takes one datagram and who sent it. Blocks, or throws EAGAIN where the socket does not.
/// - Parameter limit: bytes beyond it are cut off.
public func receive(from socket: FileDescriptor, upTo limit: Int) throws(KernelError) -> (bytes: [UInt8], sender: InternetName) {
    var buffer = [UInt8](repeating: 0, count: limit), sender = InternetName(address: 0, port: 0)
    let count = try call("recvfrom", "\(socket.rawValue)") {
        unsafe buffer.withUnsafeMutableBytes { unsafe slipway_receive_from(socket.rawValue, $0.baseAddress, UInt(limit), &sender.address, &sender.port) }
    }
    return (Array(buffer.prefix(Int(count))), sender)
}

/// Sends one datagram.
public func send(_ bytes: [UInt8], to name: InternetName, from socket: FileDescriptor) throws(KernelError) {
    try call("sendto", "\(addressText(name.address)):\(name.port)") {
        unsafe bytes.withUnsafeBytes { unsafe slipway_send_to(socket.rawValue, $0.baseAddress, UInt($0.count), name.address, name.port) }
    }
}

/// `127.0.0.1` from the number in host order.
public func addressText(_ address: UInt32) -> String { [24, 16, 8, 0].map { "\(address >> $0 & 255)" }.joined(separator: ".") }
