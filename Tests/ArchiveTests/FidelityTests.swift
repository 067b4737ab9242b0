// A layer's files come out as they went in. Needs root, for owners and devices.

import Archive
import Digests
import Linux
import Testing

@Suite("An unpacked layer")
struct FidelityTests {
    @Test("has its files, their contents and modes, and the digest of the plain tar")
    func plain() throws {
        try withBench { bench in
            let layer = tar([.directory("etc/"), .file("etc/motd", "hello").with { $0.mode = 0o640 }, .file("./empty", "")])
            let result = try bench.unpack(layer)
            #expect(result.diffID == Digest(of: layer))
            #expect(result.entries == 3 && result.bytes == 5 && result.links.isEmpty && result.leftOut.isEmpty)
            #expect(result.implied == [""], "nobody named the layer's root")
            #expect(try bench.text("etc/motd") == "hello")
            #expect(try bench.status("etc/motd").mode == 0o100640)
            #expect(try bench.status("empty").bytes == 0)
        }
    }

    @Test("is the same however it was compressed, and so is its digest", arguments: Compression.allCases)
    func compression(_ kind: Compression) throws {
        try withBench { bench in
            let layer = tar([.file("big", String(repeating: "slipway ", count: 200_000))])
            let result = try bench.unpack(compressed(layer, kind))
            #expect(result.diffID == Digest(of: layer))
            #expect(try bench.status("big").bytes == 1_600_000)
        }
    }

    @Test("is read to the end when it was compressed in several parts, or has bytes behind its end", arguments: Compression.allCases)
    func severalMembers(_ kind: Compression) throws {
        try withBench { bench in
            let layer = tar([.file("a", "1"), .file("b", "2")]) + [UInt8](repeating: 0, count: 8192) + Array("behind the end".utf8)
            let parts = try compressed(Array(layer[..<700]), kind) + compressed(Array(layer[700...]), kind)
            #expect(try bench.unpack(parts).diffID == Digest(of: layer))
            #expect(try bench.text("b") == "2")
        }
    }

    @Test("may have zstd frames to be skipped behind it, as layers with an index of their own have")
    func skippableFrames() throws {
        try withBench { bench in
            let layer = tar([.file("a", "1")]), index = Array("an index of the layer".utf8)
            let frame: [UInt8] = [0x50, 0x2a, 0x4d, 0x18, UInt8(index.count), 0, 0, 0] + index
            let blob = try compressed(layer, .zstd) + frame + frame
            #expect(try bench.unpack(blob).diffID == Digest(of: layer))
        }
    }

    @Test("keeps setuid, setgid and sticky bits of files that belong to others")
    func setuid() throws {
        try withBench { bench in
            try bench.unpack([
                .file("su").with { ($0.mode, $0.user, $0.group) = (0o6755, 1000, 1001) }, .directory("tmp/").with { $0.mode = 0o1777 },
                .directory("sg/").with { $0.mode = 0o2750 }
            ])
            let status = try bench.status("su")
            #expect(status.mode == 0o106755 && status.user == 1000 && status.group == 1001)
            #expect(try bench.status("tmp").mode == 0o041777)
            #expect(try bench.status("sg").mode == 0o042750)
        }
    }

    @Test("keeps times to the nanosecond, of directories and links too")
    func times() throws {
        try withBench { bench in
            try bench.unpack([
                .directory("d/").pax("mtime", "1500000000.123456789"), .file("d/f").pax("mtime", "1400000000.000000001"),
                .symbolicLink("d/l", to: "f").pax("mtime", "1300000000.5"), .directory("./").pax("mtime", "1200000000.25"), .file("old").pax("mtime", "-1.5")
            ])
            #expect(try bench.status("d").modified == (1_500_000_000, 123_456_789))
            #expect(try bench.status("d/f").modified == (1_400_000_000, 1))
            #expect(try bench.status("d/l").modified == (1_300_000_000, 500_000_000))
            #expect(try bench.status("").modified == (1_200_000_000, 250_000_000))
        }
    }

    @Test("keeps hard links one file, symbolic links as they are, fifos and devices")
    func kinds() throws {
        try withBench { bench in
            try bench.unpack([
                .file("a", "same"), .hardLink("dir/b", to: "a"), .hardLink("./c", to: "/dir/b"), .symbolicLink("s", to: "../../anywhere").with { $0.user = 7 },
                .fifo("pipe").with { $0.mode = 0o620 }, .characterDevice("null", 1, 3).with { ($0.mode, $0.user) = (0o666, 5) },
                .characterDevice("disk", 259, 300).with { $0.type = "4" }
            ])
            #expect(try bench.status("a").links == 3)
            #expect(try bench.status("dir/b").inode == bench.status("c").inode)
            #expect(try readLink(bench.root.appending("s")) == "../../anywhere")
            #expect(try bench.status("s").user == 7)
            #expect(try bench.status("pipe").mode == 0o010620)
            let null = try bench.status("null"), disk = try bench.status("disk")
            #expect(null.mode == 0o020666 && null.user == 5 && deviceNumbers(null.special) == (1, 3))
            #expect(disk.kind == .blockDevice && deviceNumbers(disk.special) == (259, 300))
        }
    }

