// The life of an image, from a tar to its last byte's removal, through the real helper.

import Content
import Digests
import Images
import Linux
import Metadata
import OCI
import Snapshots
import Testing
import Trees

private func nobody(_: Transaction) throws(MetadataError) -> [ImageUser] { [] }

@Suite("Images")
struct ImageStoreTests {
    @Test("an imported tar is an image, a layer, and a root file system to mount")
    func importRoot() throws {
        try withHouse { house in
            let image = try house.add("busybox", [("bin/", ""), ("bin/sh", "#!")], changes: ["CMD [\"sh\"]", "ENV A=1"])
            #expect(image.tags == ["busybox:latest"])
            #expect(image.configuration.config?.cmd == ["sh"])
            #expect(image.configuration.config?.env == ["A=1"])
            #expect(image.configuration.rootfs.diffIDs == [Digest(of: tar([("bin/", ""), ("bin/sh", "#!")])).description])
            #expect(image.sizeBytes == 2 && image.configuration.comment == "Imported from -")
            #expect(Digest(of: try house.content.bytes(of: image.id)) == image.id)
            #expect(try house.images.list() == [image])
            let container = String(repeating: "c", count: 64)
            let mount = try house.snapshots.prepare(container: container, from: image.chain)
            #expect(mount.lower.count == 2)
            #expect(try readText(mount.lower[1].appending("bin/sh")) == "#!")
            #expect(try house.snapshots.overlay(of: container) == mount)
        }
    }

