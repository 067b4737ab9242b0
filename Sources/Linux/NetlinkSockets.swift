// Netlink: the kernel's own message protocol, over sockets that belong to the network namespace in which they were made. Here are bytes only;
// the messages are the module Netlink's. man 7 netlink. Chapter 09.
import CLinux
import Glibc

/// A socket to one of the kernel's subsystems, in the network namespace of the calling thread, where it stays. With extended error messages
/// where the kernel has them. man 7 netlink.
/// - Parameter family: 0 is `NETLINK_ROUTE`.
public func netlinkSocket(_ family: CInt = 0) throws(KernelError) -> Descriptor {
    Descriptor(try call("socket", "AF_NETLINK \(family)") { slipway_netlink_socket(family) })
}

/// Sends one message, or several in one buffer.
public func sendNetlink(_ bytes: [UInt8], on socket: FileDescriptor) throws(KernelError) {
    try call("sendto", "netlink, \(bytes.count) bytes") {
        unsafe bytes.withUnsafeBytes { unsafe Glibc.send(socket.rawValue, $0.baseAddress, $0.count, 0) }
    }
}

/// Takes one datagram of the kernel's: one message or several, whole. Blocks.
public func receiveNetlink(on socket: FileDescriptor) throws(KernelError) -> [UInt8] {
    let size = try call("recvfrom", "netlink") { recv(socket.rawValue, nil, 0, CInt(MSG_PEEK | MSG_TRUNC)) }
    var buffer = [UInt8](repeating: 0, count: max(size, 1))
    let count = try call("recvfrom", "netlink") {
        unsafe buffer.withUnsafeMutableBytes { unsafe recv(socket.rawValue, $0.baseAddress, $0.count, 0) }
    }
    return Array(buffer.prefix(count))
}
