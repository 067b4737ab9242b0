// What a pull brings, and what it does not fetch again.

import Content
import Digests
import Images
import Linux
import Metadata
import OCI
import Snapshots
import Testing

private func nobody(_: Transaction) throws(MetadataError) -> [ImageUser] { [] }

@Suite("A pull", .timeLimit(.minutes(2)))
struct PullTests {
    @Test("brings an image with its layers, its name and its repository's digest")
    func whole() async throws {
        try await withPullHouse { test in
            let layers = [tar([("a", "1"), ("d/", "")]), tar([("d/b", "22")])]
            let manifest = try test.registry.image("me/app:1", layers)
            let steps = Steps()
            let pulled = try await test.pull("me/app:1") { steps.add($0) }
            #expect(pulled.isNewer && pulled.digest.description == manifest.digest)
            let image = try test.house.images.resolve(pulled.name.familiar)
            #expect(image.id == pulled.id && image.sizeBytes == 3 && image.configuration.config?.cmd == ["sh"])
            #expect(image.repositoryDigests.map(\.description) == ["\(pulled.name.name)@\(manifest.digest)"])
            let chain = try #require(image.chain)
            let directories = try test.house.snapshots.layers(of: chain)
            #expect(try readText(directories[0].appending("d/b")) == "22" && readText(directories[1].appending("a")) == "1")
            // Manifest, configuration and both layers are kept for a push.
            #expect(try test.house.content.list().count == 4)

            let name = try test.registry.reference("me/app:1")
            #expect(steps.all.first == .pulling(name) && steps.all.suffix(2) == [.digest(pulled.digest), .isNewer(true)])
            for layer in layers {
                let id = Digest(of: layer).short, told = steps.of(id), total = Int64(layer.count)
                #expect(told.first == .pullingLayer && told.last == .complete, "\(told)")
                for step in [LayerProgress.downloading(current: total, total: total), .verifying, .downloadComplete, .extracting(current: total, total: total)]
                {
                    #expect(told.contains(step), "\(step) is not in \(told)")
                }
            }
        }
    }

    @Test("of what is here fetches a manifest and nothing else, and says that it is up to date")
    func again() async throws {
        try await withPullHouse { test in
            try test.registry.image("app:1", [tar([("a", "1")])])
            _ = try await test.pull("app:1")
            test.registry.forgetLog()
            let steps = Steps()
            let pulled = try await test.pull("app:1") { steps.add($0) }
            #expect(!pulled.isNewer && test.registry.fetches.isEmpty && steps.all.last == .isNewer(false))
            // Under another name it is news, but still nothing is fetched.
            try test.registry.image("app:1", [tar([("a", "1")])])
            #expect(try await test.pull("app@\(pulled.digest)").isNewer == false)
            test.registry.document(try json(Index(manifests: [])), MediaType.index, at: "app:none")
            #expect(test.registry.fetches.isEmpty)
        }
    }

    @Test("fetches only the layers that are not here")
    func shared() async throws {
        try await withPullHouse { test in
            let base = tar([("base", "b")]), one = tar([("one", "1")]), two = tar([("two", "2")])
            try test.registry.image("app:1", [base, one])
            try test.registry.image("app:2", [base, two])
            _ = try await test.pull("app:1")
            let steps = Steps()
            _ = try await test.pull("app:2") { steps.add($0) }
            #expect(test.registry.fetches[Digest(of: base).description] == 1 && test.registry.fetches[Digest(of: two).description] == 1)
            #expect(steps.of(Digest(of: base).short) == [.alreadyExists])
            // The same blob above another layer is another layer, but is not fetched again.
            try test.registry.image("app:3", [two, base])
            _ = try await test.pull("app:3")
            #expect(test.registry.fetches[Digest(of: base).description] == 1 && test.registry.fetches[Digest(of: two).description] == 1)
            #expect(try entries(test.house.root.appending("snapshots/layers")).count == 5)
        }
    }

