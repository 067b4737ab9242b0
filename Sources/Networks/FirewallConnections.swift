// Connections that the kernel remembers, and has to forget. Only the first packet of a connection is shown to the rules that translate; UDP knows
// no beginning, so to connection tracking a client that goes on sending from one port is one connection for as long as it does. Were that not cut
// off, such a client would never reach a port that is published while it sends, and would send to the old container for ever when a new one takes
// the port over. TCP needs none of this: its connections end with their container. linux/netfilter/nfnetlink_conntrack.h; chapter 09.
internal import Linux
internal import Netlink

/// The list of connections of one network namespace: that of the thread which opens it.
final class ConnectionList {
    private let socket: Descriptor

    init() throws(NetlinkError) {
        do throws(KernelError) { socket = try netlinkSocket(12) } catch { throw .kernel(error) }  // NETLINK_NETFILTER
    }

    /// Forgets what clients sent to these ports by UDP, unless it goes where the port leads.
    /// - Parameter isClosing: the ports lead nowhere from now on
    func forget(_ ports: [FirewallPort], isClosing: Bool) throws(NetlinkError) {
        let datagrams = ports.filter { $0.port.proto == .udp }
        guard !datagrams.isEmpty else { return }
        for connection in try all() where connection.isUDP {
            guard let port = datagrams.first(where: { connection.isAddressed(to: $0.port) }) else { continue }
            if (connection.answerer == port.address) == isClosing { try remove(connection) }
        }
    }

    /// One connection: what it was sent to, and who is expected to answer.
    private struct Connection {
        let tuple: [UInt8], isUDP: Bool, target: IPv4Address, targetPort: UInt16, answerer: IPv4Address

        func isAddressed(to port: PublishedPort) -> Bool {
            targetPort == port.hostPort && (port.hostAddress == .any || port.hostAddress == target)
        }

        /// Reads `CTA_TUPLE_ORIG` (1) and `CTA_TUPLE_REPLY` (2), each with addresses (1) and protocol (2); numbers are in network order.
        init?(_ answer: Answer) throws(NetlinkError) {
            let attributes = try answer.attributes(after: 4), there = try attributes.nested(1), back = try attributes.nested(2)
            let proto = try there.nested(2)
            guard let tuple = attributes[1], let target = try there.nested(1)[2].flatMap(IPv4Address.init(bytes:)), let port = proto[3], port.count == 2,
                let answerer = try back.nested(1)[1].flatMap(IPv4Address.init(bytes:))
            else { return nil }
            (self.tuple, self.target, self.answerer) = (Array(tuple), target, answerer)
            isUDP = proto[1].map(Array.init) == [17]
            targetPort = port.reduce(0) { $0 << 8 | UInt16($1) }
        }
    }

    /// `IPCTNL_MSG_CT_GET`, of all of IPv4.
    private func all() throws(NetlinkError) -> [Connection] {
        let question = Message(MessageType(rawValue: 0x101), .dump, header: [2, 0, 0, 0], subject: "all connections")
        var connections: [Connection] = []
        for answer in try ask(question, until: .done) {
            if let connection = try Connection(answer) { connections.append(connection) }
        }
        return connections
    }

    /// `IPCTNL_MSG_CT_DELETE`; one that has ended meanwhile is no error.
    private func remove(_ connection: Connection) throws(NetlinkError) {
        let tuple = Attribute(1 | nestedFlag, connection.tuple)
        let message = Message(MessageType(rawValue: 0x102), .acknowledge, header: [2, 0, 0, 0], [tuple], subject: "connection to port \(connection.targetPort)")
        do throws(NetlinkError) { _ = try ask(message, until: .error) } catch {
            guard case .refused(_, 2, _) = error else { throw error }  // ENOENT
        }
    }

    private func ask(_ message: Message, until end: MessageType) throws(NetlinkError) -> [Answer] {
        do throws(KernelError) {
            try socket.borrow { (socket) throws(KernelError) in try sendNetlink(message.bytes(sequence: 1), on: socket) }
        } catch { throw .kernel(error) }
        var answers: [Answer] = []
        while true {
            let datagram: [UInt8]
            do throws(KernelError) {
                datagram = try socket.borrow { (socket) throws(KernelError) in try receiveNetlink(on: socket) }
            } catch { throw .kernel(error) }
            for answer in try Answer.all(in: datagram) {
                if answer.type == .error, let refusal = try answer.refusal(of: message) { throw refusal }
                if answer.type == end || answer.type == .done { return answers }
                answers.append(answer)
            }
        }
    }
}
