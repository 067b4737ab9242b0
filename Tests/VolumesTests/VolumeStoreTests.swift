// Making, finding, using and removing volumes, and what a start repairs.
import Foundation
import Linux
import Metadata
import Testing
import Volumes

@Suite("A store of volumes")
struct VolumeStoreTests {
    @Test("makes a volume with a directory, and gives the same one for its name ever after")
    func create() throws {
        try withPlace { (place) throws in
            let made = try place.store.create(VolumeWish(name: "db", labels: ["a": "b"]))
            #expect(made.name == "db" && made.labels == ["a": "b"] && !made.isAnonymous)
            let status = try status(place.data("db"), followLinks: false)
            #expect(status.kind == .directory && status.mode & 0o7777 == 0o755)
            #expect(try Linux.status(place.path.appending("volumes")).mode & 0o7777 == 0o701)
            #expect(try place.store.create(VolumeWish(name: "db", labels: ["other": "label"])) == made)
            #expect(try place.reopened().store.volume("db") == made)
        }
    }

    @Test("makes a name up where there is none, of 64 hex digits, and marks it")
    func anonymous() throws {
        try withPlace { (place) throws in
            let (one, other) = (try place.store.create(VolumeWish()), try place.store.create(VolumeWish(name: "")))
            #expect(one.name != other.name && one.isAnonymous && one.labels == [anonymousLabel: ""])
            #expect(one.name.count == 64 && one.name.allSatisfy(\.isHexDigit))
        }
    }

