import HTTP
import Linux
import Testing

private let hello: @Sendable (Request) async -> Response = { request in
    Response(status: 200, headers: ["Content-Type": "text/plain"], body: .bytes(Array("\(request.method) \(request.path)".utf8)))
}

private func occurrences(of word: String, in text: String) -> Int {
    text.indices.count { text[$0...].hasPrefix(word) }
}

@Suite("The server", .timeLimit(.minutes(1)))
struct ServerTests {
    @Test("answers with the length of the body, and keeps the connection")
    func plain() async throws {
        try await withServer(hello) { path, _ in
            let wire = try Wire(path)
            for name in ["a", "b"] {
                await wire.send("GET /\(name) HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(await wire.text(endingWith: "/\(name)") == "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nGET /\(name)")
            }
            wire.close()
        }
    }

    @Test("answers pipelined requests one after the other, in order, also at the end of input")
    func pipelined() async throws {
        try await withServer({ request in
            if request.path == "/0" { try? await Task.sleep(for: .milliseconds(50)) }  // cancelled: sooner
            return await hello(request)
        }) { path, _ in
            let wire = try Wire(path)
            let requests = (0..<20).map { "POST /\($0) HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nbody!" }
            await wire.send(requests.joined())
            wire.endOutput()
            let text = await wire.text()
            #expect(occurrences(of: "HTTP/1.1 200 OK", in: text) == 20)
            let paths = text.split(separator: "POST /").dropFirst().compactMap { Int($0.prefix { $0.isNumber }) }
            #expect(paths == Array(0..<20))
            wire.close()
        }
    }

    @Test("sends the head for HEAD and no body, and neither body nor length with 204 and 304")
    func bodiless() async throws {
        try await withServer({ request in
            switch request.path {
            case "/head": Response(status: 200, body: .bytes(Array("OK".utf8)))
            case "/304": Response(status: 304)
            default: Response(status: 204)
            }
        }) { path, _ in
            let wire = try Wire(path)
            await wire.send("HEAD /head HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await wire.text(endingWith: "\r\n\r\n") == "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
            await wire.send("GET /204 HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await wire.text(endingWith: "\r\n\r\n") == "HTTP/1.1 204 No Content\r\n\r\n")
            await wire.send("GET /304 HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await wire.text(endingWith: "\r\n\r\n") == "HTTP/1.1 304 Not Modified\r\n\r\n")
            wire.close()
        }
    }

    @Test("sends a stream's head before its first byte, and each chunk as it is written")
    func streams() async throws {
        let goOn = Promise()
        try await withServer({ _ in
            Response(
                status: 200,
                body: .stream { writer in
                    _ = await goOn.isFulfilled(within: .seconds(50))
                    try await writer.write("one\n")
                    try await writer.write("two\n")
                })
        }) { path, _ in
            let wire = try Wire(path)
            await wire.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await wire.text(endingWith: "\r\n\r\n") == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            goOn.fulfil()
            #expect(await wire.text(endingWith: "0\r\n\r\n") == "4\r\none\n\r\n4\r\ntwo\n\r\n0\r\n\r\n")
            wire.close()
        }
    }

    @Test("sends a stream to HTTP/1.0 without chunks, and ends it with the connection")
    func oldStreams() async throws {
        try await withServer({ _ in Response(status: 200, body: .stream { try await $0.write("all") }) }) { path, _ in
            let wire = try Wire(path)
            await wire.send("GET / HTTP/1.0\r\n\r\n")
            #expect(await wire.text() == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall")
            wire.close()
        }
    }

    @Test("cancels a stream whose client has gone, though nothing is written")
    func idleStream() async throws {
        let cancelled = Promise()
        try await withServer({ _ in
            Response(
                status: 200,
                body: .stream { _ in
                    do { try await Task.sleep(for: .seconds(60)) } catch { cancelled.fulfil() }
                })
        }) { path, _ in
            let wire = try Wire(path)
            await wire.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = await wire.text(endingWith: "\r\n\r\n")
            wire.close()
            #expect(await cancelled.isFulfilled(within: .seconds(10)))
        }
    }

    @Test("stops a stream's writer while the client does not read")
    func slowReader() async throws {
        let written = Counter()
        try await withServer({ _ in
            Response(
                status: 200,
                body: .stream { writer in
                    for _ in 0..<1_000 {
                        try await writer.write([UInt8](repeating: 7, count: 1 << 16))
                        written.add(1 << 16)
                    }
                })
        }) { path, _ in
            let wire = try Wire(path)
            await wire.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await written.standsStill() < 8 << 20)
            wire.close()
        }
    }

    @Test("reads a chunked body no faster than the handler does")
    func slowHandler() async throws {
        let sent = Counter(), goOn = Promise(), total = 32 << 20
        try await withServer({ request in
            _ = await goOn.isFulfilled(within: .seconds(50))
            var count = 0
            do { for try await chunk in request.body { count += chunk.count } } catch { return Response(status: 500) }
            return Response(status: 200, body: .bytes(Array("\(count)".utf8)))
        }) { path, _ in
            let wire = try Wire(path)
            async let answer = wire.text(endingWith: "\(total)")
            async let early = {
                defer { goOn.fulfil() }
                return await sent.standsStill()
            }()
            await wire.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in 0..<(total >> 16) {
                await wire.send(Array("10000\r\n".utf8) + [UInt8](repeating: 1, count: 1 << 16) + Array("\r\n".utf8))
                sent.add(1 << 16)
            }
            await wire.send("0\r\n\r\n")
            #expect(await early < 8 << 20)
            #expect(await answer.hasSuffix("\r\n\r\n\(total)"))
            wire.close()
        }
    }

    @Test("answers early, takes the rest of the body, and goes on with the next request")
    func unreadBody() async throws {
        try await withServer(hello) { path, _ in
            let wire = try Wire(path)
            let count = 4 << 20
            async let sent = wire.send(Array("POST /big HTTP/1.1\r\nHost: x\r\nContent-Length: \(count)\r\n\r\n".utf8) + [UInt8](repeating: 1, count: count))
            #expect(await wire.text(endingWith: "/big").hasSuffix("POST /big"))
            #expect(await sent)
            await wire.send("GET /next HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await wire.text(endingWith: "/next").hasSuffix("GET /next"))
            wire.close()
        }
    }

    @Test("tells the handler of a body that is cut short")
    func cutBody() async throws {
        let told = Promise()
        try await withServer({ request in
            do { _ = try await request.body.collect() } catch { told.fulfil() }
            return Response(status: 400)
        }) { path, _ in
            let wire = try Wire(path)
            await wire.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nshort")
            wire.endOutput()
            #expect(await wire.text().hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
            #expect(await told.isFulfilled(within: .seconds(10)))
            wire.close()
        }
    }

    @Test("closes after a refused upgrade, and says so")
    func refusedUpgrade() async throws {
        try await withServer({ _ in Response(status: 404, body: .bytes(Array("no".utf8))) }) { path, _ in
            let wire = try Wire(path)
            await wire.send("POST /attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
            #expect(await wire.text() == "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
            wire.close()
        }
    }

    @Test("answers 200 clients at once")
    func many() async throws {
        try await withServer(hello) { path, _ in
            let good = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        do {
                            let client = try await Client(.unix(path: path.string))
                            for round in 0..<3 {
                                let bytes = try await client.request("GET", "/\(number)/\(round)").body.collect()
                                guard String(decoding: bytes, as: UTF8.self) == "GET /\(number)/\(round)" else { return false }
                            }
                            await client.close()
                            return true
                        } catch { return false }
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(good == 200)
        }
    }
}
