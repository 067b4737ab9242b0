// What is packed and unpacked again is what it was. Needs root, for owners, devices and overlayfs' attributes.

import Archive
import Digests
import Linux
import Testing

@Suite("A packed tree")
struct PackTests {
    /// Packs `tree`, and gives the tar.
    @discardableResult
    private func pack(_ bench: Bench, _ tree: FilePath, _ form: PackForm, _ check: (Packed) throws -> Void = { _ in }) throws -> [UInt8] {
        let output = bench.path.appending("layer"), file = try open(output, [.writeOnly, .create, .truncate], mode: 0o600)
        let directory = try open(tree, [.readOnly, .directory])
        let packed = try file.borrow { file in try directory.borrow { directory in try Archive.pack(directory, into: file, form: form) } }
        let bytes = try readFile(output)
        #expect(packed.digest == Digest(of: bytes) && packed.bytes == bytes.count && bytes.count % 512 == 0)
        try check(packed)
        return bytes
    }

    /// A tree beside the root, for packing.
    private func withTree(_ body: (Bench, FilePath) throws -> Void) throws {
        try withBench { bench in
            let tree = bench.path.appending("tree")
            try makeDirectory(tree)
            // `withBench` wants nothing left beside its own.
            defer { try? removeTree(tree) }  // the bench goes anyway
            try body(bench, tree)
        }
    }

    @Test("comes back as it was, whatever is in it, and its tar is the same every time", arguments: 1...5, [PackForm.plain, .layer])
    func roundTrip(_ seed: Int, _ form: PackForm) throws {
        try withTree { bench, tree in
            var maker = RandomTree(tree, seed: UInt64(seed), isUpper: form == .layer)
            try maker.make(60)
            let before = try image(of: tree), bytes = try pack(bench, tree, form) { packed in #expect(packed.leftOut.isEmpty) }
            #expect(try pack(bench, tree, form) == bytes)
            let result = try bench.unpack(bytes)
            #expect(result.diffID == Digest(of: bytes) && result.implied == [""] && result.links.isEmpty && result.leftOut.isEmpty)
            let after = try image(of: bench.root)
            #expect(differences(before, after) == [], "seed \(seed)")
            #expect(try pack(bench, bench.root, form) == bytes)
        }
    }

    @Test("of an upper directory has whiteouts and opaque marks as layers spell them, before what they concern")
    func marks() throws {
        try withTree { bench, tree in
            try makeNode(tree.appending("gone"), mode: 0o020000)
            try makeDirectories(tree.appending("d/inner"))
            try setAttribute("trusted.overlay.opaque", of: tree.appending("d"), to: [UInt8(ascii: "y")])
            try setAttribute("trusted.overlay.origin", of: tree.appending("d"), to: [1, 2])
            try writeFile(tree.appending("d/file"), "x")
            let bytes = try pack(bench, tree, .layer) { packed in #expect(packed.entries == 5) }
            #expect(try names(in: bytes) == ["d/", "d/.wh..wh..opq", "d/file", "d/inner/", ".wh.gone"])
            try bench.unpack(bytes)
            #expect(try bench.isWhiteout("gone"))
            #expect(try bench.attribute("trusted.overlay.origin", of: "d") == nil)
        }
    }

    @Test("of nothing is an empty tar")
    func nothing() throws {
        try withTree { bench, tree in
            let bytes = try pack(bench, tree, .layer) { packed in #expect(packed.entries == 0) }
            #expect(bytes == [UInt8](repeating: 0, count: 1024))
        }
    }

    @Test("leaves out sockets, and in a layer names that would mean something else, and says so")
    func leftOut() throws {
        try withTree { bench, tree in
            try writeFile(tree.appending(".wh.trap"), "a container may call its files so")
            try makeNode(tree.appending("socket"), mode: 0o140600)
            try pack(bench, tree, .layer) { packed in
                #expect(packed.leftOut == [".wh.trap: a name that means something else in a layer", "socket: a socket, which only a process can make"])
                #expect(packed.entries == 0)
            }
            try pack(bench, tree, .plain) { packed in #expect(packed.entries == 1) }
        }
    }

    @Test("does not follow links out of the tree")
    func links() throws {
        try withTree { bench, tree in
            try symbolicLink(bench.path.appending("outside").string, at: tree.appending("out"))
            try symbolicLink(bench.secret.string, at: tree.appending("secret"))
            #expect(try names(in: pack(bench, tree, .plain)) == ["out", "secret"])
        }
    }

    @Test("keeps names that are no text, and links to them")
    func rawNames() throws {
        try withTree { bench, tree in
            let raw = FilePath(platformString: [0x66, -1, -2, 0] as [CChar]), file = tree.appending(raw.components)
            try writeFile(file, "raw")
            try link(file, to: tree.appending("z-link"))
            let long = FilePath(platformString: [CChar](repeating: -2, count: 200) + [0])
            try writeFile(tree.appending(long.components), "long")
            let before = try image(of: tree)
            try bench.unpack(pack(bench, tree, .plain))
            #expect(try differences(before, image(of: bench.root)) == [])
        }
    }

    @Test("may be deep: one directory is open at a time")
    func deep() throws {
        try withTree { bench, tree in
            try bench.unpack([.file("x").pax("path", String(repeating: "d/", count: 150) + "x")])
            let bytes = try pack(bench, bench.root, .plain) { packed in #expect(packed.entries == 151) }
            try removeTree(bench.root.appending("d"))
            #expect(try bench.unpack(bytes).entries == 151)
        }
    }

    /// Files of sysfs claim 4,096 bytes and have fewer, as any file may that is written to meanwhile.
    private static let shrinking: FilePath = "/sys/kernel/mm/transparent_hugepage"

    @Test("has zeros where a file turns out shorter than it said", .enabled(if: exists(shrinking), "UNVERIFIED HERE: no such files"))
    func shorter() throws {
        try withTree { bench, _ in
            let bytes = try pack(bench, Self.shrinking, .plain) { packed in
                #expect(packed.leftOut.contains { $0.hasPrefix("enabled: its last ") })
            }
            try bench.unpack(bytes)
            let text = try readText(Self.shrinking.appending("enabled"))
            #expect(try bench.text("enabled") == text + String(repeating: "\0", count: 4096 - text.utf8.count))
        }
    }

    @Test("is read by GNU tar too", .enabled(if: exists("/usr/bin/tar"), "UNVERIFIED HERE: no GNU tar"))
    func gnuTar() throws {
        try withTree { bench, tree in
            var maker = RandomTree(tree, seed: 4711, isUpper: false)
            try maker.make(80)
            let before = try image(of: tree)
            try pack(bench, tree, .plain)
            let arguments = ["--xattrs", "--xattrs-include=*", "--numeric-owner", "-S", "-pxf", bench.path.appending("layer").string, "-C", bench.root.string]
            #expect(try run("/usr/bin/tar", arguments) == 0)
            let different = try differences(before, image(of: bench.root))
            #expect(different == [])
        }
    }
}

/// The names of a tar's entries, in their order.
private func names(in tar: [UInt8]) throws -> [String] {
    var found: [String] = [], place = 0
    while place < tar.count, tar[place] != 0 {
        let name = tar[place..<place + 100].prefix { $0 != 0 }, size = tar[place + 124..<place + 135]
        if tar[place + 156] != UInt8(ascii: "x") { found.append(String(decoding: name, as: UTF8.self)) }
        place += 512 + ((Int(String(decoding: size, as: UTF8.self), radix: 8) ?? 0) + 511) / 512 * 512
    }
    return found
}
