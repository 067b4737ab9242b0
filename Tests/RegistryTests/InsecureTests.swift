import HTTP
import OCI
import Registry
import Testing

/// A registry of plain http that has any name: it is met through a proxy, which it is itself.
private func pull(_ name: String, insecure: [String]) async throws -> (error: String, asked: [Asked]) {
    try await withRegistry({ request, _ in
        guard request.method != "CONNECT" else { return Response(status: 502) }
        return request.path.contains("/manifests/") ? .json(someManifest) : Response(status: 200)
    }) { registry in
        var settings = quick { $0.insecure = insecure }
        (settings.proxies.http, settings.proxies.https) = ("http://127.0.0.1:\(registry.port)", "http://127.0.0.1:\(registry.port)")
        let repository = RegistryClient(settings).repository(try Reference(parsing: name), nil)
        let error = await failure(of: { () async throws(RegistryError) in _ = try await repository.manifest() })
        return (error, registry.all)
    }
}

@Suite("A registry without TLS", .timeLimit(.minutes(1)))
struct InsecureTests {
    @Test(
        "is met where it is listed, by name, by address or by network, after https was tried",
        arguments: [
            ("r.test:5000/x", "r.test:5000"), ("r.test/x", "r.test"), ("10.1.2.3:5000/x", "10.0.0.0/8"), ("10.1.2.3/x", "10.1.2.3"),
            ("[fd00::5]:5000/x", "fd00::/8"), ("[fd00::5]:5000/x", "[fd00::5]:5000")
        ])
    func listed(name: String, insecure: String) async throws {
        let (error, asked) = try await pull(name, insecure: ["other.test", insecure])
        #expect(error == "")
        let host = name.dropLast(2), port = host.hasSuffix(":5000") ? "" : ":80"
        #expect(
            asked.map(\.line) == [
                "CONNECT \(host)\(port == "" ? "" : ":443")", "GET http://\(host)\(port)/v2/", "GET http://\(host)\(port)/v2/x/manifests/latest"
            ])
        #expect(asked.last?.headers["Host"] == String(host))
    }

    @Test(
        "is not met where it is not listed, and no plain word is said to it",
        arguments: [
            ("r.test:5000/x", "r.test:5001"), ("r.test:5000/x", "r.test"), ("10.1.2.3:5000/x", "11.0.0.0/8"), ("r.test/x", "10.0.0.0/8"), ("r.test/x", "")
        ])
    func unlisted(name: String, insecure: String) async throws {
        let (error, asked) = try await pull(name, insecure: [insecure])
        #expect(error.hasPrefix("Get \"https://\(name.dropLast(2))/v2/\": ") && error.contains("502 Bad Gateway"))
        #expect(asked.allSatisfy { $0.line.hasPrefix("CONNECT ") } && !asked.isEmpty)
    }
}
