// The first use of a volume: what it gets of the image, when, and what an interruption leaves. Filling mounts, in the helper's own namespace.
import Foundation
import Linux
import Testing
import Trees
import Volumes

@Suite("An empty volume", .enabled(if: isSandboxed, unverified))
struct FillingTests {
    @Test("gets the image's files at its first use, and keeps what it has at the next")
    func first() throws {
        try withPlace { (place) throws in
            let layer = try place.layer { layer in
                try makeDirectories(layer.appending("srv/www/deep"))
                try writeFile(layer.appending("srv/www/index.html"), "hello")
                try changeOwner(layer.appending("srv/www"), user: 33, group: 34)
                try changeMode(layer.appending("srv/www"), 0o2750)
            }
            let volume = try place.store.create(VolumeWish(name: "www"))
            let copied = try place.store.fill(volume, from: [layer], at: "/srv/www")
            #expect(copied == Copied(isFound: true, entries: 2, bytes: 5))
            let status = try status(place.data("www"))
            #expect(status.user == 33 && status.group == 34 && status.mode & 0o7777 == 0o2750)
            #expect(try readText(place.data("www").appending("index.html")) == "hello")
            try writeFile(place.data("www").appending("index.html"), "changed")
            #expect(try place.store.fill(volume, from: [layer], at: "/srv/www") == nil)
            #expect(try readText(place.data("www").appending("index.html")) == "changed")
            #expect(try entries(place.path.appending("volumes/www")) == ["_data"])
        }
    }

    @Test("takes the owner of a directory that is empty, and stays as it is where the image has none")
    func nothing() throws {
        try withPlace { (place) throws in
            let layer = try place.layer { layer in
                try makeDirectories(layer.appending("var/lib/db"))
                try changeOwner(layer.appending("var/lib/db"), user: 70, group: 70)
                try writeFile(layer.appending("file"), "f")
            }
            let volume = try place.store.create(VolumeWish(name: "db"))
            for path in ["/nowhere", "/file", "/file/below"] {
                #expect(try place.store.fill(volume, from: [layer], at: FilePath(path)) == Copied(isFound: false))
            }
            #expect(try status(place.data("db")).user == 0)
            #expect(try place.store.fill(volume, from: [layer], at: "/var/lib/db") == Copied(isFound: true))
            #expect(try status(place.data("db")).user == 70 && place.store.isEmpty(volume))
        }
    }

    @Test("sees the image as a container does: upper layers over lower ones, and links followed within it")
    func merged() throws {
        try withPlace { (place) throws in
            let lower = try place.layer("lower") { layer in
                try makeDirectories(layer.appending("data"))
                try writeFile(layer.appending("data/both"), "lower")
                try writeFile(layer.appending("data/below"), "below")
                try symbolicLink("/data", at: layer.appending("link"))
                try symbolicLink("../../../../etc", at: layer.appending("escape"))
            }
            let upper = try place.layer("upper") { layer in
                try makeDirectories(layer.appending("data"))
                try writeFile(layer.appending("data/both"), "upper")
            }
            let volume = try place.store.create(VolumeWish(name: "vv"))
            #expect(try place.store.fill(volume, from: [upper, lower], at: "/escape")?.isFound == false)  // there is no /etc in this image
            #expect(try place.store.fill(volume, from: [upper, lower], at: "/link")?.entries == 2)
            #expect(try readText(place.data("vv").appending("both")) == "upper" && readText(place.data("vv").appending("below")) == "below")
        }
    }

