// What can go wrong between a registry and us. Each fault ends in an error that names the thing; nothing of the image is left, and the next pull,
// from a registry that behaves, works.

import Digests
import HTTP
import Images
import Linux
import OCI
import Registry
import Testing

/// A fault: how the registry is set up so that the pull of `app:1` fails, and what the error says.
struct PullFault: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Returns texts that the error must contain.
    let arrange: @Sendable (ScriptedRegistry) throws -> [String]

    init(_ name: String, _ arrange: @escaping @Sendable (ScriptedRegistry) throws -> [String]) { (testDescription, self.arrange) = (name, arrange) }
}

/// 3 MB that compress to as much, so that a blob takes several reads.
private let big: [UInt8] = tar([.file("big", String(repeating: "slipway ", count: 400_000))])
private let small = tar([("small", "s")])
private let bigDigest = Digest(of: big).description

private func scripted(_ name: String, _ expected: [String], _ answer: @escaping @Sendable (Request) async -> Response?) -> PullFault {
    PullFault(name) { registry in
        try registry.image("app:1", [small, big])
        registry.script(answer)
        return expected
    }
}

/// Sends the beginning of a blob and then nothing, or the end of the connection.
private func partial(_ bytes: [UInt8], _ end: @escaping @Sendable () async throws -> Void) -> Response {
    Response(
        status: 200,
        body: .stream { writer in
            try await writer.write(Array(bytes.prefix(bytes.count / 2)))
            try await end()
        })
}
private struct Cut: Error {}

private func documentFault(_ name: String, _ bytes: @escaping @Sendable () throws -> [UInt8], _ expected: [String]) -> PullFault {
    PullFault(name) { registry in
        registry.document(try bytes(), MediaType.manifest, at: "app:1")
        return expected
    }
}

