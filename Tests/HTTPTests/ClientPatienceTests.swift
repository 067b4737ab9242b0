import HTTP
import Linux
import Testing

/// Accepts one connection at a socket and does with it what `body` says, on a thread of its own.
private func withPeer(_ body: @escaping @Sendable (FileDescriptor) -> Void, _ test: (Address) async throws -> Void) async throws {
    let path = FilePath("/tmp/slipway-peer-\(UInt64.random(in: 0...UInt64.max)).sock")
    let listening = try listen(path, .stream).release()
    let peer = Task {
        await onThread {
            guard let socket = try? accept(listening).release() else { return }  // the test fails then
            body(socket)
            try? socket.close()  // closed once
        }
    }
    try await test(.unix(path: path.string))
    await peer.value
    try listening.close()
    try remove(path)
}

private func head(_ socket: FileDescriptor) { _ = try? receiveMessage(socket, capacity: 65_536) }  // what it says does not matter
private func say(_ socket: FileDescriptor, _ text: String) { _ = sendAll(socket, Array(text.utf8)) }

private func settings(_ silence: Duration) -> ConnectionSettings {
    var settings = ConnectionSettings()
    settings.idleTimeout = silence
    return settings
}

@Suite("A client with patience", .timeLimit(.minutes(1)))
struct ClientPatienceTests {
    @Test("gives up a server that says nothing, and says for how long it waited")
    func silentHead() async throws {
        try await withPeer({ _ = receiveAll($0) }) { address in
            let client = try await Client(address, settings(.milliseconds(100)))
            await #expect(throws: ClientError.stalled(address, seconds: 0.1)) { _ = try await client.request("GET", "/") }
        }
    }

    @Test("gives up a server that stops in the middle of a body")
    func silentBody() async throws {
        try await withPeer({ socket in
            head(socket)
            say(socket, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            _ = receiveAll(socket)
        }) { address in
            let client = try await Client(address, settings(.milliseconds(100)))
            let reply = try await client.request("GET", "/")
            let error = await #expect(throws: BodyFailure.self) { _ = try await reply.bytes() }
            #expect(error?.cause == .stalled(address, seconds: 0.1))
        }
    }

    @Test("passes over what only announces the answer")
    func informational() async throws {
        try await withPeer({ socket in
            head(socket)
            say(socket, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        }) { address in
            let reply = try await Client(address).request("GET", "/")
            #expect(reply.status == 200)
            #expect(try await reply.bytes() == Array("ok".utf8))
        }
    }

    @Test("knows whether its connection can be used again", arguments: [("", true), ("Connection: close\r\n", false)])
    func reuse(field: String, isReusable: Bool) async throws {
        try await withPeer({ socket in
            head(socket)
            say(socket, "HTTP/1.1 200 OK\r\n\(field)Content-Length: 2\r\n\r\nok")
            _ = receiveAll(socket)
        }) { address in
            let client = try await Client(address)
            #expect(await client.isReusable)
            let reply = try await client.request("GET", "/")
            _ = try await reply.bytes()
            #expect(await client.isReusable == isReusable)
            await client.close()
            #expect(await client.isReusable == false)
        }
    }

    @Test("closes its connection when it was not used for the time that was said")
    func rest() async throws {
        // The peer's end comes only when we have closed, and the test ends only then.
        try await withPeer({ socket in
            head(socket)
            say(socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            _ = receiveAll(socket)
        }) { address in
            let client = try await Client(address)
            _ = try await client.request("GET", "/").bytes()
            client.rest(atMost: .milliseconds(20))
        }
    }

    @Test("closes its connection when the task that waits for an answer is cancelled")
    func cancelled() async throws {
        let asked = Promise()
        try await withPeer({ socket in
            head(socket)
            asked.fulfil()
            _ = receiveAll(socket)
        }) { address in
            let client = try await Client(address)
            let task = Task { try await client.request("GET", "/").status }
            #expect(await asked.isFulfilled(within: .seconds(20)))
            task.cancel()
            await #expect(throws: ClientError.ended(address)) { _ = try await task.value }
        }
    }

    @Test("is told in a server's first words that it should not speak TLS there")
    func noTLS() async throws {
        try await withServer({ _ in Response(status: 200) }) { _, server in
            let address = Address.tcp(host: "127.0.0.1", port: try await server.bind(host: "127.0.0.1", port: 0))
            var settings = ConnectionSettings()
            settings.tls = try await TLS(TLSSettings())
            let client = try await Client(address, settings)
            await #expect(throws: ClientError.noTLS(address)) { _ = try await client.request("GET", "/") }
        }
    }

    @Test("names the file of certificates that it cannot read")
    func certificates() async {
        var changed = TLSSettings()
        changed.roots = ["/nonexistent/ca.crt"]
        let settings = changed
        let error = await #expect(throws: ClientError.self) { _ = try await TLS(settings) }
        #expect(error?.description.contains("read /nonexistent/ca.crt: ") == true)
    }
}
