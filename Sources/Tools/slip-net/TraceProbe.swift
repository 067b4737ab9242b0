// The packet itself: a socket in the sender's namespace, bound first, so that the rules that watch for it know its port before it is sent.
import Linux
import Netlink

/// A packet that is to be sent.
final class Probe {
    /// Its own port.
    let port: UInt16
    let isDatagram: Bool
    let target: InternetName
    private let socket: Descriptor

    /// What came back.
    struct Answer {
        let isThere: Bool, words: String
    }

    /// Makes the socket, in the calling thread's namespace.
    init(udp: Bool, target: InternetName) throws {
        socket = try bind(udp ? .udp : .tcp, to: InternetName(address: 0, port: 0))
        port = try socket.borrow { (socket) throws(KernelError) in try boundName(of: socket).port }
        (isDatagram, self.target) = (udp, target)
    }

    /// The condition by which rules know it: a connection's first packet, or every datagram.
    var condition: String {
        isDatagram ? "udp sport \(port) udp dport \(target.port)" : "tcp sport \(port) tcp dport \(target.port) tcp flags & (syn | ack) == syn"
    }

    /// Sends it and waits.
    func send(milliseconds: Int) throws -> Answer {
        let start = monotonicNanoseconds()
        return try socket.borrow { (socket) throws in
            try setNonBlocking(socket)
            guard let refused = try isDatagram ? ask(socket, milliseconds) : dial(socket, milliseconds) else {
                return Answer(isThere: false, words: "none within \(milliseconds / 1000) s")
            }
            let took = (monotonicNanoseconds() - start) / 1000
            return Answer(isThere: true, words: "\(refused) after \(took) µs")
        }
    }

    /// Asks for a connection; nil if nothing comes back.
    private func dial(_ socket: FileDescriptor, _ milliseconds: Int) throws -> String? {
        if let refused = attempt(socket), refused.errno != inProgress { return refused.reason }
        guard try isReady(socket, .writable, milliseconds) else { return nil }
        guard let outcome = attempt(socket), outcome.errno != connected else { return "connection accepted" }
        return outcome.errno == alreadyTrying ? nil : outcome.reason
    }

    private func attempt(_ socket: FileDescriptor) -> KernelError? {
        do throws(KernelError) { try connect(socket, to: target) } catch { return error }
        return nil
    }

    /// Sends a datagram; nil if nothing comes back.
    private func ask(_ socket: FileDescriptor, _ milliseconds: Int) throws -> String? {
        if let refused = attempt(socket) { return refused.reason }
        try write(socket, "slip-net trace\n")
        guard try isReady(socket, .readable, milliseconds) else { return nil }
        do throws(KernelError) { return "\(try receive(from: socket, upTo: 65_535).bytes.count) bytes" } catch { return error.reason }
    }

    private func isReady(_ socket: FileDescriptor, _ wanted: Readiness, _ milliseconds: Int) throws -> Bool {
        let poll = try Poll()
        try poll.add(socket, wanted, token: 0)
        return try !poll.wait(milliseconds: CInt(milliseconds)).isEmpty
    }

    /// EINPROGRESS, EALREADY, EISCONN of asm-generic/errno.h: what connect(2) says while it waits, and when it has succeeded before.
    private var inProgress: CInt { 115 }
    private var alreadyTrying: CInt { 114 }
    private var connected: CInt { 106 }
}
