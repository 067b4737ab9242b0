import Digests
import HTTP
import OCI
import Registry
import Testing

/// What a registry that has only one manifest says, and what becomes of that.
private func fetch(_ response: Response, _ which: String? = nil) async throws -> Result<FetchedManifest, RegistryError> {
    try await withRegistry({ request, _ in request.path.contains("/manifests/") ? response : nil }) { registry in
        let repository = RegistryClient(quick()).repository(try registry.name("me/app:1.2"), nil)
        do throws(RegistryError) { return .success(try await repository.manifest(which)) } catch { return .failure(error) }
    }
}

private func failure(_ response: Response, _ which: String? = nil) async throws -> RegistryError? {
    if case .failure(let error) = try await fetch(response, which) { error } else { nil }
}

@Suite("A manifest", .timeLimit(.minutes(1)))
struct ManifestTests {
    @Test("is asked for by the name's tag, in the four kinds that there are, and comes with its kind, digest and length")
    func byTag() async throws {
        try await withRegistry({ request, _ in
            request.path == "/v2/me/app/manifests/1.2" ? .json(someManifest, type: MediaType.manifest, ["Docker-Content-Digest": someDigest]) : nil
        }) { registry in
            let manifest = try await RegistryClient(quick()).repository(registry.name("me/app:1.2"), nil).manifest()
            let length = Int64(someManifest.utf8.count)
            #expect(manifest.descriptor == ContentDescriptor(mediaType: MediaType.manifest, digest: someDigest, size: length))
            #expect(manifest.bytes == Array(someManifest.utf8))
            let asked = try #require(registry.asked.first)
            let accepted = asked.headers.words(of: "Accept")
            #expect(Set(accepted) == [MediaType.manifest, MediaType.index, MediaType.dockerManifest, MediaType.dockerIndex])
            #expect(asked.headers["Host"] == registry.domain)
            #expect(asked.headers["Authorization"] == nil)
            #expect(registry.all.first?.line == "GET /v2/")
        }
    }

    @Test("is asked for by the name's digest, without a tag as latest, or by what is said")
    func which() async throws {
        try await withRegistry({ request, _ in request.path.contains("/manifests/") ? .json(someManifest) : nil }) { registry in
            let client = RegistryClient(quick())
            _ = try await client.repository(registry.name("a@\(someDigest)"), nil).manifest()
            _ = try await client.repository(registry.name("a"), nil).manifest()
            _ = try await client.repository(registry.name("a:1"), nil).manifest("2")
            #expect(registry.asked.map(\.line) == ["\(someDigest)", "latest", "2"].map { "GET /v2/a/manifests/\($0)" })
        }
    }

    @Test("must be the bytes of the digest that was asked for, and of the one that the registry tells")
    func digests() async throws {
        let other = "sha256:\(String(repeating: "0", count: 64))"
        let error = try await failure(.json(someManifest, type: MediaType.manifest), other)
        guard case .digestMismatch(let text) = error else { throw error ?? .cancelled }
        #expect(text.hasPrefix("manifest verification failed for digest \(other)"))
        let told = try await failure(.json(someManifest, type: MediaType.manifest, ["Docker-Content-Digest": other]))
        guard case .digestMismatch(let text) = told else { throw told ?? .cancelled }
        #expect(text.contains(other) && text.contains(someDigest))
    }