    @Test("is as empty as before when the copy fails, and is filled the next time")
    func failed() throws {
        try withPlace { (place) throws in
            let layer = try place.layer { layer in
                try makeDirectories(layer.appending("data"))
                for number in 0..<20 { try writeFile(layer.appending("data/\(number)"), String(repeating: "x", count: 1000)) }
            }
            let small = try Place(place.path, limits: UnpackLimits(bytes: 5000, entries: 100))
            let volume = try small.store.create(VolumeWish(name: "vv"))
            #expect {
                try small.store.fill(volume, from: [layer], at: "/data")
            } throws: { if case VolumesError.trees(.limit) = $0 { true } else { false } }
            #expect(try small.store.isEmpty(volume) && entries(place.path.appending("volumes/vv")) == ["_data"])
            #expect(try place.store.fill(volume, from: [layer], at: "/data")?.entries == 20)
        }
    }

    @Test("is filled the next time when the engine was killed while it copied, and completed when it was killed while it moved")
    func killed() throws {
        try withPlace { (place) throws in
            let layer = try place.layer { layer in
                try makeDirectories(layer.appending("data"))
                for number in 0..<3 { try writeFile(layer.appending("data/\(number)"), "\(number)") }
            }
            // While it copied: a part lies beside the volume.
            let copied = try place.store.create(VolumeWish(name: "copied"))
            let part = place.path.appending("volumes/copied/.slipway-filling/files")
            try makeDirectories(part)
            try writeFile(part.appending("0"), "half of i")
            // While it moved: the row says so, one file has moved, and a container has made another meanwhile.
            let moved = try place.store.create(VolumeWish(name: "moved"))
            let whole = place.path.appending("volumes/moved/.slipway-filling/files")
            try makeDirectories(whole)
            try changeMode(whole, 0o711)
            for number in 1..<3 { try writeFile(whole.appending("\(number)"), "image") }
            try writeFile(place.data("moved").appending("0"), "image")
            try writeFile(place.data("moved").appending("2"), "container")
            try place.setStage("filling", of: "moved")

            let store = try place.reopened().store
            #expect(try store.isEmpty(copied) && store.fill(copied, from: [layer], at: "/data")?.entries == 3)
            #expect(try entries(place.data("moved")).sorted() == ["0", "1", "2"] && store.fill(moved, from: [layer], at: "/data") == nil)
            #expect(try readText(place.data("moved").appending("1")) == "image" && readText(place.data("moved").appending("2")) == "container")
            #expect(try status(place.data("moved")).mode & 0o7777 == 0o711)
            for name in ["copied", "moved"] { #expect(try entries(place.path.appending("volumes/\(name)")) == ["_data"]) }
        }
    }

    @Test("is filled once, however many containers begin with it at the same time")
    func race() throws {
        try withPlace { (place) throws in
            let layer = try place.layer { layer in
                try makeDirectories(layer.appending("data"))
                for number in 0..<50 { try writeFile(layer.appending("data/\(number)"), "\(number)") }
            }
            let volume = try place.store.create(VolumeWish(name: "vv")), store = place.store
            let counts = LockedCounts()
            DispatchQueue.concurrentPerform(iterations: 6) { _ in
                counts.add((try? store.fill(volume, from: [layer], at: "/data").map { $0.entries }) ?? -1)  // an error shows as no copy
            }
            let files = try entries(place.data("vv")).count
            #expect(counts.sorted == [-1, -1, -1, -1, -1, 50] && files == 50)
        }
    }

    @Test("that is a bind is filled where it lies, and one in memory is not")
    func drivers() throws {
        try withPlace { (place) throws in
            let layer = try place.layer { layer in
                try makeDirectories(layer.appending("data"))
                try writeFile(layer.appending("data/file"), "f")
            }
            try makeDirectories(place.path.appending("device"))
            let bound = try place.store.create(VolumeWish(name: "bound", options: ["type": "none", "o": "bind", "device": "\(place.path)/device"]))
            #expect(try place.store.fill(bound, from: [layer], at: "/data")?.entries == 1)
            #expect(try entries(place.path.appending("device")) == ["file"])
            let memory = try place.store.create(VolumeWish(name: "memory", options: ["type": "tmpfs", "device": "tmpfs"]))
            #expect(try place.store.fill(memory, from: [layer], at: "/data") == nil)
        }
    }
}

/// Numbers from several threads.
private final class LockedCounts: @unchecked Sendable {
    private let lock = NSLock()
    private var numbers: [Int] = []
    func add(_ number: Int) { lock.withLock { numbers.append(number) } }
    var sorted: [Int] { lock.withLock { numbers.sorted() } }
}
