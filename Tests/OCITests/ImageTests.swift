import FoundationEssentials
import OCI
import Testing

private func read<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value { try JSONDecoder().decode(type, from: Data(text.utf8)) }

@Suite("Image documents")
struct ImageDocumentTests {
    @Test("may have null where Go has an empty list")
    func nulls() throws {
        let manifest = try read(Manifest.self, #"{"schemaVersion":2,"config":{"mediaType":"m","digest":"d","size":1},"layers":null}"#)
        #expect(manifest.layers.isEmpty && manifest.config.size == 1)
        #expect(try read(Index.self, #"{"schemaVersion":2,"manifests":null}"#).manifests.isEmpty)
        let configuration = try read(
            ImageConfiguration.self, #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":null},"config":null}"#)
        #expect(configuration.rootfs.diffIDs.isEmpty && configuration.rootfs.type == "layers" && configuration.config == nil)
    }

    @Test("that lack what is required, or have it in another shape, are none")
    func refused() {
        #expect(throws: DecodingError.self) { try read(Manifest.self, #"{"schemaVersion":2,"layers":[]}"#) }
        #expect(throws: DecodingError.self) { try read(Manifest.self, #"{"schemaVersion":2,"config":{"mediaType":"m","digest":"d","size":"1"},"layers":[]}"#) }
        #expect(throws: DecodingError.self) { try read(Index.self, #"{"schemaVersion":2,"manifests":{}}"#) }
        #expect(throws: DecodingError.self) { try read(ImageConfiguration.self, #"{"architecture":"amd64","os":"linux"}"#) }
    }

    @Test("are told apart by either vendor's media type")
    func mediaTypes() {
        #expect(MediaType.isIndex(MediaType.dockerIndex) && MediaType.isIndex(MediaType.index) && !MediaType.isIndex(MediaType.manifest))
        #expect(MediaType.isManifest(MediaType.dockerManifest) && !MediaType.isManifest(MediaType.dockerSchema1 + "+json"))
        #expect(MediaType.isConfiguration(MediaType.dockerConfiguration) && !MediaType.isConfiguration(MediaType.layer))
    }

    @Test("names change tag for digest and lose both")
    func names() throws {
        let digest = "sha256:" + String(repeating: "a", count: 64), name = try Reference(parsing: "busybox:1")
        #expect(name.with(digest: digest).description == "docker.io/library/busybox@\(digest)")
        #expect(name.repository.description == "docker.io/library/busybox")
    }
}
