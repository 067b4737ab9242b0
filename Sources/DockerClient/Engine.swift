// An engine, as a client sees it: calls that are answered, streams that go on, connections that are taken over. One connection is kept and
// used again, as a command's calls follow each other; what blocks or streams gets one of its own. Paths carry no version: each engine then
// speaks its newest, and no call is spent on asking. docs.docker.com/reference/api/engine · chapter 13

public import JSON

/// A client of one engine.
public final class Engine {
    public let address: Address
    private var idle: Connection?

    /// Nothing is sent before the first call.
    public init(at address: Address) {
        self.address = address
    }

    /// A reply, complete.
    public struct Reply: Sendable {
        public let head: ReplyHead
        public let body: [UInt8]

        /// The body as JSON.
        public func json() throws(ClientError) -> JSONValue {
            guard let value = JSONValue(body) else { throw .broken("the engine's reply is no JSON") }
            return value
        }
    }

    /// Makes a call and reads all of its reply.
    ///
    /// - Throws: `ClientError.refused` for a status of 400 and above, with the engine's message.
    @discardableResult
    public func call(_ request: Request) throws(ClientError) -> Reply {
        let connection: Connection
        if let idle { connection = idle } else { connection = try Connection(to: address) }
        idle = nil
        let head: ReplyHead
        do throws(ClientError) {
            try connection.send(request)
            head = try connection.head()
        } catch {
            // An engine may close a connection that it has kept long enough, just as we use it again: once more, on a new one.
            guard connection.isUsed, case .broken = error else { throw error }
            return try call(request)
        }
        return try finish(head, connection)
    }

    /// Sends a request on a connection of its own and waits for the head of the reply: a stream to read from.
    ///
    /// - Throws: `ClientError.refused` as `call`.
    public func open(_ request: Request) throws(ClientError) -> Connection {
        try stream(begin(request))
    }

    /// Like `open`, with the head of the reply, where some calls say what follows.
    public func openWithHead(_ request: Request) throws(ClientError) -> (head: ReplyHead, stream: Connection) {
        let connection = try begin(request), head = try connection.head()
        guard head.status >= 400 else { return (head, connection) }
        throw refusal(head, try connection.body())
    }

    /// Like `open`, for attach and exec: the connection is ours afterwards, in both directions. Engines answer 101, old ones 200.
    public func upgrade(_ request: Request) throws(ClientError) -> Connection {
        var request = request
        request.upgrades = true
        return try open(request)
    }

    /// Sends a request whose body the caller writes in chunks; `finish` reads the reply.
    public func begin(_ request: Request) throws(ClientError) -> Connection {
        let connection = try Connection(to: address)
        try connection.send(request)
        return connection
    }

    /// The rest of an exchange that `begin` began: a stream to read from.
    ///
    /// - Throws: `ClientError.refused` as `call`.
    public func stream(_ connection: Connection) throws(ClientError) -> Connection {
        let head = try connection.head()
        guard head.status >= 400 else { return connection }
        throw refusal(head, try connection.body())
    }

    /// The rest of an exchange that `begin` began on `connection`: its reply.
    public func finish(_ connection: Connection) throws(ClientError) -> Reply { try finish(connection.head(), connection) }

    private func finish(_ head: ReplyHead, _ connection: Connection) throws(ClientError) -> Reply {
        let body = try connection.body()
        if connection.isReusable { idle = connection }
        guard head.status < 400 else { throw refusal(head, body) }
        return Reply(head: head, body: body)
    }

    /// The engine's message: JSON, plain text on attach, or a sentence about its absence.
    private func refusal(_ head: ReplyHead, _ body: [UInt8]) -> ClientError {
        if let message = JSONValue(body)?["message"]?.string, !message.isEmpty { return .refused(status: head.status, message: message) }
        let text = String(decoding: body.prefix { $0 != 13 && $0 != 10 }, as: UTF8.self)
        return .refused(status: head.status, message: text.isEmpty ? "status \(head.status), and the engine gave no reason" : text)
    }
}
