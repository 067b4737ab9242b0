// Queries over TCP: what clients do after an answer that was too long for UDP. Several may come on one connection and be answered in any order
// (RFC 7766 §6.2.1.1). A client that does not read its answers is not read from, one that sends nothing is closed, and where a container has as
// many connections as it may, the next ones wait in the kernel's queue. Chapter 12.
import Linux
import Networks

/// A client's connection.
struct NameConnection {
    var container: String
    var socket: NameSocket
    var received: [UInt8] = []
    var sending: [UInt8] = []
    /// Queries under way.
    var waiting = 0
    /// The client will send no more.
    var isHalf = false
    var deadline: UInt64

    /// Nothing is left to do.
    var isDone: Bool { isHalf && waiting == 0 && sending.isEmpty && frame(in: received) == nil }
    /// The length that stands before the next query; 0 where it has not come yet.
    var nextCount: Int { received.count < 2 ? 0 : Int(received[0]) << 8 | Int(received[1]) }

    /// Whether another query may be taken: not while the client does not read, or has asked enough for now.
    func mayTake(_ limits: NameLimits) -> Bool { waiting < limits.pipelined && sending.count < limits.waitingBytes }
}

extension NameLoop {
    /// Accepts what waits, as far as the container may.
    func takeConnections(_ container: String) {
        while let one = served[container] {
            let listener = FileDescriptor(rawValue: one.sockets.tcp.number)
            guard one.connections < limits.connections else {
                served[container]?.isFull = true
                return expect([], of: listener, one.tokens.tcp)
            }
            guard connections.count < limits.allConnections else { return rest(one) }
            do throws(KernelError) {
                let socket = NameSocket(try accept(listener))
                try setNonBlocking(socket.number)
                let token = try watch(socket.number, .connection)
                let deadline = monotonicNanoseconds() + limits.idleNanoseconds
                connections[token] = NameConnection(container: container, socket: socket, deadline: deadline)
                idleDeadlines.add(token, at: deadline)
                served[container]?.connections += 1
            } catch {
                if error.errno == Errno.wouldBlock.rawValue || error.errno == Errno.connectionAbort.rawValue { return }
                // No descriptors left: asking again at once would only burn the processor.
                return rest(one)
            }
        }
    }

    /// Takes no connections for a second.
    private func rest(_ one: Served) {
        expect([], of: FileDescriptor(rawValue: one.sockets.tcp.number), one.tokens.tcp)
        restDeadlines.add(one.tokens.tcp, at: monotonicNanoseconds() + 1_000_000_000)
    }

    /// Takes connections again after a rest.
    func takeAgain(_ token: UInt64) {
        for one in served.values where one.tokens.tcp == token { expect(.readable, of: FileDescriptor(rawValue: one.sockets.tcp.number), token) }
    }

    /// A client's connection is ready.
    func serveConnection(_ token: UInt64, _ events: Readiness) {
        guard let connection = connections[token] else { return }
        guard events.isDisjoint(with: [.failed, .hungUp]) else { return drop(connection: token) }
        touched.append(token)
        guard events.contains(.readable) else { return }
        do throws(KernelError) {
            switch try readSome(connection.socket.number, into: &room) {
            case .later: break
            case .end: connections[token]?.isHalf = true
            case .bytes(let count):
                connections[token]?.received += room.prefix(count)
                connections[token]?.deadline = monotonicNanoseconds() + limits.idleNanoseconds
            }
        } catch { drop(connection: token) }
    }

    /// Puts an answer where it is sent from, at the end of the round.
    func answer(_ reply: [UInt8], to token: UInt64) {
        connections[token]?.waiting -= 1
        connections[token]?.sending += framed(reply)
        touched.append(token)
    }

    /// Goes on with all connections of which something has changed. Answers that are given meanwhile are sent in the same round.
    func proceed() {
        while let token = touched.popLast() {
            takeQueries(token)
            flush(token)
            // A reader that keeps pace may have more: queries that had to wait are taken then.
            if let connection = connections[token], connection.mayTake(limits), frame(in: connection.received) != nil { touched.append(token) }
            settle(token)
        }
    }

    /// Takes whole queries out of what was received, as many as may be under way.
    private func takeQueries(_ token: UInt64) {
        while let connection = connections[token], connection.mayTake(limits) {
            guard connection.nextCount <= limits.queryBytes else { return drop(connection: token) }
            guard let query = frame(in: connection.received) else { return }
            connections[token]?.received.removeFirst(2 + query.count)
            connections[token]?.waiting += 1
            serve(query, from: token, of: connection.container)
        }
    }

    private func serve(_ bytes: [UInt8], from token: UInt64, of container: String) {
        guard let table = served[container]?.table else { return }
        switch table.verdict(on: bytes, by: .tcp, using: &generator) {
        case .ignore: drop(connection: token)
        case .answer(let reply): answer(reply, to: token)
        case .forward(let query): forward(query, of: container, for: .connection(token))
        }
    }

    /// Sends what the kernel takes now.
    private func flush(_ token: UInt64) {
        guard let connection = connections[token], !connection.sending.isEmpty else { return }
        do throws(KernelError) {
            connections[token]?.sending.removeFirst(try sendMessage(connection.socket.number, connection.sending, wait: false))
        } catch {
            if error.errno != Errno.wouldBlock.rawValue { drop(connection: token) }
        }
    }

    /// Waits for what a connection can do next, or closes it.
    private func settle(_ token: UInt64) {
        guard let connection = connections[token] else { return }
        guard !connection.isDone else { return drop(connection: token) }
        let events: Readiness = !connection.isHalf && connection.mayTake(limits) ? .readable : []
        expect(connection.sending.isEmpty ? events : events.union(.writable), of: connection.socket.number, token)
    }

    func drop(connection token: UInt64) {
        guard let gone = connections.removeValue(forKey: token) else { return }
        forget(token, gone.socket.number)
        guard var one = served[gone.container] else { return }
        one.connections -= 1
        if one.isFull {
            one.isFull = false
            expect(.readable, of: FileDescriptor(rawValue: one.sockets.tcp.number), one.tokens.tcp)
        }
        served[gone.container] = one
    }
}