    @Test("that is not there is told in Docker's words")
    func missing() async throws {
        func words(_ response: Response) async throws -> String {
            try await withRegistry({ request, _ in request.path == "/v2/" ? nil : response }) { registry in
                let repository = RegistryClient(quick()).repository(try registry.name("x"), nil)
                return await failure(of: { () async throws(RegistryError) in _ = try await repository.manifest() }).replacing(registry.domain, with: "HOST")
            }
        }
        #expect(
            try await words(.refusal(404, "MANIFEST_UNKNOWN", "manifest unknown"))
                == "manifest for HOST/x:latest not found: manifest unknown: manifest unknown")
        #expect(
            try await words(.refusal(404, "NAME_UNKNOWN", "repository name not known to registry"))
                == "repository HOST/x not found: name unknown: repository name not known to registry")
        #expect(
            try await words(.refusal(403, "DENIED", "requested access to the resource is denied"))
                == "pull access denied for HOST/x, repository does not exist or may require 'docker login': denied: requested access to the resource is denied")
        #expect(
            try await words(.json("<html>", status: 404))
                == #"error parsing HTTP 404 response body: invalid character '<' looking for beginning of value: "<html>""#)
        #expect(try await words(Response(status: 401)) == "unauthorized: authentication required")
    }

    @Test("of schema 1 is refused in a sentence, whatever the registry calls it")
    func schema1() async throws {
        let old = #"{"schemaVersion":1,"name":"x","tag":"latest","fsLayers":[{"blobSum":"sha256:1"}],"history":[]}"#
        for type in ["application/vnd.docker.distribution.manifest.v1+prettyjws", MediaType.dockerManifest] {
            let error = try await failure(.json(old, type: type))
            guard case .malformed(let text) = error else { throw error ?? .cancelled }
            #expect(text.contains("me/app:1.2 has schema 1"))
        }
    }

    @Test(
        "that is none is refused, and the error shows what came",
        arguments: [
            ("<html>login</html>", "application/json", "is no manifest: \"<html>login</html>\""), ("", "", "is no manifest: \"\""),
            ("[]", "", "is no manifest"), ("{}", "", "unsupported media type"), (String(repeating: "[", count: 100_000), "", "is no manifest"),
            (#"{"mediaType":"application/x-mine"}"#, "", "unsupported media type application/x-mine"), ("{\"mediaType\":\u{1}3}", "", "is no manifest"),
            (#"{"schemaVersion":2,"manifests":[],"config":{},"layers":[]}"#, MediaType.index, "an image and an index at once"),
            (someManifest, MediaType.index, "calls itself \(MediaType.manifest), the registry calls it \(MediaType.index)"),
            (#"{"schemaVersion":2,"manifests":[]}"#, MediaType.manifest, "its contents are not those of \(MediaType.manifest)")
        ])
    func garbage(text: String, type: String, words: String) async throws {
        let error = try await failure(.json(text, type: type))
        guard case .malformed(let told) = error else { throw error ?? .cancelled }
        #expect(told.contains("me/app:1.2") && told.contains(words), "\(told)")
    }

    @Test("without a type is known by its looks or by the registry's word, and an index is one too")
    func kinds() async throws {
        let index = #"{"schemaVersion":2,"manifests":[]}"#
        #expect(try await fetch(.json(index)).get().descriptor.mediaType == MediaType.index)
        #expect(try await fetch(.json(index, type: "\(MediaType.dockerIndex); charset=utf-8")).get().descriptor.mediaType == MediaType.dockerIndex)
        let bare = someManifest.replacing(#""mediaType":"application/vnd.oci.image.manifest.v1+json","#, with: "")
        #expect(try await fetch(.json(bare)).get().descriptor.mediaType == MediaType.manifest)
    }

    @Test("of 9 MB is refused, whether its length is said before or not, and no more of it is read than is allowed")
    func tooLarge() async throws {
        let big = [UInt8](repeating: 0x20, count: 9_000_000)
        let error = try await failure(Response(status: 200, body: .bytes(big)))
        guard case .tooLong(let text) = error else { throw error ?? .cancelled }
        #expect(text.hasSuffix("me/app:1.2 is too large: 9000000 bytes, and 4194304 are allowed"))
        let chunked = try await failure(
            Response(status: 200, body: .stream { writer in for _ in 0..<200 { try await writer.write(Array(big.prefix(50_000))) } }))
        guard case .tooLong(let text) = chunked else { throw chunked ?? .cancelled }
        #expect(text.hasSuffix("me/app:1.2 is too large: more than the 4194304 bytes that are allowed"))
    }

    @Test("is not asked for by what is neither tag nor digest", arguments: ["", "../../x", "a b", "sha256:12", "a?b"])
    func badNames(which: String) async throws {
        let error = try await failure(.json(someManifest), which)
        #expect(error.map { "\($0)".contains("is neither a tag nor a digest") } == true)
    }
}
