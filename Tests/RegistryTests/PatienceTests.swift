import HTTP
import OCI
import Registry
import Testing

private func manifest(_ registry: ScriptedRegistry, _ settings: RegistrySettings = quick()) async -> String {
    guard let name = try? registry.name("x") else { return "no name" }  // it is one
    let repository = RegistryClient(settings).repository(name, nil)
    return await failure(of: { () async throws(RegistryError) in _ = try await repository.manifest() })
}

@Suite("Trouble with a registry", .timeLimit(.minutes(1)))
struct PatienceTests {
    @Test("that passes is not told: 429, 5xx, a connection that is cut", arguments: [429, 500, 502, 503, 504])
    func passes(status: Int) async throws {
        try await withRegistry({ request, registry in
            guard request.path.contains("/manifests/") else { return nil }
            return registry.asked.count < 3 ? .refusal(status, "UNKNOWN", "wait") : .json(someManifest)
        }) { registry in
            #expect(await manifest(registry) == "")
            #expect(registry.asked.count == 3)
        }
    }

    @Test("that lasts is told in Docker's words, after as many attempts as the settings allow")
    func lasts() async throws {
        for (response, words) in [
            (Response(status: 500), "received unexpected HTTP status: 500 Internal Server Error"),
            (Response(status: 503), "received unexpected HTTP status: 503 Service Unavailable"),
            (.refusal(429, "TOOMANYREQUESTS", "You have reached your pull rate limit."), "toomanyrequests: You have reached your pull rate limit."),
            (.json(#"{"details":"slow down"}"#, status: 429), "toomanyrequests: slow down")
        ] {
            try await withRegistry({ request, _ in request.path == "/v2/" ? nil : response }) { registry in
                #expect(await manifest(registry, quick { $0.attempts = 4 }) == words)
                #expect(registry.asked.count == 4)
            }
        }
    }

    @Test("is not tried again where the status says that it will not pass", arguments: [400, 403, 404, 405, 501])
    func final(status: Int) async throws {
        try await withRegistry({ request, _ in request.path == "/v2/" ? nil : .json("no", status: status) }) { registry in
            #expect(await manifest(registry) != "")
            #expect(registry.asked.count == 1)
        }
    }

    @Test("waits as long as Retry-After says, but not for longer than the settings allow")
    func retryAfter() async throws {
        try await withRegistry({ request, _ in
            request.path == "/v2/" ? nil : .json("", status: 429, ["Retry-After": request.path.hasSuffix("/long") ? "3600" : "0"])
        }) { registry in
            // Our own pauses would be an hour long.
            let client = RegistryClient(quick { ($0.firstPause, $0.longestPause) = (.seconds(3_000), .seconds(3_000)) })
            let repository = client.repository(try registry.name("x"), nil)
            _ = await failure(of: { () async throws(RegistryError) in _ = try await repository.manifest("short") })
            #expect(registry.count("/short") == 3)
            let text = await failure(of: { () async throws(RegistryError) in _ = try await repository.manifest("long") })
            #expect(registry.count("/long") == 1)
            #expect(text.hasPrefix("toomanyrequests: "))
        }
    }

    @Test("of a connection that is cut without an answer passes, or is told")
    func cut() async throws {
        for last in [2, 99] {
            try await withRaw({ _, connection in
                guard connection.number >= last else { return }
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(someManifest.utf8.count)\r\nConnection: close\r\n\r\n\(someManifest)")
            }) { server in
                let repository = RegistryClient(quick()).repository(try Reference(parsing: "127.0.0.1:\(server.port)/x"), nil)
                let text = await failure(of: { () async throws(RegistryError) in _ = try await repository.manifest() })
                #expect(text == (last == 2 ? "" : "Get \"http://127.0.0.1:\(server.port)/v2/x/manifests/latest\": unexpected EOF"))
                #expect(server.asked.count == 3)
            }
        }
    }

    @Test("whose answer is not HTTP is told at once")
    func notHTTP() async throws {
        try await withRaw({ _, connection in connection.send("SSH-2.0-OpenSSH_9.2\r\n\r\n") }) { server in
            let repository = RegistryClient(quick()).repository(try Reference(parsing: "127.0.0.1:\(server.port)/x"), nil)
            let text = await failure(of: { () async throws(RegistryError) in _ = try await repository.manifest() })
            #expect(text == "Get \"http://127.0.0.1:\(server.port)/v2/x/manifests/latest\": the answer is not HTTP")
            #expect(server.asked.count == 1)
        }
    }

    @Test("of a server of http that does not understand our greeting of TLS costs a moment, and http is tried")
    func silentGreeting() async throws {
        try await withRaw(
            ignoresTLS: true,
            { _, connection in
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(someManifest.utf8.count)\r\nConnection: close\r\n\r\n\(someManifest)")
            }
        ) { server in
            let client = RegistryClient(quick { $0.connectTimeout = .seconds(1) })
            let manifest = try await client.repository(Reference(parsing: "127.0.0.1:\(server.port)/x"), nil).manifest()
            #expect(manifest.descriptor.digest == someDigest)
        }
    }

    @Test("that is silent is an error that says for how long")
    func silent() async throws {
        try await withRaw({ _, connection in connection.waitForEnd() }) { server in
            let client = RegistryClient(quick { $0.idleTimeout = .seconds(1) })
            let repository = client.repository(try Reference(parsing: "127.0.0.1:\(server.port)/x"), nil)
            let text = await failure(of: { () async throws(RegistryError) in _ = try await repository.manifest() })
            #expect(text == "Get \"http://127.0.0.1:\(server.port)/v2/x/manifests/latest\": nothing came for 1.0 seconds")
            #expect(server.asked.count == 2)
        }
    }

    @Test("that nobody listens is told in Go's words, at once, and does not hinder the next pull")
    func refused() async throws {
        let port = try await withRegistry({ _, _ in nil }) { $0.port }
        let client = RegistryClient(quick { $0.firstPause = .seconds(3_000) })
        let repository = client.repository(try Reference(parsing: "127.0.0.1:\(port)/x"), nil)
        let text = await failure(of: { () async throws(RegistryError) in _ = try await repository.manifest() })
        #expect(text == "Get \"http://127.0.0.1:\(port)/v2/\": dial tcp 127.0.0.1:\(port): connect: connection refused")
        // Also where somebody listened there before.
        let (again, gone) = try await withRegistry({ request, _ in request.path == "/v2/" ? nil : .json(someManifest) }) { registry in
            _ = try await client.repository(registry.name("x"), nil).manifest()
            return (client.repository(try registry.name("x"), nil), registry.domain)
        }
        let later = await failure(of: { () async throws(RegistryError) in _ = try await again.manifest() })
        #expect(later == "Get \"http://\(gone)/v2/\": dial tcp \(gone): connect: connection refused")
        let nowhere = client.repository(try Reference(parsing: "registry.invalid/x"), nil)
        let unknown = await failure(of: { () async throws(RegistryError) in _ = try await nowhere.manifest() })
        #expect(unknown == "Get \"https://registry.invalid/v2/\": dial tcp: lookup registry.invalid: no such host")
    }

    @Test("of a registry that is down as a whole is told by the first question")
    func down() async throws {
        try await withRegistry({ _, _ in Response(status: 503) }) { registry in
            #expect(await manifest(registry) == "received unexpected HTTP status: 503 Service Unavailable")
            #expect(registry.asked.isEmpty)
        }
    }

    @Test("does not hold up who is cancelled, while it waits for an answer or for the next attempt", arguments: [true, false])
    func cancelled(waits: Bool) async throws {
        let begun = Event(), closed = Event()
        try await withRaw({ _, connection in
            begun.happened()
            if waits { connection.send("HTTP/1.1 503 No\r\nRetry-After: 20\r\nContent-Length: 0\r\n\r\n") }
            connection.waitForEnd()
            closed.happened()
        }) { server in
            let repository = RegistryClient(quick()).repository(try Reference(parsing: "127.0.0.1:\(server.port)/x"), nil)
            let task = Task { await failure(of: { () async throws(RegistryError) in _ = try await repository.manifest() }) }
            #expect(await begun.wait())
            task.cancel()
            #expect(await task.value == RegistryError.cancelled.description)
            if !waits { #expect(await closed.wait()) }
        }
    }
}
