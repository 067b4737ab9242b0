import HTTP
import Linux
import Testing

private let ok: @Sendable (Request) async -> Response = { _ in Response(status: 200) }

@Suite("Bad requests", .timeLimit(.minutes(1)))
struct BadInputTests {
    @Test(
        "are answered with 400 and the end of the connection",
        arguments: [
            "\u{1}\u{2}nonsense\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\nHost x\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
            "GET / HTTP/1.1\r\nA b: c\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}\n\n", "\r\n\r\n\r\n \r\n\r\n"
        ])
    func malformed(request: String) async throws {
        try await withServer(ok) { path, _ in
            let wire = try Wire(path)
            await wire.send(request)
            #expect(await wire.text().hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
            wire.close()
        }
    }

    @Test("with a broken chunk fail the body, and end the connection")
    func chunk() async throws {
        let told = Promise()
        try await withServer({ request in
            do { _ = try await request.body.collect() } catch { told.fulfil() }
            return Response(status: 400)
        }) { path, _ in
            let wire = try Wire(path)
            await wire.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
            #expect(await wire.text().hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
            #expect(await told.isFulfilled(within: .seconds(5)))
            wire.close()
        }
    }

    @Test("with a head of more than 64 KiB are refused, in one piece or trickling", arguments: [1 << 20, 70_000, 1_000])
    func largeHead(piece: Int) async throws {
        try await withServer(ok) { path, _ in
            let wire = try Wire(path)
            await wire.send("GET / HTTP/1.1\r\nX: ")
            async let text = wire.text()
            for _ in 0..<(100_000 / min(piece, 100_000)) { await wire.send([UInt8](repeating: 97, count: piece)) }
            #expect(await text.hasPrefix("HTTP/1.1 431 Request Header Fields Too Large\r\n"))
            wire.close()
        }
    }

    @Test("with a head just under the limit are served")
    func fullHead() async throws {
        try await withServer(ok) { path, _ in
            let wire = try Wire(path)
            let start = "GET / HTTP/1.1\r\nHost: x\r\nX: "
            await wire.send(start + String(repeating: "a", count: 65_536 - start.utf8.count - 4) + "\r\n\r\n")
            #expect(await wire.text(endingWith: "\r\n\r\n").hasPrefix("HTTP/1.1 200 OK\r\n"))
            wire.close()
        }
    }

    @Test("whose head does not come in time are refused, but who has sent nothing may stay, and streams may last")
    func slow() async throws {
        var limits = Limits()
        limits.headSeconds = 0.2
        try await withServer(
            limits: limits,
            { request in
                guard request.path == "/long" else { return Response(status: 200) }
                return Response(
                    status: 200,
                    body: .stream { writer in
                        try await Task.sleep(for: .milliseconds(600))
                        try await writer.write("end")
                    })
            }
        ) { path, _ in
            let idle = try Wire(path), slow = try Wire(path), long = try Wire(path)
            await slow.send("GET / HTTP/1.1\r\nHo")
            await long.send("GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await slow.text().hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
            #expect(await long.text(endingWith: "0\r\n\r\n").hasSuffix("3\r\nend\r\n0\r\n\r\n"))
            await idle.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await idle.text(endingWith: "\r\n\r\n").hasPrefix("HTTP/1.1 200 OK\r\n"))
            for wire in [idle, slow, long] { wire.close() }
        }
    }

    @Test("cut at any byte, or with any byte changed, leave the server well")
    func fuzz() async throws {
        let good = Array(
            "POST /a?b=c HTTP/1.1\r\nHost: x\r\nUpgrade: tcp\r\nConnection: Upgrade\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".utf8)
        try await withServer(ok) { path, _ in
            for index in good.indices {
                for bytes in [Array(good[..<index]), good[..<index] + [UInt8.random(in: 0...255)] + good[(index + 1)...]] {
                    let wire = try Wire(path)
                    await wire.send(bytes)
                    wire.endOutput()
                    let text = await wire.text()
                    #expect(text.isEmpty || text.hasPrefix("HTTP/1.1 "))
                    wire.close()
                }
            }
            let wire = try Wire(path)
            await wire.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await wire.text(endingWith: "\r\n\r\n").hasPrefix("HTTP/1.1 200 OK\r\n"))
            wire.close()
        }
    }

    @Test("headers cannot be smuggled into an answer")
    func injection() async throws {
        try await withServer({ _ in Response(status: 200, headers: ["X": "a\r\nEvil: b"]) }) { path, _ in
            let wire = try Wire(path)
            await wire.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await wire.text(endingWith: "\r\n\r\n") == "HTTP/1.1 200 OK\r\nX: a  Evil: b\r\nContent-Length: 0\r\n\r\n")
            wire.close()
        }
    }
}

@Suite("Listening")
struct ListeningTests {
    @Test("replaces a socket that nobody answers at, never one that is answered, nor a file; and leaves nothing behind")
    func stale() async throws {
        let path = FilePath("/tmp/slipway-http-\(UInt64.random(in: 0...UInt64.max)).sock")
        _ = try listen(path, .stream)  // closed at once: the file stays
        let one = Server(handler: ok), other = Server(handler: ok)
        try await one.bind(unix: path)
        #expect(try status(path).mode & 0o777 == 0o660)
        let error = await #expect(throws: ServerError.self) { try await other.bind(unix: path) }
        #expect(error?.description == "listen on unix://\(path): another process answers there")
        await one.shutdown()
        #expect(!exists(path))
        try writeFile(path, "mine")
        await #expect(throws: ServerError.self) { try await other.bind(unix: path) }
        #expect(try readText(path) == "mine")
        try remove(path)
        await other.shutdown()
    }
}
