// What a command has at hand: the engine, our three streams, the terminal. chapter 13

internal import DockerClient
internal import JSON
internal import Linux

/// The surroundings of one command.
final class Session {
    /// Which engine, and whether it is ours to start.
    let address: Address, startsDaemon: Bool
    private var client: Engine?

    init(host: String?, environment: [String: String]) throws(Failure) {
        let text = host ?? environment["DOCKER_HOST"].flatMap { $0.isEmpty ? nil : $0 }
        startsDaemon = text == nil
        do throws(ClientError) { address = try text.map { text throws(ClientError) in try Address(text) } ?? .ours } catch { throw Failure("\(error)") }
        guard case .tcp = address, let tls = environment["DOCKER_TLS_VERIFY"], !tls.isEmpty else { return }
        throw Failure("DOCKER_TLS_VERIFY is set, but TLS is not supported yet: use a unix socket, or a TCP port without TLS")
    }

    /// The engine; ours is started if it doesn't run.
    func engine() throws(Failure) -> Engine {
        if let client { return client }
        if startsDaemon, case .unix(let path) = address { try Daemon.ensure(listeningAt: path) }
        let made = Engine(at: address)
        client = made
        return made
    }

    /// A call, with a failure of the engine as a failure of the command.
    @discardableResult
    func call(_ method: String, _ path: [String], query: [(name: String, value: String)] = [], body: JSONValue? = nil) throws(Failure) -> Engine.Reply {
        do throws(ClientError) {
            return try engine(orClientError: ()).call(Request(method, path, query: query, body: body.map { .json($0) } ?? .none))
        } catch { throw Failure(error) }
    }

    /// A call whose reply is JSON.
    func json(_ method: String, _ path: [String], query: [(name: String, value: String)] = [], body: JSONValue? = nil) throws(Failure) -> JSONValue {
        let reply = try call(method, path, query: query, body: body)
        do throws(ClientError) { return try reply.json() } catch { throw Failure(error) }
    }

    private func engine(orClientError: Void) throws(ClientError) -> Engine {
        do throws(Failure) { return try engine() } catch { throw .badAddress(error.message ?? "") }
    }

    /// Whether this is Slipway's engine, and not another's: it names itself in the reply to `version`.
    func isOurs() throws(Failure) -> Bool {
        let version = try json("GET", ["version"])
        let names = [version["Platform"]?["Name"]?.string] + (version["Components"]?.items.map { $0["Name"]?.string } ?? [])
        return names.contains { $0?.contains("Slipway") == true }
    }
}

extension Failure {
    init(_ error: ClientError, code: Int32 = 1) { self.init("\(error)", code: code) }
}
