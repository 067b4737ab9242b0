// A name service on loopback, servers outside that answer as a test wants, and clients that ask: real sockets, no container.

import Foundation
import Linux
import Netlink
import Networks
import Synchronization
import Testing

@testable import Engine

/// A query with one question.
func nameQuery(_ name: String, _ type: UInt16 = 1, id: UInt16 = 0x1234) -> [UInt8] {
    let labels = name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
    return [UInt8(id >> 8), UInt8(id & 0xff), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + labels + [0, UInt8(type >> 8), UInt8(type & 0xff), 0, 1]
}

/// An answer of a server: the query's bytes with other flags, and records after the question.
func nameReply(_ query: [UInt8], outcome: UInt8 = 0, addresses: [[UInt8]] = []) -> [UInt8] {
    var reply = query
    (reply[2], reply[3], reply[7]) = (0x81, 0x80 | outcome, UInt8(addresses.count))
    return reply + addresses.flatMap { [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4] + $0 }
}

func outcome(_ reply: [UInt8]) -> UInt8 { (reply.count > 3 ? reply[3] : 0xff) & 0xf }
func lastFour(_ reply: [UInt8]) -> [UInt8] { Array(reply.suffix(4)) }

/// A table with one name.
func names(_ name: String, _ address: String, forwards: Bool = true) throws -> NameTable {
    let member = NetworkNames.Member(names: [name], container: "c0ffeec0ffee", address: try #require(IPv4Address(address)))
    return NameTable(networks: [NetworkNames(network: "n1", members: [member])], forwards: forwards)
}

/// A name server on loopback, by UDP and TCP on one port, for as long as it lives.
final class OutsideServer: Sendable {
    let name: InternetName
    let asked = Atomic<Int>(0)
    private let udp: Descriptor, tcp: Descriptor

    /// - Parameter answer: the replies to a query; none, one, or several
    init(_ answer: @escaping @Sendable ([UInt8]) -> [[UInt8]]) throws {
        let udp = try bind(.udp, to: InternetName(address: 0x7f00_0001, port: 0))
        let name = try udp.borrow { (socket) throws(KernelError) in try boundName(of: socket) }
        let tcp = try bind(.tcp, to: name)
        try setBacklog(of: FileDescriptor(rawValue: tcp.number), 8)
        self.name = name
        self.udp = try udp.duplicate()
        self.tcp = try tcp.duplicate()
        // The threads have descriptors of their own, and end with `end`. Shared queues would give them late.
        let (datagrams, connects) = (udp.release(), tcp.release())
        Thread { [self] in serveDatagrams(Descriptor(owning: datagrams), answer) }.start()
        Thread { [self] in serveConnections(Descriptor(owning: connects), answer) }.start()
    }

    private func serveDatagrams(_ socket: consuming Descriptor, _ answer: ([UInt8]) -> [[UInt8]]) {
        socket.borrow { socket in
            while let (query, sender) = try? receive(from: socket, upTo: 4096), !query.isEmpty {  // an error is the end of the test
                asked.add(1, ordering: .relaxed)
                for reply in answer(query) { try? send(reply, to: sender, from: socket) }  // likewise
            }
        }
    }

    private func serveConnections(_ socket: consuming Descriptor, _ answer: ([UInt8]) -> [[UInt8]]) {
        socket.borrow { socket in
            while let connection = try? accept(socket) {  // shut down at the test's end
                connection.borrow { connection in
                    guard let bytes = try? read(connection, upTo: 4096), let query = frame(in: bytes) else { return }  // it asks elsewhere then
                    asked.add(1, ordering: .relaxed)
                    for reply in answer(query) { _ = try? write(connection, framed(reply)) }  // likewise
                }
            }
        }
    }

    /// Stops serving; the ports are free again.
    func end() {
        try? shutdown(FileDescriptor(rawValue: tcp.number), .both)  // wakes the thread that accepts
        if let waker = try? bind(.udp, to: InternetName(address: 0x7f00_0001, port: 0)) {  // an empty datagram ends the other
            try? waker.borrow { (socket) throws(KernelError) in try send([], to: name, from: socket) }  // it is ours, on loopback
        }
    }
}

/// Asks a container's name service, as its programs would through the redirect.
final class NameClient {
    private let udp: Descriptor
    private let sockets: NameSockets

    init(_ sockets: NameSockets) throws {
        self.sockets = sockets
        udp = try bind(.udp, to: InternetName(address: 0x7f00_0001, port: 0))
        let to = InternetName(address: NameSockets.address, port: sockets.udpPort)
        try udp.borrow { (socket) throws(KernelError) in try connect(socket, to: to) }
    }

    func send(_ query: [UInt8]) throws {
        _ = try udp.borrow { (socket) throws(KernelError) in try sendMessage(socket, query) }
    }

    /// The next datagram, or nil where none comes in time.
    func next(milliseconds: CInt = 10_000) throws -> [UInt8]? {
        let poll = try Poll()
        return try udp.borrow { (socket) throws(KernelError) in
            try poll.add(socket, .readable, token: 1)
            return try poll.wait(milliseconds: milliseconds).isEmpty ? nil : receive(from: socket, upTo: 65_535).bytes
        }
    }

    func ask(_ name: String, _ type: UInt16 = 1) throws -> [UInt8] {
        try send(nameQuery(name, type))
        return try #require(try next())
    }

    /// A connection for queries over TCP.
    func connection() throws -> NameStream { try NameStream(sockets.tcpPort) }
}

/// A TCP connection to a name service.
final class NameStream {
    private let socket: Descriptor
    private var received: [UInt8] = []

    init(_ port: UInt16) throws {
        socket = try bind(.tcp, to: InternetName(address: 0x7f00_0001, port: 0))
        try socket.borrow { (socket) throws(KernelError) in try connect(socket, to: InternetName(address: NameSockets.address, port: port)) }
    }

    func send(_ bytes: [UInt8]) throws { try socket.borrow { (socket) throws(KernelError) in try write(socket, bytes) } }

    /// The client will send no more.
    func endSending() throws { try socket.borrow { (socket) throws(KernelError) in try shutdown(socket, .writing) } }

    /// The next answer; nil where the connection has ended, or nothing comes in time.
    func next(milliseconds: CInt = 10_000) throws -> [UInt8]? {
        let poll = try Poll()
        return try socket.borrow { (socket) throws(KernelError) in
            try poll.add(socket, .readable, token: 1)
            while true {
                if let message = frame(in: received) {
                    received.removeFirst(2 + message.count)
                    return message
                }
                guard try !poll.wait(milliseconds: milliseconds).isEmpty else { return nil }
                // A reset is an end too.
                guard let more = try? read(socket, upTo: 4096), !more.isEmpty else { return nil }
                received += more
            }
        }
    }

    /// Whether the service has closed the connection.
    func hasEnded() throws -> Bool {
        let poll = try Poll()
        return try socket.borrow { (socket) throws(KernelError) in
            try poll.add(socket, [.readable, .peerClosed], token: 1)
            guard try !poll.wait(milliseconds: 10_000).isEmpty else { return false }
            return (try? read(socket, upTo: 4096))?.isEmpty ?? true  // a reset is an end
        }
    }
}

/// Runs a test with a name service, which ends with it.
func withNames(_ limits: NameLimits = NameLimits(), _ body: (NameService) throws -> Void) throws {
    let service = try NameService(limits: limits)
    defer { service.end() }
    try body(service)
}

/// Waits until something holds, ten seconds at most.
func eventually(_ condition: () throws -> Bool) throws -> Bool {
    for _ in 0..<1000 {
        if try condition() { return true }
        pause(milliseconds: 10)
    }
    return false
}
