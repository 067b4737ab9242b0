// The helper as the daemon uses it, and what is left of the world once it is confined. Needs root and the program slipway-tree beside the tests.

import Digests
import Foundation
import Linux
import Synchronization
import Testing
import Trees

@Suite("slipway-tree")
struct TreeHelperTests {
    @Test("unpacks a layer and tells what it was")
    func unpack() throws {
        try withPlace { place in
            let layer = tar([.file("a/b", "hello").with { $0.user = 1000 }, .file(".wh.gone", "")])
            let result = try place.unpack(layer)
            #expect(result.diffID == Digest(of: layer))
            #expect(result.implied == [TreePath(""), TreePath("a")] && result.links.isEmpty)
            #expect(try readText(place.root.appending("a/b")) == "hello")
            #expect(try status(place.root.appending("a/b")).user == 1000)
            #expect(try status(place.root.appending("gone")).kind == .characterDevice)
        }
    }

    @Test("says why not, as one typed error")
    func errors() throws {
        try withPlace { place in
            #expect(throws: TreesError.refused(entry: "../x", why: "it leads outside of the layer")) { try place.unpack(tar([.file("../x")])) }
            #expect(throws: TreesError.limit(entry: "b", what: "1 entries")) {
                var small = try place.helper
                small.limits.entries = 1
                _ = try place.unpack(tar([.file("a"), .file("b")]), with: small)
            }
            do {
                _ = try place.unpack(Array("junk that is no archive".utf8))
                Issue.record("junk was unpacked")
            } catch {
                guard case TreesError.damaged = error else { throw error }
            }
            do {
                _ = try place.unpack(tar([.file("f").pax("path", String(repeating: "n", count: 300))]))
                Issue.record("a name of 300 bytes was made")
            } catch {
                guard case TreesError.kernel(let entry, let reason) = error else { throw error }
                #expect(entry.hasPrefix("nnn") && reason.reason == "File name too long")
            }
        }
    }

    @Test("is reported dead when it ends without a word, and missing when it is not there")
    func silence() throws {
        try withPlace { place in
            #expect(throws: TreesError.died("ended without an answer: exited(1)")) { try place.unpack(tar([]), with: TreeHelper(executable: "/bin/false")) }
            #expect(throws: TreesError.self) { try place.unpack(tar([]), with: TreeHelper(executable: "/nonexistent")) }
        }
    }

    @Test("adds up what a directory holds, hard links once")
    func size() throws {
        try withPlace { place in
            _ = try place.unpack(tar([.file("a/b", "12345"), .hardLink("c", to: "a/b"), .symbolicLink("s", to: "123"), .characterDevice("d", 1, 3)]))
            #expect(try place.helper.size(of: place.root) == Sized(bytes: 5 + 3, inodes: 5))
        }
    }

    @Test("packs a directory as a layer that unpacks to the same, byte for byte each time", arguments: [PackForm.layer, .plain])
    func pack(_ form: PackForm) throws {
        try withPlace { place in
            let marks: [TarEntry] = form == .layer ? [.file("a/.wh.gone", ""), .directory("o/"), .file("o/.wh..wh..opq", "")] : []
            _ = try place.unpack(
                tar(
                    [
                        .directory("a/").with { ($0.mode, $0.user) = (0o2750, 7) },
                        .file("a/f", "hello").pax("mtime", "1000.123456789").pax("SCHILY.xattr.user.x", "y"),
                        .hardLink("h", to: "a/f"), .symbolicLink("s", to: "a"), .fifo("p"), .characterDevice("d", 1, 3)
                    ] + marks))
            let one = try packed(place, place.root, form), two = try packed(place, place.root, form)
            #expect(one.bytes == two.bytes && one.report == two.report)
            #expect(one.report.digest == Digest(of: one.bytes) && one.report.bytes == one.bytes.count && one.report.leftOut.isEmpty)
            let copy = place.path.appending("copy")
            try makeDirectory(copy)
            #expect(try place.unpack(one.bytes, into: copy).diffID == one.report.digest)
            #expect(try packed(place, copy, form).bytes == one.bytes)
            let file = try status(copy.appending("a/f"))
            #expect(try file.modified == (1000, 123_456_789) && file.links == 2 && attribute("user.x", of: copy.appending("a/f")) == Array("y".utf8))
            #expect(try status(copy.appending("a")).mode == 0o042750)
            if form == .layer {
                #expect(try status(copy.appending("a/gone")).kind == .characterDevice)
                #expect(try attribute("trusted.overlay.opaque", of: copy.appending("o")) == Array("y".utf8))
            }
        }
    }

    private func packed(_ place: Place, _ directory: FilePath, _ form: PackForm) throws -> (report: Packed, bytes: [UInt8]) {
        let output = try memoryFile("tar")
        return try output.borrow { output in
            let report = try place.helper.pack(directory, into: output, form: form)
            try seek(output, to: 0)
            return (report, try readAll(output))
        }
    }

    @Test("tells names that are no text, byte for byte")
    func bytes() throws {
        try withPlace { place in
            let layer = tar([.file("x").with { $0.name = [0xff, 0x2f, 0xfe] }, .hardLink("l", to: "gone").with { $0.name = [0x6c, 0xfd] }])
            let result = try place.unpack(layer)
            let odd = try #require(result.implied.last), link = try #require(result.links.first)
            #expect(try status(place.root.appending(odd.path.components)).kind == .directory)
            #expect(odd.path.string == "\u{fffd}" && String(validating: odd.path) == nil)
            #expect(String(validating: link.name.path) == nil && link.target == TreePath("gone"))
            let twice = try JSONDecoder().decode(Unpacked.self, from: JSONEncoder().encode(result))
            #expect(twice == result)
        }
    }

    @Test("moves the position of the layer's descriptor as it reads: gzip, zstd and plain", arguments: ["", "gzip", "zstd"])
    func progress(_ compressor: String) throws {
        try withPlace { place in
            // What cannot be compressed, so that there is something to read.
            let noise = try open("/dev/urandom", .readOnly).borrow { source in try read(source, upTo: 2 << 20) }
            let layer = tar((0..<10).map { number in .file("noise\(number)", "").with { $0.contents = noise } })
            try writeFile(place.path.appending("layer"), compressor.isEmpty ? layer : try pipe(layer, through: compressor))
            let file = try open(place.path.appending("layer"), .readOnly)
            try file.borrow { file in
                let size = try status(file).bytes, diffID = Digest(of: layer)
                var seen: Set<Int64> = []
                // A watcher that gets no turn in time sees nothing; then once more.
                for attempt in 0..<5 where !seen.contains(where: { $0 > 0 && $0 < size }) {
                    let directory = place.root.appending("\(attempt)")
                    try makeDirectory(directory)
                    try seek(file, to: 0)
                    seen = try positions(of: file) {
                        let unpacked = try place.helper.unpack(file, into: directory)
                        #expect(unpacked.diffID == diffID)
                    }
                    #expect(try seek(file, to: 0, from: 1) == size)
                }
                #expect(seen.contains { $0 > 0 && $0 < size })
            }
        }
    }

    /// Where the descriptor was seen to stand while `body` ran.
    private func positions(of file: FileDescriptor, while body: () throws -> Void) throws -> Set<Int64> {
        let seen = Mutex<Set<Int64>>([]), isDone = Mutex(false), watcher = DispatchGroup()
        watcher.enter()
        Thread.detachNewThread {
            while !isDone.withLock({ $0 }) {
                if let position = try? seek(file, to: 0, from: 1) { seen.withLock { _ = $0.insert(position) } }  // it is what is tested
                pause(milliseconds: 1)
            }
            watcher.leave()
        }
        defer {
            isDone.withLock { $0 = true }
            watcher.wait()
        }
        try body()
        return seen.withLock { $0 }
    }

    @Test("ends with an error where a layer needs more memory than it may have")
    func memory() throws {
        try withPlace { place in
            var small = try place.helper
            small.limits.memoryBytes = 24 << 20
            // zstd with a window of 64 MiB, which the reader must hold.
            let layer = try pipe(tar([.file("zeros", String(repeating: "0", count: 64 << 20))]), through: "zstd", ["--long=26"])
            #expect(throws: TreesError.damaged("Zstd decompression failed: Allocation error : not enough memory")) { try place.unpack(layer, with: small) }
            #expect(try place.unpack(layer).bytes == 64 << 20)
        }
    }
}
