// Layers that want out, or want too much. Each is refused with a sentence that names the entry, or does no more than write to itself; `withBench`
// checks that nothing outside was touched.

import Archive
import Digests
import Linux
import Testing

@Suite("A hostile layer")
struct HostileTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var entry: String, why: String
        var layer: [UInt8]

        init(_ description: String, _ entry: String, _ why: String, _ entries: [TarEntry]) {
            (testDescription, self.entry, self.why, layer) = (description, entry, why, tar(entries))
        }
    }

    static let refused: [Case] = [
        Case("climbs out", "../x", "it leads outside of the layer", [.file("../x")]),
        Case("climbs out after going in", "a/../../x", "it leads outside of the layer", [.directory("a/"), .file("a/../../x")]),
        Case("climbs out from the root", "/../../outside/secret", "it leads outside of the layer", [.file("/../../outside/secret")]),
        Case("links out", "h", "its target ../outside/secret: it leads outside of the layer", [.hardLink("h", to: "../outside/secret")]),
        Case("links to itself", "h", "a hard link to itself", [.hardLink("h", to: "./h")]),
        Case("links to a directory", "h", "a hard link to d, which is a directory", [.directory("d/"), .hardLink("h", to: "d")]),
        Case("links to what it removes", "h", "a hard link to f, which this layer removes", [.file(".wh.f", ""), .hardLink("h", to: "f")]),
        Case("goes through a file", "f/x", "f is no directory", [.file("f"), .file("f/x")]),
        Case("goes through a link to nowhere", "nowhere/a/x", "nowhere is no directory", [.symbolicLink("nowhere", to: "gone"), .file("nowhere/a/x")]),
        Case(
            "is 3,000 directories deep", "\(String(repeating: "d/", count: 100))… (6001 bytes)", "its path has 6001 bytes, and Linux takes 4095",
            [.file("x").pax("path", String(repeating: "d/", count: 3000) + "x")]),
        Case("links to the root", "h", "a hard link to the layer's root", [.hardLink("h", to: "./")]),
        Case("hides what is outside", "../.wh.secret", "it leads outside of the layer", [.file("../.wh.secret")]),
        Case("hides its own parent", "a/.wh...", "a whiteout of nothing", [.directory("a/"), .file("a/.wh...")]),
        Case("hides itself", "a/.wh..", "a whiteout of nothing", [.file("a/.wh..")]),
        Case("hides nothing", ".wh.", "a whiteout of nothing", [.file(".wh.")]),
        Case("makes its root a link", ".", "the layer's root must be a directory", [.symbolicLink("./", to: "/")]),
        Case("belongs to nobody", "x", "its owner -1:0 is none", [.file("x").with { $0.user = -1 }])
    ]

    @Test("is refused, in words that name the entry, when it", arguments: refused)
    func refusal(_ hostile: Case) throws {
        try withBench { bench in
            #expect(throws: ArchiveError.refused(entry: hostile.entry, why: hostile.why)) { try bench.unpack(hostile.layer) }
        }
    }

    @Test("that leads through a symbolic link writes to itself only")
    func throughLinks() throws {
        try withBench { bench in
            let outside = "\(bench.path)/outside"
            try makeDirectories(FilePath("\(bench.root)\(outside)"))
            try bench.unpack([
                .symbolicLink("absolute", to: outside), .file("absolute/secret", "mine"), .symbolicLink("relative", to: "../../../../../../\(outside)"),
                .file("relative/other", "mine"), .file("absolute/.wh.hidden", ""), .file("absolute/.wh..wh..opq", "")
            ])
            #expect(try bench.text("\(outside)/secret".dropped) == "mine")
            #expect(try bench.text("\(outside)/other".dropped) == "mine")
            #expect(try bench.isWhiteout("\(outside)/hidden".dropped))
            #expect(try readText(bench.secret) == "secret")
        }
    }

    @Test("that writes over a link of its own replaces the link and never follows it")
    func overLinks() throws {
        try withBench { bench in
            let secret = "\(bench.secret)"
            try bench.unpack([
                .symbolicLink("file", to: secret), .file("file", "mine"), .symbolicLink("mode", to: secret), .fifo("mode").with { $0.mode = 0o777 },
                .symbolicLink("owner", to: secret).with { ($0.user, $0.mode) = (4711, 0o777) }, .symbolicLink("link", to: secret),
                .hardLink("hard", to: "link"),
                .file("hard", "mine"), .symbolicLink("opaque", to: "\(bench.path)/outside"), .file(".wh.opaque", "")
            ])
            #expect(try bench.text("file") == "mine" && bench.text("hard") == "mine")
            #expect(try bench.status("mode").kind == .fifo)
        }
    }

    @Test("that links to a file outside through a symbolic link finds only itself")
    func hardLinkThroughLink() throws {
        try withBench { bench in
            let result = try bench.unpack([.symbolicLink("out", to: "\(bench.path)/outside"), .hardLink("stolen", to: "out/secret")])
            #expect(!bench.has("stolen"))
            #expect(result.links == [UnresolvedLink(target: "out/secret", name: "stolen")], "a layer below might have it")
        }
    }

    @Test("with a name of 300 bytes is refused by the kernel, in an error that names it")
    func longName() throws {
        try withBench { bench in
            let name = String(repeating: "n", count: 300)
            do {
                try bench.unpack([.file("x").pax("path", name)])
                Issue.record("unpacked")
            } catch {
                guard case ArchiveError.kernel(name, let reason) = error else { throw error }
                #expect(reason.reason == "File name too long")
            }
        }
    }

    @Test("of 500 directories one in the other is made, and can be removed")
    func deep() throws {
        try withBench { bench in
            let result = try bench.unpack([.file("x").pax("path", String(repeating: "d/", count: 500) + "x")])
            #expect(result.implied.count == 501)
            try removeTree(bench.root.appending("d"))
            #expect(!bench.has("d"))
        }
    }

    @Test("is stopped at its limits, before the bytes are written")
    func bombs() throws {
        let limits = UnpackLimits(bytes: 1_000_000, entries: 100)
        let tooMany = (0..<101).map { TarEntry.file("f\($0)", "") }
        let deep = String(repeating: "d/", count: 45) + "x"
        let bombs: [(String, [TarEntry])] = [
            ("huge", [.file("huge").with { $0.claimedBytes = 1 << 50 }]), ("negative", [.file("negative").with { $0.claimedBytes = -512 }]),
            ("second", [.file("first", String(repeating: "a", count: 600_000)), .file("second", String(repeating: "b", count: 600_000))]), ("f100", tooMany),
            (deep, [.file(deep), .file(deep.replacing("d", with: "e")), .file(deep.replacing("d", with: "f"))])
        ]
        for (entry, bomb) in bombs {
            try withBench { bench in
                #expect(throws: ArchiveError.self, "\(entry)") { try bench.unpack(bomb, limits: limits) }
                let used = try usedBytes(bench.root)
                #expect(used < 1_500_000)
            }
        }
    }

    @Test("that is small and unpacks to zeros without end is stopped")
    func zeros() throws {
        try withBench { bench in
            let limits = UnpackLimits(bytes: 1_000_000, entries: 10)
            for kind in [Compression.zstd, .gzip] {
                let bomb = try compressed(tar([.file("a")]) + [UInt8](repeating: 0, count: 50_000_000), kind)
                #expect(bomb.count < 100_000)
                #expect(throws: ArchiveError.limit(entry: "", what: "the bytes that a layer may have")) { try bench.unpack(bomb, limits: limits) }
            }
        }
    }

    @Test("that is garbage is called unreadable")
    func garbage() throws {
        let broken: [[UInt8]] = [
            [], [1, 2, 3], Array("this is no archive at all, only some text".utf8), [UInt8](repeating: 0x41, count: 5_000),
            [0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8],
            [0x28, 0xb5, 0x2f, 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff], Array("BZh9nothing of the kind follows".utf8), [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 1, 2, 3]
        ]
        for (number, layer) in broken.enumerated() {
            try withBench { bench in
                do {
                    try bench.unpack(layer)
                    Issue.record("number \(number) was unpacked")
                } catch {
                    guard case ArchiveError.damaged = error else { throw error }
                }
            }
        }
    }

    @Test("that is cut off is called unreadable, however it was compressed", arguments: Compression.allCases)
    func cut(_ kind: Compression) throws {
        var state: UInt8 = 1
        let noise = (0..<30_000).map { _ in
            state = state &* 5 &+ 17
            return state
        }
        let whole = try compressed(tar([.file("a").with { $0.contents = noise }, .file("b")]), kind)
        for length in [5, 20, whole.count / 3, whole.count - 20, whole.count - 5, whole.count - 1] {
            try withBench { bench in #expect(throws: ArchiveError.self, "\(length) of \(whole.count)") { try bench.unpack(Array(whole[..<length])) } }
        }
    }

    @Test("that is a plain tar cut off anywhere has what came before, or is refused where a file is not whole")
    func cutPlain() throws {
        let whole = tar([.file("a", String(repeating: "x", count: 5_000)), .file("b").pax("mtime", "1.5"), .directory("c/")])
        for length in stride(from: 1, to: whole.count, by: 170) {
            try withBench { bench in
                do {
                    let result = try bench.unpack(Array(whole[..<length]))
                    #expect(try length >= 512 + 5_000 && bench.status("a").bytes == 5_000 && result.entries <= 3)
                } catch {
                    guard case ArchiveError.damaged = error else { throw error }
                }
            }
        }
    }

    @Test("that ends right behind the last file's data, without the zeros to the block's end, is whole; one byte less is not")
    func unpadded() throws {
        let whole = tar([.file("a"), .file("b", String(repeating: "y", count: 700))], end: false), end = whole.count - (1024 - 700)
        try withBench { bench in
            let result = try bench.unpack(Array(whole[..<end]))
            #expect(try result.entries == 2 && bench.status("b").bytes == 700)
            #expect(result.diffID == Digest(of: whole[..<end]))
        }
        try withBench { bench in #expect(throws: ArchiveError.self) { try bench.unpack(Array(whole[..<(end - 1)])) } }
    }

    @Test("whose headers claim gigabytes of names, records or numbers is refused without reserving them", arguments: ["x", "g", "L", "K"] as [Character])
    func claims(_ type: Character) throws {
        for claim in [1 << 33, 1 << 50, -512] {
            try withBench { bench in
                let liar = TarEntry("liar", type: type).with { $0.claimedBytes = claim }
                #expect(throws: ArchiveError.self, "\(claim)") { try bench.unpack([liar, .file("x")]) }
            }
        }
    }

    @Test("whose pax records are nonsense is refused, or they mean nothing")
    func records() throws {
        for text in [
            "", "0 \n", "99999999999 path=x\n", "-5 path=x\n", "10 path=", "7 path=\n", "12 path=a\u{0}b\n", "nonsense", "9 =value\n",
            "25 mtime=1e309999999999\n"
        ] {
            try withBench { bench in
                let header = TarEntry("records", type: "x").with { $0.contents = Array(text.utf8) }
                do { try bench.unpack([header, .file("x")]) } catch is ArchiveError {}
            }
        }
    }

    @Test("with anything behind the end of the archive is unpacked, and its digest covers that", arguments: Compression.allCases)
    func behindTheEnd(_ kind: Compression) throws {
        let layer = tar([.file("a")]) + Array("behind the end".utf8) + tar([.file("b")])
        try withBench { bench in
            let result = try bench.unpack(compressed(layer, kind))
            #expect(result.diffID == Digest(of: layer) && result.entries == 1)
            #expect(!bench.has("b"))
        }
    }

    @Test("with bytes changed at random never gets out, whatever it says")
    func mutations() throws {
        let seed: [UInt8] = tar([
            .directory("a/"), .symbolicLink("a/l", to: "../b"), .file("a/l/x", "text").pax("mtime", "1.5").pax("SCHILY.xattr.user.k", "v"),
            .hardLink("h", to: "a/l/x"), .file(".wh.z")
        ])
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var layer = seed
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                layer[Int.random(in: 0..<layer.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            try withBench { bench in
                do { try bench.unpack(layer, limits: UnpackLimits(bytes: 1 << 20, entries: 100)) } catch is ArchiveError {}
            }
        }
    }
}

extension String {
    /// Without the leading slash.
    fileprivate var dropped: String { String(dropFirst()) }
}

private func usedBytes(_ path: FilePath) throws -> Int64 {
    let status = try Linux.status(path, followLinks: false)
    guard status.kind == .directory else { return status.allocatedBytes }
    return try entries(path).reduce(0) { try $0 + usedBytes(path.appending($1)) }
}
