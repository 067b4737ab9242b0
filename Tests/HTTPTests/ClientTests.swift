import HTTP
import Linux
import Testing

@Suite("The client", .timeLimit(.minutes(1)))
struct ClientTests {
    /// Echoes bodies, streams a hundred lines, and gives the connection away.
    private let engine: @Sendable (Request) async -> Response = { request in
        switch request.path {
        case "/body":
            do { return Response(status: 200, body: .bytes(try await request.body.collect(upTo: .max))) } catch { return Response(status: 400) }
        case "/stream": return Response(status: 200, body: .stream { writer in for number in 0..<100 { try await writer.write("\(number)\n") } })
        case "/cut":
            return Response(
                status: 200,
                body: .stream { writer in
                    try await writer.write("some")
                    throw CancellationError()
                })
        case "/attach":
            return Response(
                status: 101, headers: ["Connection": "Upgrade", "Upgrade": "tcp"],
                body: .hijack { connection in
                    try await connection.write(Array("early ".utf8))
                    var all: [UInt8] = []
                    for try await chunk in connection.inbound { all += chunk }
                    try await connection.write(all.reversed())
                })
        default: return Response(status: 404, body: .bytes(Array("no\n".utf8)))
        }
    }

    @Test("asks again and again on one connection: bodies, streams, refusals, HEAD")
    func keepAlive() async throws {
        try await withServer(engine) { path, _ in
            let client = try await Client(.unix(path: path.string))
            for round in 0..<3 {
                let body = pattern(300_000, seed: round)
                #expect(try await client.request("POST", "/body", body: body).bytes() == body)
                #expect(try await String(decoding: client.request("GET", "/stream").bytes(), as: UTF8.self) == (0..<100).map { "\($0)\n" }.joined())
                let refusal = try await client.request("GET", "/nothing")
                #expect(refusal.status == 404)
                #expect(try await refusal.bytes() == Array("no\n".utf8))
                let head = try await client.request("HEAD", "/nothing")
                #expect(head.status == 404 && head.headers["content-length"] == "3")
                #expect(try await head.bytes().isEmpty)
            }
            await client.close()
        }
    }

    @Test("sends a body in chunks")
    func upload() async throws {
        try await withServer(engine) { path, _ in
            let client = try await Client(.unix(path: path.string))
            let chunks = AsyncStream<[UInt8]> { stream in
                for number in 0..<50 { stream.yield(pattern(10_000, seed: number)) }
                stream.finish()
            }
            let answer = try await client.upload("POST", "/body", chunks: chunks).bytes()
            #expect(answer == (0..<50).flatMap { pattern(10_000, seed: $0) })
            await client.close()
        }
    }

    @Test("is given the connection, with what came early, and either side ends on its own")
    func upgrade() async throws {
        try await withServer(engine) { path, _ in
            let client = try await Client(.unix(path: path.string))
            let (reply, stream) = try await client.upgrade("POST", "/attach")
            #expect(reply.status == 101)
            let raw = try #require(stream)
            try await raw.write(Array("abc".utf8))
            await raw.finishWriting()
            // Also where all has come, and the engine has gone, before anybody reads.
            try await Task.sleep(for: .milliseconds(200))
            #expect(try await raw.inbound.collect() == Array("early cba".utf8))
            await raw.finish()
        }
    }

    @Test("tells a cut stream from a whole one")
    func cut() async throws {
        try await withServer(engine) { path, _ in
            let client = try await Client(.unix(path: path.string))
            let reply = try await client.request("GET", "/cut")
            await #expect(throws: BodyFailure.self) { try await reply.bytes() }
        }
    }

    @Test("gives no more of an answer than is read")
    func slowReader() async throws {
        let big = pattern(8 << 20)
        try await withServer({ _ in Response(status: 200, body: .bytes(big)) }) { path, _ in
            let client = try await Client(.unix(path: path.string))
            let reply = try await client.request("GET", "/")
            var all: [UInt8] = []
            for try await chunk in reply.body {
                if all.isEmpty { try await Task.sleep(for: .milliseconds(200)) }
                all += chunk
            }
            #expect(all == big)
            await client.close()
        }
    }

    @Test("says which address nobody answers at")
    func refused() async {
        let error = await #expect(throws: ClientError.self) { _ = try await Client(.unix(path: "/nonexistent.sock")) }
        #expect(error?.description.hasPrefix("connect to unix:///nonexistent.sock: ") == true)
    }

    @Test("works over TCP too")
    func tcp() async throws {
        try await withServer(engine) { _, server in
            let port = try await server.bind(host: "127.0.0.1", port: 0)
            let client = try await Client(.tcp(host: "127.0.0.1", port: port))
            #expect(try await client.request("POST", "/body", body: [1, 2, 3]).bytes() == [1, 2, 3])
            await client.close()
        }
    }

    @Test(
        "reads addresses as DOCKER_HOST has them",
        arguments: [
            ("unix:///run/a.sock", Address.unix(path: "/run/a.sock")), ("tcp://host:99", .tcp(host: "host", port: 99)),
            ("tcp://host", .tcp(host: "host", port: 2375)),
            ("http://[::1]:80/", .tcp(host: "::1", port: 80)), ("unix://", nil), ("tcp://:1", nil), ("tcp://h:70000", nil), ("npipe://x", nil), ("", nil)
        ] as [(String, Address?)])
    func addresses(text: String, address: Address?) { #expect(Address(text) == address) }
}
