// A client against a socket on which we answer by hand: what engines do, and what broken ones do. Chapter 13.
import DockerClient
import JSON
import Linux
import Testing

@Suite("An engine's client", .serialized)
struct EngineTests {
    /// A socket that answers each connection with the next of `replies` (each connection's replies one by one), while `body` talks to it.
    func serving(_ replies: [[String]], _ body: (Engine) throws -> Void) async throws {
        let path = FilePath("/tmp/slipway-client-test-\(UInt32.random(in: 0 ... .max)).sock")
        let socket = try listen(path, .stream)
        defer { try? remove(path) }  // it goes with the machine else
        let server = Task.detached {
            var heard: [String] = []
            for connection in replies {
                let peer = try socket.borrow { try accept($0) }
                for reply in connection {
                    heard.append(String(decoding: try peer.borrow { try read($0, upTo: 65_536) }, as: UTF8.self))
                    try peer.borrow { try write($0, reply) }
                }
            }
            return heard
        }
        try body(Engine(at: .unix(path: path.string)))
        let heard = try await server.value
        #expect(heard.count == replies.joined().count)
    }

    @Test("uses one connection for calls that follow each other")
    func reuse() async throws {
        let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        try await serving([[ok, ok, "HTTP/1.1 204 No Content\r\n\r\n", ok]]) { engine in
            for method in ["GET", "GET", "POST", "GET"] { try engine.call(Request(method, ["x"])) }
        }
    }

    @Test("makes a new connection where the old one was closed in between, or can't be used again")
    func closed() async throws {
        let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        try await serving([[ok], ["HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"], [ok]]) { engine in
            for _ in 0..<3 { try engine.call(Request("GET", ["x"])) }
        }
    }

    @Test("tells the engine's message, in JSON or as text")
    func refusals() async throws {
        let json = "HTTP/1.1 404 Not Found\r\nContent-Length: 31\r\n\r\n{\"message\":\"No such thing: x\"}\n",
            text = "HTTP/1.1 409 Conflict\r\nContent-Length: 9\r\n\r\nbad luck\n"
        let nothing = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
        try await serving([[json, text, nothing]]) { engine in
            #expect(throws: ClientError.refused(status: 404, message: "No such thing: x")) { try engine.call(Request("GET", ["x"])) }
            #expect(throws: ClientError.refused(status: 409, message: "bad luck")) { try engine.call(Request("GET", ["x"])) }
            #expect(throws: ClientError.self) { try engine.call(Request("GET", ["x"])) }
        }
    }

    @Test(
        "reports replies that are none or end too early",
        arguments: [
            "", "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"
        ])
    func broken(reply: String) async throws {
        try await serving([[reply]]) { engine in
            #expect(throws: ClientError.self) { try engine.call(Request("GET", ["x"])) }
        }
    }

    @Test("takes a connection over, with the bytes that came early")
    func upgrade() async throws {
        try await serving([["HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nearly"]]) { engine in
            let stream = try engine.upgrade(Request("POST", ["containers", "x", "attach"]))
            #expect(stream.takeEarlyBytes() == Array("early".utf8))
        }
    }

    @Test("says that nobody is there")
    func nobody() {
        #expect(throws: ClientError.self) { try Engine(at: .unix(path: "/nonexistent/socket")).call(Request("GET", ["_ping"])) }
        #expect(throws: ClientError.self) { try Engine(at: .tcp(host: "127.0.0.1", port: 1)).call(Request("GET", ["_ping"])) }
    }
}
