import HTTP
import Linux
import Synchronization
import Testing

/// Answers 101 (or 200) and joins the client with a socket at whose other side `shim` sits.
private func relaying(_ shim: @escaping @Sendable (FileDescriptor) async -> Void) -> @Sendable (Request) async -> Response {
    { request in
        let upgrades = request.asksForUpgrade
        return Response(
            status: upgrades ? 101 : 200, headers: upgrades ? ["Connection": "Upgrade", "Upgrade": "tcp"] : [:],
            body: .hijack { connection in
                let sockets = try SocketPair()
                let near = try sockets.near.duplicate().release(), far = try sockets.far.duplicate().release()
                _ = consume sockets
                async let ended: Void = {
                    await shim(far)
                    try? far.close()  // closed once
                }()
                try await connection.relay(to: near)
                await ended
            })
    }
}

private let attach = "POST /attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n"

/// What follows a reply's head.
private func behindHead(_ bytes: [UInt8]) -> [UInt8] {
    for index in bytes.indices.dropLast(3) where bytes[index...index + 3].elementsEqual([13, 10, 13, 10]) { return Array(bytes[(index + 4)...]) }
    return []
}

@Suite("A relayed connection", .timeLimit(.minutes(3)))
struct RelayTests {
    @Test("carries 20 MB each way at the same time")
    func volume() async throws {
        let up = pattern(20 << 20), down = pattern(20 << 20, seed: 5), received = Mutex<[UInt8]>([])
        try await withServer(
            relaying { shim in
                async let sent = onThread { sendAll(shim, down) }
                let bytes = await onThread { receiveAll(shim) }
                received.withLock { $0 = bytes }
                _ = await sent
            }
        ) { path, _ in
            let wire = try Wire(path)
            async let answer = wire.read()
            #expect(await wire.send(Array(attach.utf8) + up))
            wire.endOutput()
            #expect(behindHead(await answer) == down)
            wire.close()
        }
        #expect(received.withLock { $0 } == up)
    }

    @Test("loses nothing when the client has ended its side and much is still to come", arguments: 0..<50)
    func afterHalfClose(round: Int) async throws {
        let up = pattern(3 << 20, seed: round), down = pattern(4 << 20, seed: round + 1), whole = Mutex(false)
        try await withServer(
            relaying { shim in
                await onThread {
                    let all = receiveAll(shim)
                    whole.withLock { $0 = all == up }
                    _ = sendAll(shim, down)
                }
            }
        ) { path, _ in
            let wire = try Wire(path)
            #expect(await wire.send(Array(attach.utf8) + up))
            wire.endOutput()
            let answer = behindHead(await wire.read())
            #expect(answer == down)
            wire.close()
        }
        #expect(whole.withLock { $0 })
    }

    @Test("passes on what came in one segment with the head, its body and the end of input", arguments: [true, false])
    func early(upgrades: Bool) async throws {
        let echo = relaying { shim in
            await onThread {
                let bytes = receiveAll(shim)
                _ = sendAll(shim, bytes)
            }
        }
        for body in ["", "{\"Detach\":false}"] {
            try await withServer({ request in
                guard let sent = try? await request.body.collect(), sent == Array(body.utf8) else { return Response(status: 400) }  // told by the status
                return await echo(request)
            }) { path, _ in
                let wire = try Wire(path)
                let upgrade = upgrades ? "Connection: Upgrade\r\nUpgrade: tcp\r\n" : ""
                await wire.send("POST /exec HTTP/1.1\r\nHost: x\r\n\(upgrade)Content-Length: \(body.utf8.count)\r\n\r\n\(body)hello GET / HTTP/1.1\r\n\r\n")
                wire.endOutput()
                let text = await wire.text()
                #expect(text.hasPrefix(upgrades ? "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n" : "HTTP/1.1 200 OK\r\n\r\n"))
                #expect(text.hasSuffix("\r\n\r\nhello GET / HTTP/1.1\r\n\r\n"))
                wire.close()
            }
        }
    }

    @Test("is one of 200, each with its own bytes")
    func many() async throws {
        let echo = relaying { shim in
            await onThread {
                let bytes = receiveAll(shim)
                _ = sendAll(shim, bytes)
            }
        }
        try await withServer(echo) { path, _ in
            let outcomes = await withTaskGroup(of: String.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        let sent = pattern(20_000, seed: number)
                        do {
                            guard let stream = try await Client(.unix(path: path.string)).upgrade("POST", "/attach").stream else { return "no stream" }
                            async let received = stream.inbound.collect()
                            try await stream.write(sent)
                            await stream.finishWriting()
                            let bytes = try await received
                            return bytes == sent ? "good" : "\(bytes.count) bytes of \(sent.count)"
                        } catch { return "\(error)" }
                    }
                }
                return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            }
            #expect(outcomes == ["good": 200])
        }
    }

    @Test("ends when the socket's side has ended, though the client says nothing")
    func serverEnds() async throws {
        try await withServer(
            relaying { shim in
                _ = sendAll(shim, Array("bye".utf8))
            }
        ) { path, _ in
            let wire = try Wire(path)
            await wire.send(attach + "input that nobody reads")
            #expect(await wire.text().hasSuffix("\r\n\r\nbye"))
            wire.close()
        }
    }

    @Test("closes the socket when the client vanishes, also one that had ended its side before", arguments: [true, false])
    func clientVanishes(afterEnd: Bool) async throws {
        let ended = Promise()
        try await withServer(
            relaying { shim in
                let bytes = await onThread { receiveAll(shim) }
                #expect(bytes == Array("x".utf8))
                // After a mere end of input the socket can still be written to.
                if afterEnd { while await onThread({ sendAll(shim, [0]) }) { try? await Task.sleep(for: .milliseconds(10)) } }  // cancelled: over
                ended.fulfil()
            }
        ) { path, _ in
            let wire = try Wire(path)
            await wire.send(attach + "x")
            _ = await wire.text(endingWith: "\r\n\r\n")
            if afterEnd {
                wire.endOutput()
                try await Task.sleep(for: .milliseconds(50))
            }
            wire.close()
            #expect(await ended.isFulfilled(within: .seconds(10)))
        }
    }

    @Test("reads no more from the client than the socket's side takes")
    func backPressure() async throws {
        let finish = Promise(), sent = Counter()
        try await withServer(relaying { _ in _ = await finish.isFulfilled(within: .seconds(50)) }) { path, _ in
            let wire = try Wire(path)
            await wire.send(attach)
            async let stopped = {
                let stopped = await sent.standsStill()
                finish.fulfil()
                return stopped
            }()
            while await wire.send([UInt8](repeating: 1, count: 1 << 16)) { sent.add(1 << 16) }
            #expect(await stopped < 8 << 20, "the client should be stopped")
            wire.close()
        }
    }
}
