import DockerAPI
import Engine
import FoundationEssentials
import HTTP
import Linux
import Logging
import Testing

@testable import Daemon

private func withDaemon(_ body: (Client) async throws -> Void) async throws { try await withEngine { client, _ in try await body(client) } }

/// An engine without containers behind a unix socket, as long as `body` runs. Nothing here needs a privilege.
func withEngine(_ body: (Client, ContainerEngine) async throws -> Void) async throws {
    let folder = FilePath("/tmp/slipway-daemon-\(currentProcess())-\(UInt32.random(in: 0...UInt32.max))")
    try makeDirectory(folder)
    var settings = EngineSettings(
        dataRoot: folder.appending("data"), execRoot: folder.appending("run"), shim: "/nonexistent/slipway-shim", tree: "/nonexistent/slipway-tree")
    settings.cgroupParent = "/slipway-test"
    let engine = try await ContainerEngine(settings, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let answerer = Answerer(engine, executable: "/nonexistent/slipwayd", log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let server = Server(threads: 1) { await answerer.answer($0) }
    try await server.bind(unix: folder.appending("s"))
    let client = try await Client(.unix(path: folder.appending("s").string))
    do {
        try await body(client, engine)
    } catch {
        Issue.record(error)
    }
    await client.close()
    await server.shutdown()
    try removeTree(folder)
}

private func message(_ reply: Reply) async throws -> String {
    try JSONDecoder().decode(ErrorReply.self, from: Data(try await reply.bytes())).message
}

private let swarm = ["/swarm", "/nodes", "/services", "/tasks", "/secrets", "/configs", "/session", "/grpc"]

@Suite("The routes", .timeLimit(.minutes(1)))
struct RoutesTests {
    @Test("every route of Docker's that is not built answers 501 in JSON, and names itself")
    func unbuiltRoutes() async throws {
        try await withDaemon { client in
            #expect(unbuilt.count > 5)
            for (method, pattern) in unbuilt {
                let path = pattern.split(separator: "/").map { $0.hasPrefix("{") ? "thing" : String($0) }.joined(separator: "/")
                let reply = try await client.request(method, "/v1.43/" + path)
                #expect(reply.status == 501, "\(method) \(path)")
                guard method != "HEAD" else { continue }
                #expect(reply.headers["Content-Type"] == "application/json")
                #expect(try await message(reply).contains("is not supported by this engine yet"))
            }
        }
    }

    @Test("what is nobody's route, or has another method, is a page that was not found")
    func unknownRoutes() async throws {
        try await withDaemon { client in
            for path in swarm + ["/", "/nosuch", "/containers", "/containers/x/y/z", "/slipway", "/v1.43"] {
                let reply = try await client.request("GET", path)
                #expect(reply.status == 404, "\(path)")
                #expect(try await message(reply) == "page not found")
            }
            #expect(try await client.request("PUT", "/containers/json").status == 404)
        }
    }

    @Test("ping answers GET and HEAD, with the headers that clients negotiate by")
    func pings() async throws {
        try await withDaemon { client in
            let reply = try await client.request("GET", "/_ping")
            #expect(reply.status == 200 && reply.headers["Api-Version"] == "1.43" && reply.headers["Ostype"] == "linux" && reply.headers["Swarm"] == "inactive")
            #expect(try await reply.bytes() == Array("OK".utf8))
            #expect(try await client.request("HEAD", "/_ping").headers["Content-Length"] == "0")
        }
    }

    @Test(
        "versions that we do not speak are refused in Docker's words",
        arguments: [("v1.99", "too new. Maximum supported API version is 1.43"), ("v1.12", "too old. Minimum supported API version is 1.24")])
    func versions(_ prefix: String, _ words: String) async throws {
        try await withDaemon { client in
            let reply = try await client.request("GET", "/\(prefix)/info")
            #expect(reply.status == 400)
            #expect(try await message(reply).contains(words))
        }
    }

    @Test(
        "what is not there is told in the words that clients match on",
        arguments: [
            ("GET", "/containers/zz/json", "No such container: zz"), ("POST", "/containers/zz/start", "No such container: zz"),
            ("DELETE", "/containers/zz", "No such container: zz"),
            ("GET", "/exec/zz/json", "No such exec instance: zz"), ("GET", "/networks/zz", "network zz not found"),
            ("GET", "/volumes/zz", "get zz: no such volume"),
            ("GET", "/plugins/zz/json", "plugin \"zz\" not found"), ("GET", "/images/a/zz/json", "No such image: a/zz:latest")
        ])
    func missing(_ method: String, _ path: String, _ words: String) async throws {
        try await withDaemon { client in
            let reply = try await client.request(method, path)
            #expect(reply.status == 404)
            #expect(try await message(reply) == words)
        }
    }

    @Test(
        "bad requests get 400 and a sentence",
        arguments: [
            ("/containers/create", "", "invalid JSON: got EOF while reading request body"),
            ("/containers/create", "{bad", "invalid JSON: the request's body is malformed"),
            ("/containers/create", "{}", "config cannot be empty in order to create a container"),
            ("/containers/create?name=a", #"{"Image":"x"}"#, "Invalid container name (a), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
        ])
    func badBodies(_ path: String, _ body: String, _ words: String) async throws {
        try await withDaemon { client in
            let reply = try await client.request("POST", path, headers: ["Content-Type": "application/json"], body: Array(body.utf8))
            #expect(reply.status == 400)
            #expect(try await message(reply) == words)
        }
    }

    @Test("lists of nothing are empty lists; the three networks are there; a bad filter is refused")
    func lists() async throws {
        try await withDaemon { client in
            #expect(try await client.request("GET", "/containers/json?all=1").bytes() == Array("[]\n".utf8))
            #expect(try await client.request("GET", "/images/json").bytes() == Array("[]\n".utf8))
            let networks = String(decoding: try await client.request("GET", "/networks").bytes(), as: UTF8.self)
            #expect(["bridge", "host", "none"].allSatisfy { networks.contains("\"Name\":\"\($0)\"") })
            let reply = try await client.request("GET", "/containers/json?filters=%7B%22x%22%3A%5B%22y%22%5D%7D")
            #expect(reply.status == 400)
            #expect(try await message(reply) == "invalid filter 'x'")
        }
    }
}

@Suite("Patterns and words")
struct PatternTests {
    @Test("a greedy part takes slashes, a plain one does not")
    func patterns() {
        let route = Route("GET", "/images/{name...}/json") { _ in .empty(200) }
        #expect(route.match(["images", "a", "b:1", "json"]) == ["name": "a/b:1"])
        #expect(route.match(["images", "json"]) == nil)
        #expect(Route("GET", "/containers/{id}/json") { _ in .empty(200) }.match(["containers", "a", "b", "json"]) == nil)
    }

    @Test("versions compare by their numbers")
    func versions() throws {
        #expect(try #require(APIVersion("1.9")) < APIVersion(1, 24))
        #expect(APIVersion("1") == nil && APIVersion("1.x") == nil)
    }

    @Test(
        "times of a query are seconds with up to nine digits", arguments: [("5", Int64(5_000_000_000)), ("5.5", 5_500_000_000), ("1.000000001", 1_000_000_001)])
    func moments(_ text: String, _ nanoseconds: Int64) throws {
        #expect(try moment(text, "since") == nanoseconds)
        #expect(throws: EngineError.self) { try moment("2026-01-01", "since") }
        #expect(try moment("0", "since") == nil)
    }
}

@Suite("The daemon's configuration")
struct ConfigurationTests {
    private func read(_ text: String) throws -> DaemonConfiguration {
        let path = FilePath("/tmp/slipway-configuration-\(currentProcess())-\(UInt32.random(in: 0...UInt32.max)).json")
        try writeFile(path, text)
        defer { #expect(throws: Never.self) { try remove(path) } }
        return try DaemonConfiguration(readFrom: path)
    }

    @Test("the file has dockerd's keys; one that nobody knows is an error that names it")
    func keys() throws {
        let configuration = try read(#"{"hosts":["unix:///x"],"data-root":"/d","insecure-registries":["r:1"],"debug":true}"#)
        #expect(
            configuration.hosts == ["unix:///x"] && configuration.dataRoot == "/d" && configuration.logLevel == "debug"
                && configuration.insecureRegistries == ["r:1"])
        let error = #expect(throws: ConfigurationError.self) { try read(#"{"data-rot":"/d"}"#) }
        #expect(error?.description.contains("data-rot") == true)
        #expect(throws: ConfigurationError.self) { try read("{") }
        #expect(throws: ConfigurationError.self) { try read(#"{"hosts":"x"}"#) }
    }

    @Test("what flag and file both say is an error")
    func both() throws {
        var flags = DaemonConfiguration()
        flags.dataRoot = "/a"
        let file = try read(#"{"data-root":"/b"}"#)
        #expect(throws: ConfigurationError.self) { try flags.completed(from: file, named: "f") }
        flags.dataRoot = nil
        #expect(try flags.completed(from: file, named: "f").dataRoot == "/b")
    }

    @Test("addresses: unix sockets, TCP with a port of its own, nothing else")
    func addresses() throws {
        #expect(try ListenAddress("unix:///run/x") == .unix("/run/x"))
        #expect(try ListenAddress("tcp://0.0.0.0:99") == .tcp(host: "0.0.0.0", port: 99))
        #expect(try ListenAddress("tcp://[::1]") == .tcp(host: "::1", port: 2375))
        for bad in ["unix://rel", "tcp://h:x", "npipe://x", ""] { #expect(throws: ConfigurationError.self) { try ListenAddress(bad) } }
    }
}