    @Test("moves the name to the newer image; the older one stays by its digest, and can be removed by it")
    func moved() async throws {
        try await withPullHouse { test in
            try test.registry.image("app:1", [tar([("a", "1")])])
            let old = try await test.pull("app:1")
            try test.registry.image("app:1", [tar([("a", "2")])])
            let new = try await test.pull("app:1")
            #expect(new.isNewer && new.id != old.id)
            let pinned = "\(old.name.familiarName)@\(old.digest)"
            #expect(try test.house.images.resolve(pinned).id == old.id)
            #expect(try test.house.images.resolve(pinned).tags.isEmpty)
            let removed = try test.house.images.remove(pinned, users: nobody)
            #expect(removed.prefix(2) == [.untagged(pinned), .deleted(old.id)] && removed.count == 3)
            // The last tag takes the digest with it.
            let gone = try test.house.images.remove(new.name.familiar, users: nobody)
            #expect(gone.prefix(3) == [.untagged(new.name.familiar), .untagged("\(new.name.familiarName)@\(new.digest)"), .deleted(new.id)])
            #expect(try test.remains().isEmpty)
        }
    }

    @Test("takes Docker's media types as well as OCI's")
    func docker() async throws {
        try await withPullHouse { test in
            let descriptor = try test.registry.image("app:1", [tar([("a", "1")])], isDocker: true)
            let list = Index(mediaType: MediaType.dockerIndex, manifests: [descriptor])
            test.registry.document(try json(list), MediaType.dockerIndex, at: "app:list")
            #expect(try await test.pull("app:list").id == (try await test.pull("app:1").id))
        }
    }

    @Test("chooses from an index what fits best, passes attestations by, and looks into indexes within")
    func index() async throws {
        try await withPullHouse { test in
            let mine = Platform(architecture: "amd64"), registry = test.registry
            let small = try registry.image("", [tar([("a", "386")])], platform: Platform(architecture: "386"))
            let right = try registry.image("", [tar([("a", "amd64")])], platform: mine)
            let other = try registry.image("", [tar([("a", "arm64")])], platform: Platform(architecture: "arm64", variant: "v8"))
            var proof = try registry.image("", [tar([("proof", "x")])], platform: Platform(architecture: "unknown", os: "unknown"))
            proof.annotations = ["vnd.docker.reference.type": "attestation-manifest"]
            try registry.index("app:1", [proof, small, other, right])
            let pulled = try await test.pull("app:1", platform: mine)
            #expect(try test.house.images.image(pulled.id).manifest.description == right.digest)
            #expect(try await test.pull("app:1", platform: Platform(parsing: "linux/aarch64")).id != pulled.id)
            try registry.index("app:small", [other, small])
            #expect(try test.house.images.image(try await test.pull("app:small", platform: mine).id).manifest.description == small.digest)
            var inner = try registry.index("", [other, right])
            inner.platform = nil
            try registry.index("app:nested", [inner])
            #expect(try await test.pull("app:nested", platform: mine).id == pulled.id)
            try registry.index("app:arm", [other])
            let error = await #expect(throws: ImagesError.self) { try await test.pull("app:arm", platform: Platform(parsing: "linux/s390x")) }
            #expect("\(try #require(error))" == "no matching manifest for linux/s390x in the manifest list entries")
        }
    }

    @Test("of the only image there is, for another machine, warns where a platform was asked for")
    func warning() async throws {
        try await withPullHouse { test in
            try test.registry.image("app:1", [], platform: Platform(architecture: "s390x"))
            let steps = Steps()
            let pulled = try await test.pull("app:1", platform: Platform(architecture: "amd64")) { steps.add($0) }
            let what = "image with reference \(pulled.name.familiar) was found but does not match the specified platform"
            #expect(steps.all.last == .warning("\(what): wanted linux/amd64, actual: linux/s390x"))
        }
    }

    @Test("of an image without layers has none")
    func empty() async throws {
        try await withPullHouse { test in
            try test.registry.image("scratch:1", [])
            #expect(try test.house.images.image(try await test.pull("scratch:1").id).chain == nil)
        }
    }
}