private let faults: [PullFault] = [
    PullFault("an image that nobody has") { _ in ["app:1", "manifest unknown"] },
    scripted("a blob that is missing", [bigDigest]) { $0.isBlob(bigDigest) ? Response(status: 404) : nil },
    scripted("a blob with other bytes", [bigDigest, "verification failed"]) {
        $0.isBlob(bigDigest) ? Response(status: 200, body: .bytes(big.dropLast() + [1])) : nil
    },
    scripted("a blob that is too long", [bigDigest]) { $0.isBlob(bigDigest) ? Response(status: 200, body: .bytes(big + [0])) : nil },
    scripted("a blob that is too short", [bigDigest]) { $0.isBlob(bigDigest) ? Response(status: 200, body: .bytes(big.dropLast())) : nil },
    scripted("a blob that breaks off each time", [bigDigest]) { $0.isBlob(bigDigest) ? partial(big) { throw Cut() } : nil },
    scripted("a blob that stalls", [bigDigest]) { $0.isBlob(bigDigest) ? partial(big) { try await Task.sleep(for: .seconds(60)) } : nil },
    scripted("a registry that is asked too often", ["429"]) { _ in Response(status: 429) },
    scripted("a registry that is broken", ["500"]) { $0.path == "/v2/" ? nil : Response(status: 500) },
    scripted("a blob server that is broken", [bigDigest, "500"]) { $0.isBlob(bigDigest) ? Response(status: 500) : nil },
    scripted("a registry that wants to know who we are", ["no basic auth credentials"]) {
        $0.isManifest ? Response(status: 401, headers: ["WWW-Authenticate": "Basic realm=\"x\""]) : nil
    },
    PullFault("a manifest that lies about a blob's size") { registry in
        try registry.image("app:1", [small, big]) { $0.layers[1].size += 1 }
        return [bigDigest]
    },
    PullFault("a configuration that lies about a layer") { registry in
        let lie = Digest(of: "lie".utf8).description
        try registry.image("app:1", [small, big], diffIDs: [Digest(of: small).description, lie])
        return [lie, bigDigest]
    },
    PullFault("a configuration with other layers") { registry in
        try registry.image("app:1", [small, big], diffIDs: [bigDigest])
        return ["layers from manifest don't match image configuration", "2 layers, 1 DiffIDs"]
    },
    PullFault("a configuration that is none") { registry in
        let garbage = registry.blob(Array("{]".utf8), MediaType.configuration)
        try registry.image("app:1", [small]) { $0.config = garbage }
        return [garbage.digest]
    },
    PullFault("something that is no image") { registry in
        try registry.image("app:1", [small]) { $0.config.mediaType = "application/vnd.cncf.helm.config.v1+json" }
        return ["application/vnd.cncf.helm.config.v1+json"]
    },
    PullFault("a layer that is no archive") { registry in
        try registry.image("app:1", [small, Array("junk, certainly no archive".utf8)])
        return ["not a readable archive"]
    },
    PullFault("a layer that leads outside") { registry in
        try registry.image("app:1", [small, tar([("../evil", "1")])])
        return ["../evil"]
    },
    documentFault("a manifest that is garbage", { Array("<html>".utf8) }, ["app:1"]),
    documentFault("a manifest of 9 MB", { [UInt8](repeating: UInt8(ascii: " "), count: 9 << 20) }, ["app:1"]),
    documentFault("a manifest of schema 1", { Array(#"{"schemaVersion":1,"fsLayers":[]}"#.utf8) }, ["schema 1"]),
    documentFault(
        "a manifest that is an index too", { Array(#"{"schemaVersion":2,"manifests":[],"layers":[],"config":{"mediaType":"","digest":"","size":0}}"#.utf8) },
        ["app:1"]),
    PullFault("an index that names itself") { registry in
        // Digests allow no true circle: the document that is found under the name has another digest.
        let inner = Digest(of: "itself".utf8).description
        let entry = ContentDescriptor(mediaType: MediaType.index, digest: inner, size: 9, platform: .current)
        let bytes = try json(Index(manifests: [entry]))
        registry.document(bytes, MediaType.index, at: "app:1")
        registry.script { $0.path.hasSuffix(inner) ? Response(status: 200, headers: ["Content-Type": MediaType.index], body: .bytes(bytes)) : nil }
        return [inner]
    },
    PullFault("indexes within indexes without end") { registry in
        var entry = try registry.image("", [small])
        for _ in 0..<6 { entry = try registry.index("", [entry]) }
        try registry.index("app:1", [entry])
        return ["more than 4 indexes within one another"]
    }
]

@Suite("A pull that fails", .timeLimit(.minutes(3)), .serialized)
struct PullFaultTests {
    @Test("says of what it failed, leaves nothing, and the next one works", arguments: faults)
    func fault(_ fault: PullFault) async throws {
        try await withPullHouse { test in
            let expected = try fault.arrange(test.registry)
            let error = await #expect(throws: ImagesError.self) { try await test.pull("app:1") }
            for text in expected { #expect("\(try #require(error))".contains(text), "\(fault.testDescription): \(String(describing: error))") }
            let left = try await test.remainsAtLast()
            #expect(left == [])
            test.registry.behave()
            try test.registry.image("app:1", [small, big])
            let pulled = try await test.pull("app:1")
            #expect(try test.house.images.image(pulled.id).sizeBytes == 3_200_001)
        }
    }

    @Test("because nobody listens names the registry")
    func unreachable() async throws {
        try await withPullHouse { test in
            await test.registry.stop()
            let error = await #expect(throws: ImagesError.self) { try await test.pull("app:1") }
            guard case .registry(.unreachable(let text)) = try #require(error) else { throw error ?? ImagesError.cancelled }
            #expect(text.contains("127.0.0.1:"))
            #expect(try await test.remainsAtLast() == [])
        }
    }

    @Test("keeps what an image had before")
    func kept() async throws {
        try await withPullHouse { test in
            try test.registry.image("app:1", [small])
            let before = try await test.pull("app:1"), remains = try test.remains()
            try test.registry.image("app:1", [small, big])
            test.registry.script { $0.isBlob(bigDigest) ? Response(status: 404) : nil }
            await #expect(throws: ImagesError.self) { try await test.pull("app:1") }
            #expect(try test.house.images.resolve(before.name.familiar).id == before.id)
            #expect(try await test.remainsAtLast(beyond: remains) == remains)
        }
    }
}
