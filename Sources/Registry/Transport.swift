// One exchange with whoever answers at an address: a connection, used again where one is free, the request, the head of the response. What a
// machine does wrong below that becomes a `RegistryError` here, with the address in it; whether it may be different next time is said too.
// RFC 9112 §9. chapter 08
import HTTP
import Linux
import Synchronization

/// Why an exchange failed, and what may be done about it.
struct ExchangeFailure: Error {
    let error: RegistryError
    /// Whether another attempt makes sense.
    let isTransient: Bool
    /// Of an exchange over TLS: whether the other side may be one that speaks none.
    var mayBePlain = false
}

/// Sends questions, over as few connections as will do.
final class Transport: Sendable {
    let settings: RegistrySettings
    private let observe: (@Sendable (Exchange) -> Void)?
    private let certificates: Certificates
    private let idle = Mutex<[WebAddress.Origin: [Client]]>([:])
    /// Who has answered before: where trouble with them is likely to pass.
    private let reached = Mutex<Set<WebAddress.Origin>>([])

    init(_ settings: RegistrySettings, _ observe: (@Sendable (Exchange) -> Void)?) {
        (self.settings, self.observe, certificates) = (settings, observe, Certificates(settings))
    }

    /// Sends a question and gives its answer, without a second attempt.
    func once(_ question: Question) async throws(ExchangeFailure) -> Answer {
        let start = ContinuousClock.now
        do {
            try Task.checkCancellation()
            if let client = await takeIdle(question.address.origin), let answer = try await send(question, client, start, isFirst: false) { return answer }
            let client = try await connect(question.address)
            guard let answer = try await send(question, client, start, isFirst: true) else { throw ClientError.ended(client.address) }
            return answer
        } catch {
            let failure = failure(error, question)
            tell(question, since: start, trouble: failure.error)
            throw failure
        }
    }

    /// nil where a connection that had been used before turns out to be closed: nobody has seen the question then.
    private func send(_ question: Question, _ client: Client, _ start: ContinuousClock.Instant, isFirst: Bool) async throws -> Answer? {
        var headers = question.headers
        headers["Host"] = question.address.authority
        headers["User-Agent"] = settings.userAgent
        headers["Authorization"] = question.authorization
        let reply: Reply
        do { reply = try await client.request(question.method, question.address.target, headers: headers, body: question.body) } catch {
            client.abandon()
            if !isFirst, !Task.isCancelled, case ClientError.ended = error { return nil }
            throw error
        }
        reached.withLock { _ = $0.insert(question.address.origin) }
        return try await answer(question, reply, client, start)
    }

    private func answer(_ question: Question, _ reply: Reply, _ client: Client, _ start: ContinuousClock.Instant) async throws(RegistryError) -> Answer {
        let body = AnswerBody(reply.body, translate: { self.failure($0, question).error }) { bytes, trouble in
            if trouble == nil { self.putBack(client, question.address.origin) } else { client.abandon() }
            self.tell(question, reply, bytes, since: start, trouble: trouble)
        }
        let explanation = (200..<300).contains(reply.status) ? [] : try await body.collect(upTo: 65_536).bytes
        return Answer(question: question, status: reply.status, headers: reply.headers, body: body, explanation: explanation)
    }

    // MARK: Connections

    private func connect(_ place: WebAddress) async throws -> Client {
        var connection = ConnectionSettings()
        if place.isSecure { connection.tls = try await certificates.tls(for: place) }
        (connection.connectTimeout, connection.idleTimeout) = (settings.connectTimeout, settings.idleTimeout)
        connection.proxy = settings.proxies.proxy(to: place.origin.address, tls: place.isSecure)
        return try await Client(place.origin.address, connection)
    }

    private func takeIdle(_ origin: WebAddress.Origin) async -> Client? {
        while let client = idle.withLock({ $0[origin]?.popLast() }) {
            if await client.isReusable { return client }
            client.abandon()
        }
        return nil
    }

    private func putBack(_ client: Client, _ origin: WebAddress.Origin) {
        client.rest(atMost: .seconds(10))
        let isKept = idle.withLock { idle in
            guard idle[origin, default: []].count < 8 else { return false }
            idle[origin, default: []].append(client)
            return true
        }
        if !isKept { client.abandon() }
    }

    // MARK: Trouble

    private func failure(_ error: any Error, _ question: Question) -> ExchangeFailure {
        // In the middle of a pull a registry that is gone is likely to come back; at its beginning somebody waits to hear that it is gone.
        let mayPass = question.purpose != .ping && reached.withLock { $0.contains(question.address.origin) }
        if Task.isCancelled || error is CancellationError { return ExchangeFailure(error: .cancelled, isTransient: false) }
        if let error = error as? RegistryError { return ExchangeFailure(error: error, isTransient: false) }
        let cause = (error as? BodyFailure)?.cause ?? error as? ClientError
        let words = question.words
        return switch cause {
        case .stalled(_, let seconds):
            ExchangeFailure(error: .stalled("\(words): nothing came for \(seconds) seconds"), isTransient: true, mayBePlain: true)
        case .malformed: ExchangeFailure(error: .malformed("\(words): the answer is not HTTP"), isTransient: false)
        case .ended: ExchangeFailure(error: .unreachable("\(words): unexpected EOF"), isTransient: true, mayBePlain: true)
        case .cannotConnect(_, let why, _): ExchangeFailure(error: .unreachable("\(words): \(why)"), isTransient: mayPass, mayBePlain: true)
        case .noTLS:
            ExchangeFailure(
                error: .unreachable("\(words): http: server gave HTTP response to HTTPS client"), isTransient: mayPass, mayBePlain: true)
        case .untrusted(_, let why):
            ExchangeFailure(error: .unreachable("\(words): tls: failed to verify certificate: \(why)"), isTransient: false)
        case .tls(_, let why), .certificates(let why): ExchangeFailure(error: .unreachable("\(words): \(why)"), isTransient: false)
        case nil: ExchangeFailure(error: .unreachable("\(words): \(error)"), isTransient: false)
        }
    }

    // MARK: Telling

    private func tell(_ question: Question, _ reply: Reply? = nil, _ bytes: Int64 = 0, since start: ContinuousClock.Instant, trouble: RegistryError?) {
        observe?(Exchange(question, reply, bytes, seconds: (ContinuousClock.now - start) / .seconds(1), trouble))
    }
}
