// What the name service's thread does with each descriptor that is ready. Everything here runs under the service's lock and never waits: all
// sockets are non-blocking, and an error of one of them concerns that one alone. Tokens are never used twice, so an event of a descriptor that
// was closed in the same round finds nothing. Chapter 12.
import Linux
import Networks

/// The state of the name service.
final class NameLoop {
    /// What a token stands for.
    enum Watched {
        case wake
        case datagrams(String)
        case connects(String)
        case connection
        case forward
    }
    struct Served {
        var sockets: NameSockets
        var table: NameTable
        var servers: [InternetName]
        /// Tokens of the two sockets.
        var tokens: (udp: UInt64, tcp: UInt64)
        var forwards = 0
        var connections = 0
        /// No further connections are taken for now.
        var isFull = false
    }
    let poll: SharedPoll, limits: NameLimits
    private let wake: Descriptor, alarm: Descriptor
    private var watched: [UInt64: Watched] = [:]
    private var lastToken: UInt64 = 0
    private var isEnded = false
    var served: [String: Served] = [:]
    var connections: [UInt64: NameConnection] = [:]
    var forwards: [UInt64: NameForward] = [:]
    var forwardDeadlines = Deadlines(), idleDeadlines = Deadlines(), restDeadlines = Deadlines()
    var generator = SystemRandomNumberGenerator()
    /// Room to read into. Small, so that one connection's round is short.
    var room = [UInt8](repeating: 0, count: 8192)
    /// Connections of which something has changed in this round.
    var touched: [UInt64] = []

    /// What `tick` says when it is over.
    static let ended: CInt = -2

    init(_ poll: SharedPoll, _ limits: NameLimits, wake pipe: consuming Pipe) throws(KernelError) {
        (self.poll, self.limits) = (poll, limits)
        wake = try pipe.reading.duplicate()
        alarm = try pipe.writing.duplicate()
        try watch(FileDescriptor(rawValue: wake.number), .wake)
    }

    var containers: Set<String> { Set(served.keys) }

    // MARK: What others ask for

    func open(_ container: String, _ sockets: NameSockets, _ table: NameTable, _ servers: [InternetName]) throws(KernelError) {
        close(container)
        let udp = try watch(FileDescriptor(rawValue: sockets.udp.number), .datagrams(container))
        do throws(KernelError) {
            let tcp = try watch(FileDescriptor(rawValue: sockets.tcp.number), .connects(container))
            served[container] = Served(sockets: sockets, table: table, servers: servers, tokens: (udp, tcp))
        } catch {
            forget(udp, FileDescriptor(rawValue: sockets.udp.number))
            throw error
        }
    }

    func update(_ container: String, _ table: NameTable) { served[container]?.table = table }

    func close(_ container: String) {
        guard let gone = served.removeValue(forKey: container) else { return }
        forget(gone.tokens.udp, FileDescriptor(rawValue: gone.sockets.udp.number))
        forget(gone.tokens.tcp, FileDescriptor(rawValue: gone.sockets.tcp.number))
        for (token, connection) in connections where connection.container == container { drop(connection: token) }
        for (token, forward) in forwards where forward.container == container { drop(forward: token) }
    }

    func end() {
        for container in containers { close(container) }
        isEnded = true
        try? write(FileDescriptor(rawValue: alarm.number), [0])  // the pipe is empty, and its other end ours
    }

    // MARK: Descriptors

    @discardableResult
    func watch(_ socket: FileDescriptor, _ what: Watched, _ events: Readiness = .readable) throws(KernelError) -> UInt64 {
        lastToken += 1
        try poll.set.add(socket, events, token: lastToken)
        watched[lastToken] = what
        return lastToken
    }

    /// Waits for other things; a socket that refuses that is about to be closed.
    func expect(_ events: Readiness, of socket: FileDescriptor, _ token: UInt64) {
        try? poll.set.modify(socket, events, token: token)  // it is in the set, so only memory can lack; its deadline ends it
    }

    func forget(_ token: UInt64, _ socket: FileDescriptor) {
        watched[token] = nil
        try? poll.set.remove(socket)  // closing takes it out too
    }

    // MARK: Rounds

    func serve(_ token: UInt64, _ events: Readiness) {
        switch watched[token] {
        case nil, .wake: break
        case .datagrams(let container): answerDatagrams(container)
        case .connects(let container): takeConnections(container)
        case .connection: serveConnection(token, events)
        case .forward: serveForward(token, events)
        }
        proceed()
    }

    /// Does what is due, and says how long nothing will be: milliseconds, -1 for ever, `ended`.
    func tick() -> CInt {
        guard !isEnded else { return Self.ended }
        let now = monotonicNanoseconds()
        for token in forwardDeadlines.due(now, { forwards[$0]?.deadline }) { askNext(token) }
        for token in idleDeadlines.due(now, { connections[$0]?.deadline }) { drop(connection: token) }
        for token in restDeadlines.due(now, { _ in 0 }) { takeAgain(token) }
        proceed()
        guard let next = [forwardDeadlines.next, idleDeadlines.next, restDeadlines.next].compactMap({ $0 }).min() else { return -1 }
        return next <= now ? 0 : CInt(min((next - now) / 1_000_000 + 1, 60_000))
    }

    // MARK: UDP

    private func answerDatagrams(_ container: String) {
        for _ in 0..<limits.turn {
            guard let one = served[container] else { return }
            let socket = FileDescriptor(rawValue: one.sockets.udp.number)
            let query: [UInt8], sender: InternetName
            // Nothing more for now; another error is of a datagram that we sent, and gone with this call.
            do throws(KernelError) { (query, sender) = try receive(from: socket, upTo: limits.queryBytes) } catch { return }
            switch one.table.verdict(on: query, by: .udp, using: &generator) {
            case .ignore: break
            case .answer(let bytes): reply(bytes, to: sender, of: container)
            case .forward(let query): forward(query, of: container, for: .datagram(sender))
            }
        }
    }

    /// Sends an answer, or loses it: the asker asks again.
    func reply(_ bytes: [UInt8], to sender: InternetName, of container: String) {
        guard let one = served[container] else { return }
        try? send(bytes, to: sender, from: FileDescriptor(rawValue: one.sockets.udp.number))  // full, or the asker is gone: UDP may lose
    }
}

/// Moments at which something is due, in the order in which they were set; those that were put off meanwhile are asked again later.
struct Deadlines {
    private var queue: [(moment: UInt64, token: UInt64)] = []
    private var first = 0

    /// The next moment to look again.
    var next: UInt64? { first < queue.count ? queue[first].moment : nil }

    mutating func add(_ token: UInt64, at moment: UInt64) { queue.append((moment, token)) }

    /// Takes out what is due.
    /// - Parameter real: the deadline that a token has by now; nil where it is over
    mutating func due(_ now: UInt64, _ real: (UInt64) -> UInt64?) -> [UInt64] {
        var due: [UInt64] = []
        while first < queue.count, queue[first].moment <= now {
            let token = queue[first].token
            first += 1
            guard let moment = real(token) else { continue }
            if moment <= now { due.append(token) } else { add(token, at: moment) }
        }
        if first > 1024, first * 2 > queue.count {
            queue.removeFirst(first)
            first = 0
        }
        return due
    }
}
