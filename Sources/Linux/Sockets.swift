// Unix sockets: streams, and packets that carry descriptors from one process to another. A path longer than the 107 bytes that an address
// holds is reached through /proc/self/fd. man 7 unix, man 3 cmsg. Chapter 11.
import CLinux
import Glibc

/// How a socket keeps its data: man 2 socket.
public enum SocketKind: Sendable {
    /// `SOCK_STREAM`: bytes
    case stream
    /// `SOCK_SEQPACKET`: messages in order, each whole
    case packets

    var number: CInt { self == .stream ? CInt(bitPattern: SOCK_STREAM.rawValue) : CInt(SOCK_SEQPACKET.rawValue) }
}

/// Two connected sockets, close-on-exec. man 2 socketpair.
public struct SocketPair: ~Copyable {
    /// The one to keep.
    public var near: Descriptor
    /// The one to give away.
    public var far: Descriptor

    /// Makes a pair.
    public init(_ kind: SocketKind = .stream) throws(KernelError) {
        var pair: [CInt] = [-1, -1]
        try call("socketpair", "\(kind)") { unsafe Glibc.socketpair(AF_UNIX, kind.number | CInt(SOCK_CLOEXEC.rawValue), 0, &pair) }
        near = Descriptor(pair[0])
        far = Descriptor(pair[1])
    }
}

/// Runs `body` with a form of `path` that fits into a socket's address.
private func withShortPath<Result: ~Copyable>(_ path: FilePath, _ body: (String) throws(KernelError) -> Result) throws(KernelError) -> Result {
    guard path.string.utf8.count > 107, let name = path.lastComponent else { return try body(path.string) }
    let folder = try open(path.removingLastComponent(), [.path, .directory])
    return try body("/proc/self/fd/\(folder.number)/\(name)")
}

/// Waits for connections at a path that must not exist yet. man 2 bind, listen.
public func listen(_ path: FilePath, _ kind: SocketKind, backlog: CInt = 128) throws(KernelError) -> Descriptor {
    let socket = Descriptor(try call("socket", "AF_UNIX \(kind)") { slipway_unix_socket(kind.number) })
    _ = try withShortPath(path) { short throws(KernelError) in
        try call("bind", "\(path)") { unsafe slipway_unix_bind(socket.number, short) }
    }
    try call("listen", "\(path)") { Glibc.listen(socket.number, backlog) }
    return socket
}

/// Changes how many connections may wait to be accepted. Beyond that a client that does not block is told EAGAIN. man 2 listen.
public func setBacklog(of socket: FileDescriptor, _ backlog: CInt) throws(KernelError) {
    try call("listen", "\(socket.rawValue) \(backlog)") { Glibc.listen(socket.rawValue, backlog) }
}

/// Connects to whoever listens at a path. man 2 connect.
public func connect(_ path: FilePath, _ kind: SocketKind) throws(KernelError) -> Descriptor {
    let socket = Descriptor(try call("socket", "AF_UNIX \(kind)") { slipway_unix_socket(kind.number) })
    _ = try withShortPath(path) { short throws(KernelError) in
        try call("connect", "\(path)") { unsafe slipway_unix_connect(socket.number, short) }
    }
    return socket
}

/// The next connection. man 2 accept4.
public func accept(_ socket: FileDescriptor) throws(KernelError) -> Descriptor {
    Descriptor(try call("accept4", "\(socket.rawValue)") { slipway_accept(socket.rawValue) })
}

/// Who is at the other end of a unix socket. man 7 unix, `SO_PEERCRED`.
public func peer(of socket: FileDescriptor) throws(KernelError) -> (process: ProcessID, user: UInt32, group: UInt32) {
    var (pid, user, group): (Int32, UInt32, UInt32) = (0, 0, 0)
    try call("getsockopt", "SO_PEERCRED") { unsafe slipway_peer_credentials(socket.rawValue, &pid, &user, &group) }
    return (ProcessID(pid), user, group)
}

/// Sends one message, with copies of descriptors (at most 16). Never raises SIGPIPE. man 2 sendmsg.
/// - Parameter wait: false for EAGAIN instead of waiting for room
/// - Returns: the bytes taken; of a packet, all.
@discardableResult
public func sendMessage(_ socket: FileDescriptor, _ bytes: [UInt8], descriptors: [FileDescriptor] = [], wait: Bool = true) throws(KernelError) -> Int {
    let numbers = descriptors.map(\.rawValue)
    return Int(
        try call("sendmsg", "\(socket.rawValue)") {
            unsafe slipway_sendmsg(socket.rawValue, bytes, UInt64(bytes.count), numbers, CInt(numbers.count), wait ? 0 : CInt(MSG_DONTWAIT))
        })
}

/// One received message.
public struct ReceivedMessage: ~Copyable {
    /// Empty where the other end has closed.
    public let bytes: [UInt8]
    /// Whether the message was longer than we had room for.
    public let isTruncated: Bool
    private var numbers: [CInt]

    init(_ bytes: [UInt8], _ isTruncated: Bool, _ numbers: [CInt]) {
        (self.bytes, self.isTruncated, self.numbers) = (bytes, isTruncated, numbers)
    }

    deinit { for number in numbers { _ = Glibc.close(number) } }

    /// Takes the next descriptor that came along; those not taken are closed.
    public mutating func takeDescriptor() -> Descriptor? {
        numbers.isEmpty ? nil : Descriptor(numbers.removeFirst())
    }
}

/// Receives one message with its descriptors, which are close-on-exec. man 2 recvmsg.
public func receiveMessage(_ socket: FileDescriptor, capacity: Int = 262_144, wait: Bool = true) throws(KernelError) -> ReceivedMessage {
    var numbers = [CInt](repeating: -1, count: 16)
    var (count, truncated): (CInt, CInt) = (0, 0)
    var failure: KernelError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, filled in
        do throws(KernelError) {
            filled = Int(
                try call("recvmsg", "\(socket.rawValue)") {
                    unsafe slipway_recvmsg(
                        socket.rawValue, buffer.baseAddress, UInt64(capacity), &numbers, 16, &count, &truncated, wait ? 0 : CInt(MSG_DONTWAIT))
                })
        } catch { failure = error }
    }
    if let failure { throw failure }
    return ReceivedMessage(bytes, truncated != 0, Array(numbers.prefix(Int(count))))
}

/// Which half of a connection to close: man 2 shutdown.
public enum Half: Sendable {
    case reading, writing, both
}

/// Closes half of a connection; the other end reads the end of the stream. man 2 shutdown.
public func shutdown(_ socket: FileDescriptor, _ half: Half) throws(KernelError) {
    let how: CInt =
        switch half {
        case .reading: CInt(SHUT_RD)
        case .writing: CInt(SHUT_WR)
        case .both: CInt(SHUT_RDWR)
        }
    try call("shutdown", "\(socket.rawValue) \(half)") { Glibc.shutdown(socket.rawValue, how) }
}
