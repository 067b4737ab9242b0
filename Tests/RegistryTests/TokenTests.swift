import Credentials
import HTTP
import OCI
import Registry
import Synchronization
import Testing

/// Gives numbered tokens and lets pass who shows the newest; a registry of this kind names its service with `challenge`.
private func tokenRegistry(
    _ challenge: @escaping @Sendable (ScriptedRegistry) -> String = { "Bearer realm=\"http://\($0.domain)/token\",service=\"s\",scope=\"repository:x:pull\"" },
    lifetime: Int? = nil, uses: Int = .max, token: @escaping @Sendable (Request, Int) -> Response? = { _, _ in nil }
) -> @Sendable (Request, ScriptedRegistry) async -> Response? {
    let given = Counter(), used = Counter()
    return { request, registry in
        if request.path == "/token" {
            let number = given.next()
            used.reset()
            let expires = lifetime.map { ",\"expires_in\":\($0)" } ?? ""
            return token(request, number) ?? .json(#"{"token":"t\#(number)"\#(expires)}"#)
        }
        guard request.headers["Authorization"] == "Bearer t\(given.value)", used.next() <= uses else { return .challenge(challenge(registry)) }
        return request.path.contains("/manifests/") ? .json(someManifest) : nil
    }
}

private final class Counter: Sendable {
    private let number = Mutex(0)
    var value: Int { number.withLock { $0 } }
    func next() -> Int {
        number.withLock { number in
            number += 1
            return number
        }
    }
    func reset() { number.withLock { $0 = 0 } }
}

@Suite("Introducing oneself to a registry", .timeLimit(.minutes(1)))
struct TokenTests {
    private let me = Credential(username: "me", password: "pä:ss")

    private func manifests(_ registry: ScriptedRegistry, _ credential: Credential? = nil, _ client: RegistryClient? = nil, times: Int = 1) async -> String {
        guard let name = try? registry.name("x") else { return "no name" }  // it is one
        let repository = (client ?? RegistryClient(quick())).repository(name, credential)
        return await failure(of: { () async throws(RegistryError) in for _ in 0..<times { _ = try await repository.manifest() } })
    }

    @Test("begins with a question without credentials; the challenge names the token service, the token is shown, and serves from then on")
    func anonymous() async throws {
        try await withRegistry(tokenRegistry()) { registry in
            let client = RegistryClient(quick())
            #expect(await manifests(registry, nil, client, times: 3) == "")
            // Another pull of the same repository needs no other token.
            #expect(await manifests(registry, nil, client) == "")
            let lines = registry.asked.map { "\($0.line) \($0.headers["Authorization"] ?? "-")" }
            let asked = "GET /v2/x/manifests/latest"
            #expect(lines == ["\(asked) -", "GET /token -"] + Array(repeating: "\(asked) Bearer t1", count: 3) + ["\(asked) -", "\(asked) Bearer t1"])
            let query = try #require(registry.asked.first { $0.line == "GET /token" }).query
            #expect(query["service"] == "s" && query["scope"] == "repository:x:pull" && query["account"] == nil)
        }
    }

    @Test("with name and password tells them to the token service, never to the registry")
    func password() async throws {
        try await withRegistry(tokenRegistry()) { registry in
            #expect(await manifests(registry, me) == "")
            let token = try #require(registry.asked.first { $0.line == "GET /token" })
            #expect(token.headers["Authorization"] == "Basic bWU6cMOkOnNz" && token.query["account"] == "me")
            #expect(registry.all.allSatisfy { $0.line == "GET /token" || $0.headers["Authorization"]?.hasPrefix("Basic") != true })
        }
    }

    @Test("with an identity token exchanges it, by POST")
    func identity() async throws {
        try await withRegistry(tokenRegistry(token: { _, number in .json(#"{"access_token":"t\#(number)","refresh_token":"new"}"#) })) { registry in
            #expect(await manifests(registry, Credential(username: "me", identityToken: "id+1")) == "")
            let token = try #require(registry.asked.first { $0.line == "POST /token" })
            let form = Query(token.body)
            #expect(form["grant_type"] == "refresh_token" && form["refresh_token"] == "id+1")
            #expect(form["service"] == "s" && form["scope"] == "repository:x:pull" && token.headers["Authorization"] == nil)
            #expect(token.headers["Content-Type"] == "application/x-www-form-urlencoded")
        }
    }

    @Test("with a registry token shows that, and asks no service")
    func registryToken() async throws {
        try await withRegistry({ request, registry in
            request.headers["Authorization"] == "Bearer mine" ? .json(someManifest) : .challenge("Bearer realm=\"http://\(registry.domain)/token\"")
        }) { registry in
            #expect(await manifests(registry, Credential(registryToken: "mine")) == "")
            #expect(registry.asked.count == 2)
        }
    }

    @Test("reads challenges as they may be written")
    func challenges() async throws {
        let forms: [@Sendable (String) -> String] = [
            { "Bearer realm=\"\($0)\",service=\"a \\\"b\\\", c=d\",scope=\"repository:x:pull\"" },
            { "bearer  service=\"a \\\"b\\\", c=d\" , realm=\"\($0)\" ,, scope=repository:x:pull" },
            { "Negotiate a2V5==, BEARER REALM=\"\($0)\", Service = \"a \\\"b\\\", c=d\"" },
            { "Basic realm=\"x, Bearer realm=1\", Bearer realm=\"\($0)\",service=\"a \\\"b\\\", c=d\"" },
            { "Bearer realm=\"\($0)\",service=\"a \\\"b\\\", c=d\",scope=\"repository:x:pull\", Basic realm=\"y\"" }
        ]
        for (place, form) in forms.enumerated() {
            try await withRegistry(tokenRegistry({ form("http://\($0.domain)/token") })) { registry in
                #expect(await manifests(registry, me) == "", "form \(place)")
                let token = try #require(registry.asked.first { $0.line == "GET /token" }, "form \(place)")
                // A challenge without a scope means the repository.
                #expect(token.query["service"] == "a \"b\", c=d" && token.query.all("scope") == ["repository:x:pull"], "form \(place)")
            }
        }
    }

    @Test("gets another token where one has expired, or is not taken any more, also in the middle of a pull")
    func expiry() async throws {
        // One that ends at once is not kept.
        try await withRegistry(tokenRegistry(lifetime: 1)) { registry in
            #expect(await manifests(registry, times: 2) == "")
            #expect(registry.count("/token") == 2)
        }
        // One that is refused is not shown again, though it should still hold.
        try await withRegistry(tokenRegistry(lifetime: 3_600, uses: 2)) { registry in
            #expect(await manifests(registry, times: 5) == "")
            #expect(registry.count("/token") == 3)
        }
    }

    @Test("by a token of more than one line smuggles nothing into the next question")
    func smuggling() async throws {
        try await withRegistry(tokenRegistry(token: { _, _ in .json(#"{"token":"t\r\nX-Evil: 1\r\n\r\nGET /evil HTTP/1.1"}"#) })) { registry in
            #expect(await manifests(registry) == "unauthorized: authentication required")
            #expect(registry.all.allSatisfy { $0.headers["X-Evil"] == nil && !$0.line.contains("evil") })
        }
    }

    @Test("is done once for a question, not for ever")
    func once() async throws {
        try await withRegistry({ request, registry in
            request.path == "/token" ? .json(#"{"token":"t"}"#) : .challenge("Bearer realm=\"http://\(registry.domain)/token\"")
        }) { registry in
            #expect(await manifests(registry) == "unauthorized: authentication required")
            #expect(registry.asked.map(\.line) == ["GET /v2/x/manifests/latest", "GET /token", "GET /v2/x/manifests/latest"])
        }
    }

    @Test("that the registry finds too little is a denial, in Docker's words")
    func insufficient() async throws {
        try await withRegistry({ request, registry in
            guard request.path != "/token" else { return .json(#"{"token":"t"}"#) }
            let error = request.headers["Authorization"] == nil ? "" : ",error=\"insufficient_scope\""
            return .challenge("Bearer realm=\"http://\(registry.domain)/token\"\(error)")
        }) { registry in
            #expect(
                await manifests(registry)
                    == "pull access denied for \(registry.domain)/x, repository does not exist or may require 'docker login': denied: requested access to the resource is denied"
            )
        }
    }

    @Test("fails in Docker's words where the token service refuses, or gives no token")
    func refusedToken() async throws {
        for (response, words) in [
            (Response.json(#"{"details":"incorrect username or password"}"#, status: 401), "unauthorized: incorrect username or password"),
            (.json("{}"), "authorization server did not include a token in the response"),
            (.json("<html>"), "the token service's answer is no token: \"<html>\""),
            (.refusal(403, "DENIED", "no"), "denied: no")
        ] {
            try await withRegistry(tokenRegistry(token: { _, _ in response })) { registry in
                let text = await manifests(registry, me)
                #expect(text.hasPrefix("Get \"http://\(registry.domain)/token?") && text.hasSuffix("\": \(words)"), "\(text)")
                #expect(!text.contains("pä"))
            }
        }
    }

    @Test("by name and password alone works where the registry wants that, and says so where there are none")
    func basic() async throws {
        try await withRegistry({ request, _ in
            request.headers["Authorization"] == "Basic bWU6cMOkOnNz" ? .json(someManifest) : .challenge("Basic realm=\"Registry Realm\"")
        }) { registry in
            #expect(await manifests(registry, me) == "")
            #expect(await manifests(registry) == "Get \"http://\(registry.domain)/v2/\": no basic auth credentials")
            let wrong = await manifests(registry, Credential(username: "me", password: "wrong"))
            #expect(wrong == "unauthorized: authentication required")
        }
    }

    @Test("in a way that nobody knows is not tried")
    func unknownScheme() async throws {
        try await withRegistry({ _, _ in .challenge("Mutual realm=\"x\"") }) { registry in
            #expect(await manifests(registry, me) == "unauthorized: authentication required")
            #expect(registry.asked.count == 1)
        }
    }

    @Test("to log in gives the identity token where there is one, and tells who was not accepted")
    func logIn() async throws {
        try await withRegistry(
            tokenRegistry(
                { "Bearer realm=\"http://\($0.domain)/token\",service=\"s\"" },
                token: { _, number in .json(#"{"token":"t\#(number)","refresh_token":"mine"}"#) })
        ) { registry in
            #expect(try await RegistryClient(quick()).logIn(to: registry.domain, me) == "mine")
            let token = try #require(registry.asked.first)
            #expect(token.query["offline_token"] == "true" && token.query["account"] == "me" && token.query["scope"] == nil)
        }
        try await withRegistry({ request, _ in
            request.headers["Authorization"] == "Basic bWU6cMOkOnNz" ? nil : .challenge("Basic realm=\"x\"")
        }) { registry in
            let client = RegistryClient(quick())
            let none = try await client.logIn(to: registry.domain, me)
            #expect(none == "")
            let words = "login attempt to http://\(registry.domain)/v2/ failed with status: 401 Unauthorized"
            await #expect(throws: RegistryError.unauthorized(words)) {
                _ = try await client.logIn(to: registry.domain, Credential(username: "me", password: "no"))
            }
        }
    }
}