    @Test(
        "refuses names that would be other paths, in Docker's words",
        arguments: ["a/b", "../up", ".hidden", "-x", "", "a b", "naïve", "a\u{0}b", String(repeating: "n", count: 256)])
    func badNames(name: String) throws {
        try withPlace { (place) throws in
            #expect {
                if name.isEmpty { try checkVolumeName(name) } else { try place.store.create(VolumeWish(name: name)) }
            } throws: { error in
                "\(error)".hasPrefix("create \(name): \"\(name)\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are")
            }
            #expect(try place.names().isEmpty && place.store.list().isEmpty)
        }
    }

    @Test("tells what its driver cannot do, before anything is made")
    func options() throws {
        try withPlace { (place) throws in
            func words(_ options: [String: String], driver: String = "") -> String {
                do throws(VolumesError) {
                    try place.store.create(VolumeWish(name: "vv", driver: driver, options: options))
                    return ""
                } catch {
                    return "\(error)"
                }
            }
            #expect(words([:], driver: "nfsd") == "create vv: error looking up volume plugin nfsd: plugin \"nfsd\" not found")
            #expect(words(["colour": "red"]) == "create vv: invalid option: \"colour\"")
            #expect(words(["o": "bind"]) == "create vv: missing required option: \"device\"")
            #expect(words(["device": "/x"]) == "create vv: missing required option: \"type\"")
            #expect(words(["type": "nfs", "device": ":/x", "o": "addr=1.2.3.4"]) == "create vv: a volume of type \"nfs\" is not supported by this engine yet")
            #expect(words(["type": "none", "o": "bind", "device": "rel"]).contains("absolute path"))
            #expect(try place.store.list().isEmpty)
            #expect(words(["type": "tmpfs", "device": "tmpfs", "o": "size=1m,uid=7"]).isEmpty)
            #expect(try place.store.volume("vv").backing == .memory(words: ["size=1m", "uid=7"]))
        }
    }

    @Test("keeps a volume as long as a container has it, running or not, and names the containers")
    func inUse() throws {
        try withPlace { (place) throws in
            _ = try place.store.claim(VolumeWish(name: "db"), for: VolumeUse(container: "c2", isAnonymous: false))
            _ = try place.store.claim(VolumeWish(name: "db"), for: VolumeUse(container: "c1", isAnonymous: false))
            #expect(throws: VolumesError.inUse("db", by: ["c1", "c2"])) { try place.store.remove("db") }
            #expect("\(VolumesError.inUse("db", by: ["c1", "c2"]))" == "remove db: volume is in use - [c1, c2]")
            #expect(try place.store.release(container: "c1", withAnonymous: true).isEmpty)
            #expect(throws: VolumesError.inUse("db", by: ["c2"])) { try place.store.remove("db") }
            _ = try place.store.release(container: "c2", withAnonymous: true)
            try place.store.remove("db")
            #expect(throws: VolumesError.notFound("db")) { try place.store.remove("db") }
            #expect(try place.names().isEmpty && entries(place.path.appending("volumes/.trash")).isEmpty)
        }
    }

    @Test("lets those go with a container that nobody named to it, unless another has them")
    func release() throws {
        try withPlace { (place) throws in
            let mine = try place.store.claim(VolumeWish(), for: VolumeUse(container: "c1", isAnonymous: true)).name
            let shared = try place.store.claim(VolumeWish(), for: VolumeUse(container: "c1", isAnonymous: true)).name
            _ = try place.store.claim(VolumeWish(name: shared), for: VolumeUse(container: "c2", isAnonymous: true))
            // Compose hands an unnamed volume on by its name.
            let kept = try place.store.claim(VolumeWish(), for: VolumeUse(container: "c0", isAnonymous: true)).name
            _ = try place.store.claim(VolumeWish(name: kept), for: VolumeUse(container: "c1", isAnonymous: false))
            _ = try place.store.release(container: "c0", withAnonymous: false)
            #expect(try place.store.release(container: "c1", withAnonymous: true) == [mine])
            #expect(try Set(place.store.list().map(\.name)) == [shared, kept])
            #expect(try place.store.release(container: "c2", withAnonymous: true) == [shared])
            #expect(try place.names() == [kept])
        }
    }

    @Test("prunes what nobody has and what is asked for, and counts the bytes")
    func prune() throws {
        try withPlace { (place) throws in
            _ = try place.store.claim(VolumeWish(name: "used"), for: VolumeUse(container: "c1", isAnonymous: false))
            for name in ["one", "two"] { try place.store.create(VolumeWish(name: name, labels: name == "one" ? ["k": "v"] : [:])) }
            let (removed, _) = try place.store.prune { $0.labels["k"] == "v" }
            #expect(removed.map(\.name) == ["one"])
            #expect(try place.store.prune { _ in true }.removed.map(\.name) == ["two"])
            #expect(try place.store.list().map(\.name) == ["used"])
        }
    }

    @Test("takes a directory for a volume that lies there without a row: it may be somebody's only copy")
    func adopt() throws {
        try withPlace { (place) throws in
            try makeDirectories(place.data("lost"))
            try writeFile(place.data("lost").appending("file"), "precious")
            try makeDirectories(place.path.appending("volumes/stranger"))
            let store = try place.reopened().store
            #expect(try store.list().map(\.name) == ["lost"])
            #expect(try readText(place.data("lost").appending("file")) == "precious" && exists(place.path.appending("volumes/stranger")))
        }
    }

    @Test("removes at the start what was half made or half removed, and leaves the rest")
    func recover() throws {
        try withPlace { (place) throws in
            for name in ["stays", "made", "gone", "goner"] { try place.store.create(VolumeWish(name: name)) }
            try place.setStage("making", of: "made")
            try place.setStage("removing", of: "gone")
            try place.setStage("removing", of: "goner")
            try removeTree(place.path.appending("volumes/goner"))  // as after the rename
            try makeDirectories(place.path.appending("volumes/.trash/7/_data/deep"))
            let store = try place.reopened().store
            #expect(try store.list().map(\.name) == ["stays"] && place.names() == ["stays"])
            #expect(try entries(place.path.appending("volumes/.trash")).isEmpty)
            _ = try store.create(VolumeWish(name: "gone"))  // the name is free again
        }
    }

    @Test("forgets containers that are no more, with what nobody named and nobody ran with")
    func keepOnly() throws {
        try withPlace { (place) throws in
            let never = try place.store.claim(VolumeWish(), for: VolumeUse(container: "dead", isAnonymous: true)).name
            let ran = try place.store.claim(VolumeWish(), for: VolumeUse(container: "ran", isAnonymous: true)).name
            let forgotten = try place.store.claim(VolumeWish(), for: VolumeUse(container: "rm", isAnonymous: true)).name
            let removing = try place.store.claim(VolumeWish(), for: VolumeUse(container: "going", isAnonymous: true)).name
            _ = try place.store.claim(VolumeWish(name: "named"), for: VolumeUse(container: "dead", isAnonymous: false))
            for (container, isForgotten) in [("ran", false), ("rm", true), ("going", false)] {
                try place.store.setMounted(true, by: container, isForgotten: isForgotten)
            }
            try place.metadata.write { (transaction) throws(MetadataError) in try transaction.unnamedVolumesGo(with: "going") }
            let gone = try place.store.keepOnly(containers: ["alive"], running: [])
            #expect(Set(gone) == [never, forgotten, removing])
            #expect(try Set(place.store.list().map(\.name)) == [ran, "named"] && place.store.allUsers().isEmpty)
        }
    }

    @Test("gives a volume in memory to one run at a time")
    func memory() throws {
        try withPlace { (place) throws in
            let wish = VolumeWish(name: "ram", options: ["type": "tmpfs", "device": "tmpfs"])
            for container in ["c1", "c2"] { _ = try place.store.claim(wish, for: VolumeUse(container: container, isAnonymous: false)) }
            try place.store.setMounted(true, by: "c1", isForgotten: false)
            #expect {
                try place.store.setMounted(true, by: "c2", isForgotten: false)
            } throws: { "\($0)".contains("memory of container c1") }
            try place.store.setMounted(false, by: "c1", isForgotten: false)
            try place.store.setMounted(true, by: "c2", isForgotten: false)
        }
    }
}
