// A conversation with the kernel's network code (rtnetlink). A socket belongs to the network namespace in which it was made and stays there,
// whatever its thread does later: to speak about the inside of a container, enter its namespace, make a socket, and come back.
//
// Requests go out with consecutive sequence numbers and ask for an acknowledgement each; several in one datagram are one system call, and the
// kernel has carried out all of them when it returns. It does not stop at one that fails: the ones behind it are tried as well, so a batch
// holds only what may happen whatever came of the rest. man 7 netlink, rtnetlink. Chapter 09.
internal import Linux
internal import Synchronization

/// A socket to the network code of one network namespace. May be shared by threads: one conversation at a time.
public final class RouteSocket: Sendable {
    private let descriptor: Descriptor
    private let lastSequence = Mutex<UInt32>(0)
    private let witness: (@Sendable (Message) -> Void)?

    /// A socket to the network namespace in which the calling thread is.
    /// - Parameter witness: is shown every message before it is sent.
    public init(witness: (@Sendable (Message) -> Void)? = nil) throws(NetlinkError) {
        do throws(KernelError) { descriptor = try netlinkSocket() } catch { throw .kernel(error) }
        self.witness = witness
    }

    /// Sends one message and waits until it is carried out.
    /// - Returns: what the kernel answered besides its acknowledgement: nothing for most requests, one message for a get.
    /// - Throws: `refused` with the kernel's reason and words.
    @discardableResult
    public func request(_ message: Message) throws(NetlinkError) -> [Answer] { try request([message]) }

    /// Sends several messages at once and waits until all are carried out. More than 64 go in several datagrams.
    /// - Returns: the answers of all, in order, without the acknowledgements.
    /// - Throws: the refusal of the first that failed; those behind it were tried too.
    @discardableResult
    public func request(_ messages: [Message]) throws(NetlinkError) -> [Answer] {
        guard !messages.isEmpty else { return [] }
        messages.forEach { witness?($0) }
        var answers: [Answer] = [], failure: NetlinkError?
        // more acknowledgements than the socket holds would be lost: ENOBUFS
        for start in stride(from: 0, to: messages.count, by: mostInOne) {
            do throws(NetlinkError) { answers += try exchange(Array(messages[start..<min(start + mostInOne, messages.count)])) } catch {
                guard case .refused = error else { throw error }
                if failure == nil { failure = error }
            }
        }
        if let failure { throw failure }
        return answers
    }

    /// Asks for all of a kind: links, addresses, routes, neighbours. A list that changed while the kernel wrote it is asked for again.
    public func dump(_ message: Message) throws(NetlinkError) -> [Answer] {
        var question = message
        question.flags.formUnion(.dump)
        witness?(question)
        for _ in 0..<64 {
            if let answers = try attemptDump(question) { return answers }
        }
        throw .interrupted(request: question.words)
    }

    // MARK: One round

    private func exchange(_ messages: [Message]) throws(NetlinkError) -> [Answer] {
        try lastSequence.withLock { (last) throws(NetlinkError) in
            let first = last &+ 1
            last = last &+ UInt32(messages.count)
            try send(messages.map(\.acknowledged), from: first)
            return try collect(messages, from: first)
        }
    }

    private func send(_ messages: [Message], from first: UInt32) throws(NetlinkError) {
        var bytes: [UInt8] = []
        for (offset, message) in messages.enumerated() {
            bytes += message.bytes(sequence: first &+ UInt32(offset))
        }
        do throws(KernelError) {
            try descriptor.borrow { (socket) throws(KernelError) in try sendNetlink(bytes, on: socket) }
        } catch { throw .kernel(error) }
    }

    private func collect(_ messages: [Message], from first: UInt32) throws(NetlinkError) -> [Answer] {
        var answers: [Answer] = [], failure: NetlinkError?, open = messages.count
        while open > 0 {
            for answer in try receive() {
                let position = Int(answer.sequence &- first)
                guard messages.indices.contains(position) else { continue }  // of an earlier request that was given up
                guard answer.type == .error else {
                    answers.append(answer)
                    continue
                }
                open -= 1
                if failure == nil { failure = try answer.refusal(of: messages[position]) }
            }
        }
        if let failure { throw failure }
        return answers
    }

    /// Nil where the list changed under the kernel's pen.
    private func attemptDump(_ question: Message) throws(NetlinkError) -> [Answer]? {
        try lastSequence.withLock { (last) throws(NetlinkError) in
            last = last &+ 1
            try send([question], from: last)
            var answers: [Answer] = [], isInterrupted = false
            while true {
                for answer in try receive() where answer.sequence == last {
                    if answer.flags.contains(.interrupted), answer.type != .error { isInterrupted = true }
                    if answer.type == .error || answer.type == .done {
                        if let refusal = try answer.refusal(of: question) { throw refusal }
                        return isInterrupted ? nil : answers
                    }
                    answers.append(answer)
                }
            }
        }
    }

    private func receive() throws(NetlinkError) -> [Answer] {
        let datagram: [UInt8]
        do throws(KernelError) {
            datagram = try descriptor.borrow { (socket) throws(KernelError) in try receiveNetlink(on: socket) }
        } catch { throw .kernel(error) }
        return try Answer.all(in: datagram)
    }
}

/// How many messages go into one datagram.
private let mostInOne = 64

extension Message {
    /// The same, with an answer wanted also if all goes well.
    fileprivate var acknowledged: Message {
        var message = self
        message.flags.insert(.acknowledge)
        return message
    }
}

extension Answer {
    /// What an `NLMSG_ERROR` or `NLMSG_DONE` says; nil for an acknowledgement.
    ///
    /// Behind the number stands our message, or with `.capped` only its head; behind that, with `.words`, attributes of which number 1 is a
    /// sentence. A done has the attributes at once.
    public func refusal(of request: Message) throws(NetlinkError) -> NetlinkError? {
        guard let number = hostNumber(payload.prefix(4), as: Int32.self) else {
            if type == .done { return nil }  // an old kernel's end of a list
            throw .malformed("\(type.name) of \(payload.count) bytes for \(request.words)")
        }
        guard number != 0 else { return nil }
        return .refused(request: request.words, errno: 0 &- number, words: words)
    }

    private var words: String {
        guard flags.contains(.words) else { return "" }
        var before = 4
        if type == .error {
            let quoted = hostNumber(payload.dropFirst(4).prefix(4), as: UInt32.self).map(Int.init) ?? 0
            before += flags.contains(.capped) ? 16 : max(16, (min(quoted, payload.count) + 3) & ~3)
        }
        let attributes = try? Attributes(payload.dropFirst(before))  // without its sentence the number still says what went wrong
        return attributes?.text(1) ?? ""
    }
}