    @Test("are found by name, id, prefix and digest, and by nothing else")
    func resolve() throws {
        try withHouse { house in
            let image = try house.add("me/app:1.2", [("a", "1")])
            let found = [
                "me/app:1.2", image.id.description, image.id.hex, String(image.id.hex.prefix(12)), "sha256:" + image.id.hex.prefix(3),
                "me/app@\(image.manifest)"
            ]
            for text in found { #expect(try house.images.resolve(text).id == image.id, "\(text)") }
            #expect(throws: ImagesError.notFound("me/app:latest")) { try house.images.resolve("me/app") }
            #expect(throws: ImagesError.notFound("nosuch:latest")) { try house.images.resolve("nosuch") }
            #expect(throws: ImagesError.notFound("other@\(image.manifest)")) { try house.images.resolve("other@\(image.manifest)") }
            #expect(throws: ImagesError.invalid("invalid reference format: repository name (library/UP) must be lowercase")) { try house.images.resolve("UP") }
            #expect("\(ImagesError.notFound("x:latest"))" == "No such image: x:latest")
        }
    }

    @Test("are ambiguous by a prefix that several share")
    func ambiguous() throws {
        try withHouse { house in
            // Seventeen images have two whose first digit is the same.
            let images = try (0..<17).map { try house.add(nil, [("a", "\($0)")]) }
            let digit = try #require("0123456789abcdef".first { digit in images.count { $0.id.hex.first == digit } > 1 })
            #expect(throws: ImagesError.ambiguous(String(digit))) { try house.images.resolve(String(digit)) }
        }
    }

    @Test("lose a name that moves to another image, and stay, dangling")
    func movedName() throws {
        try withHouse { house in
            let old = try house.add("app", [("a", "1")]), new = try house.add("app", [("a", "2")])
            #expect(try house.images.resolve("app").id == new.id)
            #expect(try house.images.image(old.id).references.isEmpty)
            #expect(try house.images.list().map(\.id) == [new.id, old.id])
            try house.images.tag(old.id.hex, as: Reference(parsing: "app:old"))
            #expect(try house.images.image(old.id).tags == ["app:old"])
        }
    }

    @Test("removed by their last name take files and blobs with them, but nothing that another image needs")
    func remove() throws {
        try withHouse { house in
            let one = try house.add("one", [("shared", "x")]), two = try house.add("two", [("shared", "x")], changes: ["USER me"])
            #expect(one.chain == two.chain)
            try house.images.tag("one", as: Reference(parsing: "one:again"))
            #expect(try house.images.remove("one:again", users: nobody) == [.untagged("one:again")])
            #expect(try house.images.remove("one", users: nobody) == [.untagged("one:latest"), .deleted(one.id)])
            #expect(try house.content.list().count == 3)
            let chain = try #require(two.chain)
            #expect(try house.snapshots.layers(of: chain).count == 1)
            #expect(try house.images.remove("two", users: nobody) == [.untagged("two:latest"), .deleted(two.id), .deleted(chain.digest)])
            #expect(try house.content.list().isEmpty)
            #expect(try entries(house.root.appending("snapshots/layers")).isEmpty)
            #expect(throws: ImagesError.notFound("two:latest")) { try house.images.remove("two", users: nobody) }
        }
    }

    @Test("in use are kept, in Docker's words")
    func conflicts() throws {
        try withHouse { house in
            let image = try house.add("bb", [("a", "1")]), container = String(repeating: "ab", count: 32)
            let short = image.id.short
            func users(running: Bool) -> (Transaction) throws(MetadataError) -> [ImageUser] {
                { _ in [ImageUser(container: container, image: image.id, isRunning: running)] }
            }
            let byName = "unable to remove repository reference \"bb\" (must force) - container abababababab is using its referenced image \(short)"
            #expect(throws: ImagesError.conflict(byName)) { try house.images.remove("bb", users: users(running: false)) }
            let stopped = "unable to delete \(short) (must be forced) - image is being used by stopped container abababababab"
            #expect(throws: ImagesError.conflict(stopped)) { try house.images.remove(image.id.hex, users: users(running: false)) }
            let running = "unable to delete \(short) (cannot be forced) - image is being used by running container abababababab"
            #expect(throws: ImagesError.conflict(running)) { try house.images.remove(image.id.hex, force: true, users: users(running: true)) }
            try house.images.tag("bb", as: Reference(parsing: "other/bb"))
            let several = "unable to delete \(short) (must be forced) - image is referenced in multiple repositories"
            #expect(throws: ImagesError.conflict(several)) { try house.images.remove(short, users: nobody) }
            #expect(
                try house.images.remove(short, force: true, users: nobody)
                    == [.untagged("bb:latest"), .untagged("other/bb:latest"), .deleted(image.id), .deleted(try #require(image.chain).digest)])
        }
    }

    @Test("lose their last name by force while they run, but stay")
    func forcedWhileRunning() throws {
        try withHouse { house in
            let image = try house.add("bb:1", [("a", "1")])
            let removed = try house.images.remove("bb:1", force: true) { _ in [ImageUser(container: "c", image: image.id, isRunning: true)] }
            #expect(removed == [.untagged("bb:1")])
            #expect(try house.images.image(image.id).tags.isEmpty)
        }
    }

    @Test("removed by force leave their layers to the container that stands on them")
    func forced() throws {
        try withHouse { house in
            let image = try house.add("bb", [("a", "1")]), container = String(repeating: "c", count: 64)
            let mount = try house.snapshots.prepare(container: container, from: image.chain)
            _ = try house.images.remove("bb", force: true) { _ in [ImageUser(container: container, image: image.id, isRunning: false)] }
            #expect(try readText(mount.lower[1].appending("a")) == "1")
            try house.snapshots.removeContainer(container)
            #expect(try entries(house.root.appending("snapshots/layers")).isEmpty)
        }
    }

    @Test("survive a new process, which clears away what a killed one left half done")
    func reopen() throws {
        try withHouse { house in
            let image = try house.add("kept", [("a", "1")])
            let stray = try house.content.store([1, 2, 3]).digest
            for path in ["staging/99", "layers/98", "containers/97", "trash/1"] { try makeDirectories(house.root.appending("snapshots/\(path)/deep")) }
            try house.metadata.write { (transaction) throws(MetadataError) in _ = try transaction.run("INSERT INTO layers (state) VALUES ('unpacking')") }
            let next = try House(root: house.root)
            #expect(try next.images.list() == [image])
            #expect(!next.content.contains(stray))
            for folder in ["staging", "containers", "trash"] { #expect(try entries(house.root.appending("snapshots/\(folder)")).isEmpty) }
            #expect(try entries(house.root.appending("snapshots/layers")).count == 1)
        }
    }

    @Test("are not made of a bad change or a bad layer, and nothing is left of the attempt")
    func failures() throws {
        try withHouse { house in
            #expect(throws: ImagesError.invalid("FROM is not a valid change command")) { try house.add("a", [("a", "1")], changes: ["FROM x"]) }
            let junk = try house.content.store(Array("junk, certainly no archive".utf8))
            #expect(throws: ImagesError.self) { try house.images.importRoot(junk, name: nil) }
            #expect(throws: ImagesError.snapshots(.trees(.refused(entry: "../evil", why: "it leads outside of the layer")))) {
                try house.add("a", [("../evil", "1")])
            }
            #expect(try house.images.list().isEmpty)
            for folder in ["staging", "layers", "trash"] { #expect(try entries(house.root.appending("snapshots/\(folder)")).isEmpty) }
        }
    }

    @Test("tell their history, newest first, with the size of each layer")
    func history() throws {
        try withHouse { house in
            let image = try house.add("h", [("a", "12345")])
            let lines = try house.images.history(of: image.id)
            #expect(lines.count == 1)
            #expect(lines[0].id == image.id && lines[0].sizeBytes == 5 && lines[0].comment == "Imported from -" && lines[0].tags == ["h:latest"])
            #expect(lines[0].createdNanoseconds == image.createdNanoseconds)
        }
    }

    @Test("are imported and removed by many threads at once without losing a file")
    func threads() async throws {
        let root = FilePath("/tmp/slipway-images-threads-\(currentProcess())-\(monotonicNanoseconds())")
        defer { try? removeTree(root) }  // a leftover would show in the host comparison
        let house = try House(root: root)
        try await withThrowingTaskGroup { group in
            for task in 0..<4 {
                group.addTask {
                    for round in 0..<5 {
                        // The same layer every time, so that all of them meet.
                        let image = try house.add("t\(task)", [("shared", "x")], changes: ["LABEL task=\(task)"])
                        let chain = try #require(image.chain)
                        #expect(try readText(house.snapshots.layers(of: chain)[0].appending("shared")) == "x", "round \(round)")
                        _ = try house.images.remove("t\(task)", users: nobody)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try house.images.list().isEmpty)
        #expect(try house.content.list().isEmpty)
        #expect(try entries(root.appending("snapshots/layers")).isEmpty)
    }
}
