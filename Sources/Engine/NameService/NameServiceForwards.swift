// Questions that others must answer. Each goes out on a socket of its own, connected to one server: the kernel chooses a port that cannot be
// guessed, takes answers from that server alone, and tells at once where nobody listens. With an id of our own making an answer is hard to
// forge. A server that says nothing for two seconds, or SERVFAIL, makes room for the next; the last one's word counts. RFC 5452. Chapter 09.
import Linux
import Networks

/// Who waits for an answer.
enum NameAsker {
    case datagram(InternetName)
    /// The connection's token.
    case connection(UInt64)
}

/// A query under way to a server.
struct NameForward {
    var container: String
    var asker: NameAsker
    var query: DNSQuery
    var id: UInt16
    var socket: NameSocket
    /// Which of the container's servers is asked.
    var server: Int
    var deadline: UInt64
    /// Over TCP: what is still to be sent, and what has come.
    var sending: [UInt8] = [], received: [UInt8] = []
    /// A SERVFAIL to hand back if no other server does better.
    var failure: [UInt8]?
}

extension NameLoop {
    /// Sends a query out; drops it where too many are under way.
    func forward(_ query: DNSQuery, of container: String, for asker: NameAsker) {
        guard let one = served[container] else { return }
        guard one.forwards < limits.forwards, forwards.count < limits.allForwards else {
            // A connection keeps the order of things by an answer to each query.
            if case .connection(let token) = asker { answer(query.answer(.failed), to: token) }
            return
        }
        ask(query, of: container, for: asker, from: 0, failure: nil)
    }

    /// Asks the first server from `server` on that can be sent to.
    private func ask(_ query: DNSQuery, of container: String, for asker: NameAsker, from server: Int, failure: [UInt8]?) {
        guard let servers = served[container]?.servers else { return }
        for index in server..<max(server, servers.count) {
            let id = UInt16.random(in: 0...UInt16.max, using: &generator)
            guard let (socket, sending, events) = begin(query.forwarded(id: id), to: servers[index], asker) else { continue }
            let token: UInt64
            do throws(KernelError) { token = try watch(socket.number, .forward, events) } catch { continue }
            var forward = NameForward(
                container: container, asker: asker, query: query, id: id, socket: socket, server: index,
                deadline: monotonicNanoseconds() + limits.serverNanoseconds)
            (forward.sending, forward.failure) = (sending, failure)
            forwards[token] = forward
            served[container]?.forwards += 1
            forwardDeadlines.add(token, at: forward.deadline)
            return
        }
        hand(failure ?? query.answer(.failed), to: asker, query, of: container)
    }

    /// Makes a socket and sends, or begins to. Nil where the server cannot be reached at all; then the next one is asked.
    private func begin(_ message: [UInt8], to server: InternetName, _ asker: NameAsker) -> (socket: NameSocket, rest: [UInt8], events: Readiness)? {
        do throws(KernelError) {
            switch asker {
            case .datagram:
                let socket = NameSocket(try bind(.udp, to: InternetName(address: 0, port: 0)))
                try setNonBlocking(socket.number)
                try connect(socket.number, to: server)
                try sendMessage(socket.number, message, wait: false)
                return (socket, [], .readable)
            case .connection:
                let socket = NameSocket(try bind(.tcp, to: InternetName(address: 0, port: 0)))
                try setNonBlocking(socket.number)
                do throws(KernelError) { try connect(socket.number, to: server) } catch {
                    guard error.errno == Errno.nowInProgress.rawValue else { throw error }
                }
                return (socket, framed(message), [.readable, .writable])
            }
        } catch { return nil }
    }

    /// A server's socket is ready.
    func serveForward(_ token: UInt64, _ events: Readiness) {
        guard let forward = forwards[token] else { return }
        switch forward.asker {
        case .datagram: receiveDatagram(token, forward)
        case .connection: serveStream(token, events)
        }
    }

    private func receiveDatagram(_ token: UInt64, _ forward: NameForward) {
        let reply: [UInt8]
        do throws(KernelError) { reply = try receive(from: forward.socket.number, upTo: 65_535).bytes } catch {
            // Nobody listens there, so no waiting.
            return error.errno == Errno.wouldBlock.rawValue ? () : askNext(token)
        }
        // What does not answer this question is somebody's noise; the deadline holds.
        if forward.query.isAnswered(by: reply, id: forward.id) { finish(token, reply) }
    }

    private func serveStream(_ token: UInt64, _ events: Readiness) {
        guard var forward = forwards[token] else { return }
        // A failure is told by the call that meets it.
        let hasFailed = !events.isDisjoint(with: [.failed, .hungUp])
        do throws(KernelError) {
            if !forward.sending.isEmpty, hasFailed || events.contains(.writable) {
                forward.sending.removeFirst(try sendMessage(forward.socket.number, forward.sending, wait: false))
                if forward.sending.isEmpty { expect(.readable, of: forward.socket.number, token) }
            }
            if hasFailed || events.contains(.readable) {
                switch try readSome(forward.socket.number, into: &room) {
                case .later: break
                case .end: return askNext(token)
                case .bytes(let count): forward.received += room.prefix(count)
                }
            }
        } catch {
            return error.errno == Errno.wouldBlock.rawValue ? () : askNext(token)
        }
        forwards[token] = forward
        guard let reply = frame(in: forward.received) else { return }
        if forward.query.isAnswered(by: reply, id: forward.id) { finish(token, reply) } else { askNext(token) }
    }

    /// A server has answered: done, or on to the next where it could not.
    private func finish(_ token: UInt64, _ reply: [UInt8]) {
        guard var forward = forwards[token] else { return }
        if outcomeNumber(reply) == DNSOutcome.failed.rawValue {
            forward.failure = reply
            forwards[token] = forward
            return askNext(token)
        }
        drop(forward: token)
        hand(reply, to: forward.asker, forward.query, of: forward.container)
    }

    /// Gives up on a server, and asks the next.
    func askNext(_ token: UInt64) {
        guard let forward = forwards[token] else { return }
        drop(forward: token)
        ask(forward.query, of: forward.container, for: forward.asker, from: forward.server + 1, failure: forward.failure)
    }

    func drop(forward token: UInt64) {
        guard let gone = forwards.removeValue(forKey: token) else { return }
        served[gone.container]?.forwards -= 1
        forget(token, gone.socket.number)
    }

    /// Gives an answer to who asked, with his id and in his size.
    private func hand(_ reply: [UInt8], to asker: NameAsker, _ query: DNSQuery, of container: String) {
        switch asker {
        case .datagram(let name): self.reply(query.handedBack(reply, limit: query.longestAnswerBytes), to: name, of: container)
        case .connection(let token): answer(query.handedBack(reply, limit: 65_535), to: token)
        }
    }
}

/// A message as it goes over TCP: two bytes of length before it. RFC 1035 §4.2.2.
func framed(_ message: [UInt8]) -> [UInt8] { [UInt8(message.count >> 8), UInt8(message.count & 0xff)] + message }

/// The first whole message of a stream, without its length; nil where more must come.
func frame(in bytes: [UInt8]) -> [UInt8]? {
    guard bytes.count >= 2 else { return nil }
    let count = Int(bytes[0]) << 8 | Int(bytes[1])
    return bytes.count >= 2 + count ? Array(bytes[2..<(2 + count)]) : nil
}
