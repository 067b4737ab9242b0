import Credentials
import HTTP
import OCI
import Registry
import Testing

@Suite("A redirect", .timeLimit(.minutes(1)))
struct RedirectTests {
    private let me = Credential(username: "me", password: "secret")
    private let blob = pattern(50_000)

    /// A registry for those who know the password, which answers blobs with `place`.
    private func withProtected(
        _ place: @escaping @Sendable (ScriptedRegistry) -> Response, _ body: (ScriptedRegistry, Repository) async throws -> Void
    ) async throws {
        let blob = blob
        try await withRegistry({ request, registry in
            if request.path == "/elsewhere" { return Response(status: 200, body: .bytes(blob)) }
            guard request.headers["Authorization"] != nil else { return .challenge("Basic realm=\"x\"") }
            return request.path == "/same" ? Response(status: 200, body: .bytes(blob)) : place(registry)
        }) { registry in
            try await body(registry, RegistryClient(quick()).repository(registry.name("x"), me))
        }
    }

    @Test("to another host is followed without credentials, and so is the rest of a blob", arguments: [301, 302, 303, 307, 308])
    func elsewhere(status: Int) async throws {
        let blob = blob
        try await withRegistry({ request, storage in
            request.headers["Range"] == nil && storage.asked.count < 2
                ? Response(
                    status: 200,
                    body: .stream { writer in
                        try await writer.write(Array(blob.prefix(20_000)))
                        throw CancellationError()
                    })
                : Response(status: 206, headers: ["Content-Range": "bytes 20000-49999/50000"], body: .bytes(Array(blob.dropFirst(20_000))))
        }) { storage in
            try await withProtected({ _ in Response(status: status, headers: ["Location": "http://\(storage.domain)/bucket/x?Signature=abc%2Fd"]) }) {
                registry, repository in
                let (bytes, error) = try await repository.blob(descriptor(blob)).all()
                #expect(bytes == blob && error == nil)
                #expect(storage.all.map(\.line) == ["GET /bucket/x", "GET /bucket/x"])
                #expect(
                    storage.all.allSatisfy { $0.headers["Authorization"] == nil && $0.query["Signature"] == "abc/d" && $0.headers["Host"] == storage.domain })
                // It is the registry that is asked for the rest: the signed address may not hold any more.
                #expect(registry.asked.filter { $0.headers["Authorization"] != nil }.count == 2)
            }
        }
    }

    @Test("inside the registry keeps them, as a path too")
    func same() async throws {
        for form in ["/same", "same", "http://HOST/same"] {
            try await withProtected({ .redirect(form == "same" ? "../../../same" : form.replacing("HOST", with: $0.domain)) }) { registry, repository in
                let stream = try await repository.blob(descriptor(blob))
                #expect(await stream.all().bytes == blob)
                #expect(registry.asked.last?.line == "GET /same" && registry.asked.last?.headers["Authorization"] == "Basic bWU6c2VjcmV0")
            }
        }
    }

    @Test("to the same machine's other port is another host; a challenge from there is not answered")
    func challengeElsewhere() async throws {
        try await withRegistry({ _, _ in .challenge("Basic realm=\"give me\"") }) { thief in
            try await withProtected({ _ in .redirect("http://\(thief.domain)/") }) { _, repository in
                let text = await failure(of: { () async throws(RegistryError) in _ = try await repository.blob(descriptor(blob)) })
                #expect(text == "unauthorized: authentication required")
                #expect(thief.all.count == 1 && thief.all.allSatisfy { $0.headers["Authorization"] == nil })
            }
        }
    }

    @Test("is followed ten times, not for ever")
    func loop() async throws {
        try await withProtected({ _ in .redirect("/v2/again") }) { registry, repository in
            let text = await failure(of: { () async throws(RegistryError) in _ = try await repository.blob(descriptor(blob)) })
            #expect(text.hasSuffix("stopped after 10 redirects"))
            #expect(registry.asked.count == 11)
        }
    }

    @Test("into nowhere is refused", arguments: ["", "ftp://127.0.0.1/x", "http://", "http://[::1", "//", "file:///etc/passwd"])
    func nowhere(place: String) async throws {
        try await withProtected({ _ in Response(status: 307, headers: place.isEmpty ? [:] : ["Location": place]) }) { _, repository in
            let text = await failure(of: { () async throws(RegistryError) in _ = try await repository.blob(descriptor(blob)) })
            #expect(text.hasSuffix("307 without a Location that can be followed"), "\(place): \(text)")
        }
    }
}

@Suite("Telling of exchanges", .timeLimit(.minutes(1)))
struct ExchangeTests {
    @Test("gives each one with its reason, in their order, and no secret")
    func narration() async throws {
        let blob = pattern(5_000), told = Exchanges()
        try await withRegistry({ _, _ in Response(status: 200, body: .bytes(blob)) }) { storage in
            try await withRegistry({ request, registry in
                if request.path == "/token" { return .json(#"{"token":"hidden-token"}"#) }
                guard request.headers["Authorization"] != nil else {
                    return .challenge("Bearer realm=\"http://\(registry.domain)/token\",service=\"s\",scope=\"repository:x:pull\"")
                }
                return request.path.contains("/manifests/") ? .json(someManifest) : .redirect("http://\(storage.domain)/b?X-Amz-Signature=hidden-signature")
            }) { registry in
                let client = RegistryClient(quick()) { told.add($0) }
                let repository = client.repository(try registry.name("x"), Credential(username: "me", password: "hidden-password"))
                _ = try await repository.manifest()
                #expect(try await repository.blob(descriptor(blob)).all().bytes == blob)
                #expect(
                    told.all.dropFirst().map(\.why) == [
                        "is there a registry? Yes, and it wants to know who asks", "ask without credentials: the registry names its token service",
                        "a token for repository:x:pull, with a name and a password", "the manifest, asked for again as somebody whom the registry knows",
                        "the blob: the registry sends us elsewhere", "the blob itself, from where the registry sent us"
                    ])
                #expect(told.all.map(\.status) == [0, 401, 401, 200, 200, 307, 200])
                #expect(told.all.first?.url.hasPrefix("https://") == true && told.all.first?.trouble?.contains("HTTP response to HTTPS client") == true)
                #expect(told.all.last?.bodyBytes == 5_000 && told.all.last?.url == "http://\(storage.domain)/b?…")
                #expect(told.all[4].requestHeaders["Authorization"] == "Bearer …")
                #expect(told.all[3].requestHeaders["Authorization"] == "Basic …")
                for exchange in told.all {
                    #expect(!"\(exchange)".contains("hidden"))
                }
            }
        }
    }
}
