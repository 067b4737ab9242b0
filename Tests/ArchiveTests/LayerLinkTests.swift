// Hard links to files of other layers, whiteouts that meet entries, and directories that nobody named: what a layer can only say about the
// layers below it.

import Archive
import Linux
import Testing

@Suite("A layer that speaks of layers below")
struct LayerLinkTests {
    @Test("reports hard links to files that it does not have, in their order, and makes those to files that it has")
    func links() throws {
        try withBench { bench in
            let result = try bench.unpack([
                .hardLink("a", to: "usr/bin/tool"), .file("own"), .hardLink("dir/b", to: "/own"), .hardLink("dir/c", to: "./a"), .hardLink("d", to: "own/x")
            ])
            #expect(
                result.links == [
                    UnresolvedLink(target: "usr/bin/tool", name: "a"), UnresolvedLink(target: "a", name: "dir/c"), UnresolvedLink(target: "own/x", name: "d")
                ])
            #expect(try bench.status("own").links == 2)
            #expect(!bench.has("a") && !bench.has("dir/c"))
        }
    }

    @Test("reports no link whose name a later entry took, and lets a link take the name of an earlier entry")
    func overtaken() throws {
        try withBench { bench in
            let result = try bench.unpack([
                .hardLink("a", to: "below"), .file("a", "later"), .file("b", "earlier"), .hardLink("b", to: "below"), .hardLink("w", to: "below"),
                .file(".wh.w", ""), .file(".wh.v", ""), .hardLink("v", to: "below"), .directory("d/"), .file("d/x"), .hardLink("d", to: "below")
            ])
            #expect(result.links.map(\.name) == ["b", "w", "v", "d"])
            #expect(try bench.text("a") == "later")
            #expect(!bench.has("b") && !bench.has("d"))
        }
    }

    @Test("reports links by their bytes")
    func rawNames() throws {
        try withBench { bench in
            let raw = FilePath(platformString: [0x66, -1, 0] as [CChar])
            let result = try bench.unpack([.hardLink("x", to: "below").with { $0.name = [0x66, 0xff] }])
            #expect(result.links == [UnresolvedLink(target: "below", name: raw)])
        }
    }

    @Test("cannot make us keep more names than it may", arguments: [TarEntry.hardLink("h", to: "below"), .file("implied/x"), .directory("named/")])
    func tooMany(_ entry: TarEntry) throws {
        try withBench { bench in
            let entries = (0..<1000).map { number in entry.with { $0.name = Array("\(number)".utf8) + $0.name } }
            var limits = UnpackLimits(bytes: 1 << 20, entries: 1_000_000)
            limits.namesBytes = 4000
            do {
                try bench.unpack(entries, limits: limits)
                Issue.record("unpacked")
            } catch {
                guard case ArchiveError.limit(_, let what) = error else { throw error }
                #expect(what == "4000 bytes of names of directories and links that have to be kept")
            }
        }
    }

    @Test("has an opaque directory where it removes a name and then has something in it, whichever comes first")
    func whiteoutThenContents() throws {
        try withBench { bench in
            let result = try bench.unpack([
                .file(".wh.a", ""), .file("a/x"), .file("b/x"), .file(".wh.b", ""), .file("c/d/.wh.e", ""), .file("c/d/e/f/x"), .file(".wh.g", ""),
                .symbolicLink("g", to: "a"),
                .file("g/y")
            ])
            for name in ["a", "b", "c/d/e"] {
                #expect(try bench.attribute("trusted.overlay.opaque", of: name) == [UInt8(ascii: "y")], "\(name)")
                #expect(try bench.status(name).mode == 0o040755)
            }
            #expect(bench.has("a/x") && bench.has("b/x") && bench.has("c/d/e/f/x") && bench.has("a/y"))
            #expect(result.implied == ["", "a", "b", "c", "c/d", "c/d/e", "c/d/e/f"])
        }
    }

    @Test("does not call a directory implied that it names before or after, or that it replaced")
    func impliedThenNamed() throws {
        try withBench { bench in
            let result = try bench.unpack([
                .file("a/b/x"), .directory("a/").with { $0.mode = 0o700 }, .file("gone/x"), .file("gone", "a file"), .directory("./").with { $0.mode = 0o711 }
            ])
            #expect(result.implied == ["a/b"])
            #expect(try bench.status("a").mode == 0o040700)
            #expect(try bench.status("").mode == 0o040711)
        }
    }

    @Test("has implied directories of root's, also inside a directory with setgid")
    func setgidParent() throws {
        try withBench { bench in
            try bench.unpack([.directory("g/").with { ($0.mode, $0.group) = (0o2775, 50) }, .file("g/new/x").with { $0.group = 7 }, .directory("g/own/")])
            #expect(try bench.status("g/new").mode == 0o040755 && bench.status("g/new").group == 0)
            #expect(try bench.status("g/new/x").group == 7)
            #expect(try bench.status("g/own").mode == 0o040755 && bench.status("g/own").group == 0)
        }
    }
}