    @Test("keeps file capabilities and users' attributes, and says which others it left out")
    func attributes() throws {
        try withBench { bench in
            let capability: [UInt8] = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
            let result = try bench.unpack([
                .file("ping").with { ($0.user, $0.pax) = (1000, [("SCHILY.xattr.security.capability", capability)]) },
                .file("note").pax("SCHILY.xattr.user.colour", "blau").pax("SCHILY.xattr.trusted.overlay.redirect", "/etc").pax(
                    "SCHILY.xattr.user.overlay.opaque", "y"),
                .directory("d/").pax("SCHILY.xattr.user.kind", "dir"),
                .symbolicLink("l", to: "x").pax("SCHILY.xattr.security.selinux", "label").pax("SCHILY.xattr.user.k", "v")
            ])
            #expect(try bench.attribute("security.capability", of: "ping") == capability)
            #expect(try bench.attribute("user.colour", of: "note") == Array("blau".utf8))
            #expect(try bench.attribute("user.kind", of: "d") == Array("dir".utf8))
            #expect(try bench.attribute("trusted.overlay.redirect", of: "note") == nil)
            #expect(
                result.leftOut == [
                    "l: attribute security.selinux", "l: attribute user.k, which this file cannot have", "note: attribute trusted.overlay.redirect",
                    "note: attribute user.overlay.opaque"
                ])
        }
    }

    @Test("keeps names byte for byte: long ones, Korean ones, combining characters, and bytes that are no text")
    func names() throws {
        try withBench { bench in
            let long = (0..<9).map { "\($0)-a-rather-long-directory-name" }.joined(separator: "/")
            let combining = "cafe\u{301}", composed = "caf\u{e9}"
            try bench.unpack([
                .file("short").pax("path", long), .file("한글/파일"), .file("p1").pax("path", "한글/파일 둘"), .file("p2").pax("path", combining),
                .file("p3").pax("path", composed).pax("linkpath", "x"), .file("raw").with { $0.name = [0x66, 0xff, 0xfe] }
            ])
            #expect(bench.has(long))
            #expect(bench.has("한글/파일") && bench.has("한글/파일 둘"))
            let names = try entries(bench.root)
            #expect(names.contains { Array($0.utf8) == Array(combining.utf8) })
            #expect(names.contains { Array($0.utf8) == Array(composed.utf8) })
            let raw: [CChar] = [0x66, -1, -2, 0]
            #expect(exists(bench.root.appending(FilePath(platformString: raw).components)))
        }
    }

    @Test("has directories that only a path named, and says which")
    func implied() throws {
        try withBench { bench in
            let result = try bench.unpack([.file("a/b/c", "deep")])
            #expect(result.implied == ["", "a", "a/b"])
            #expect(try bench.status("a/b").mode == 0o040755)
            #expect(try bench.text("a/b/c") == "deep")
        }
    }

    @Test("has the last of several entries of one name, and merges directories")
    func replaced() throws {
        try withBench { bench in
            try bench.unpack([
                .file("f", "first"), .file("f", "second"), .directory("d/"), .file("d/kept"), .directory("d/").with { $0.mode = 0o700 }, .directory("gone/"),
                .file("gone/x"),
                .file("gone", "a file now"), .symbolicLink("l", to: "d"), .directory("l/"), .file("l/own")
            ])
            #expect(try bench.text("f") == "second")
            #expect(bench.has("d/kept") && !bench.has("d/own") && bench.has("l/own"))
            #expect(try bench.status("d").mode == 0o040700)
            #expect(try bench.text("gone") == "a file now")
            #expect(try bench.status("l").kind == .directory)
        }
    }

    @Test("keeps a file that is hard-linked to itself")
    func selfLink() throws {
        try withBench { bench in
            try bench.unpack([.file("a", "still here"), .hardLink("a", to: "a")])
            #expect(try bench.text("a") == "still here")
        }
    }
}

@Suite("Whiteouts")
struct WhiteoutTests {
    @Test("become devices 0/0, and opaque directories an attribute, as overlayfs reads them")
    func convert() throws {
        try withBench { bench in
            try bench.unpack([
                .file("etc/.wh.passwd", ""), .directory("opt/"), .file("opt/.wh..wh..opq", ""), .file("implied/.wh..wh..opq", ""), .file(".wh..wh.plnk", "")
            ])
            #expect(try bench.isWhiteout("etc/passwd"))
            #expect(try bench.attribute("trusted.overlay.opaque", of: "opt") == [UInt8(ascii: "y")])
            #expect(try bench.attribute("trusted.overlay.opaque", of: "implied") == [UInt8(ascii: "y")])
            #expect(try Set(entries(bench.root)) == ["etc", "opt", "implied"])
        }
    }

    @Test("hide the layers below and not what the same layer has, whichever comes first")
    func sameLayer() throws {
        try withBench { bench in
            try bench.unpack([
                .file("f", "new"), .file(".wh.f", ""), .directory("d/"), .file("d/x"), .file(".wh.d", ""), .file(".wh.g", ""), .file("g", "newer"),
                .file(".wh.e", ""), .directory("e/")
            ])
            #expect(try bench.text("f") == "new")
            #expect(bench.has("d/x"))
            #expect(try bench.attribute("trusted.overlay.opaque", of: "d") == [UInt8(ascii: "y")])
            #expect(try bench.text("g") == "newer")
            #expect(try bench.attribute("trusted.overlay.opaque", of: "e") == [UInt8(ascii: "y")])
        }
    }
}
