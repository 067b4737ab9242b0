// What a layer takes from those below it when it is committed. Needs root and the program slipway-tree beside the tests.

import Digests
import Linux
import Snapshots
import Testing
import Trees

@Suite("A committed layer")
struct SettlingTests {
    @Test("has implied directories as the layers below have them: mode, owner, times, attributes")
    func implied() throws {
        try withStore { store in
            let base = try store.layer([
                .directory("./").with { ($0.mode, $0.user, $0.seconds) = (0o751, 5, 900) },
                .directory("a/").with { ($0.mode, $0.user, $0.group, $0.seconds) = (0o2750, 7, 8, 1000) }.pax("SCHILY.xattr.user.note", "kept"),
                .directory("a/b/").with { ($0.mode, $0.seconds) = (0o1777, 2000) }.pax("mtime", "2000.123456789")
            ])
            // One layer in between that says nothing about them.
            let middle = try store.layer([.directory("./").with { ($0.mode, $0.user, $0.seconds) = (0o751, 5, 900) }, .file("other")], onto: base.chain)
            let top = try store.top(try store.layer([.file("a/b/c/d", "new")], onto: middle.chain))
            let root = try status(top), a = try status(top.appending("a")), b = try status(top.appending("a/b")), c = try status(top.appending("a/b/c"))
            #expect((root.mode, root.user, root.modified.seconds) == (0o040751, 5, 900))
            #expect((a.mode, a.user, a.group) == (0o042750, 7, 8) && a.modified == (1000, 0))
            #expect(try attribute("user.note", of: top.appending("a")) == Array("kept".utf8))
            #expect(b.mode == 0o041777 && b.modified == (2000, 123_456_789))
            #expect((c.mode, c.user) == (0o040755, 0))
            #expect(try readText(top.appending("a/b/c/d")) == "new")
        }
    }

    @Test("has its root as the layers below have it, where it has no entry for it")
    func root() throws {
        try withStore { store in
            let root = TarEntry.directory("./").with { ($0.mode, $0.user, $0.seconds) = (0o1751, 5, 900) }.pax("SCHILY.xattr.user.note", "kept")
            let base = try store.layer([root]), middle = try store.layer([.directory("d/"), .file("d/f")], onto: base.chain)
            // The last one needs the helper for a link, and gets the root right all the same.
            for layer in [middle, try store.layer([.file("other")], onto: middle.chain), try store.layer([.hardLink("l", to: "d/f")], onto: middle.chain)] {
                let top = try store.top(layer), status = try status(top)
                #expect((status.mode, status.user) == (0o041751, 5) && status.modified == (900, 0))
                #expect(try attribute("user.note", of: top) == Array("kept".utf8))
            }
        }
    }

    @Test("keeps what its own entries say, also when they come after the files")
    func explicit() throws {
        try withStore { store in
            let base = try store.layer([.directory("a/").with { ($0.mode, $0.seconds) = (0o700, 1000) }])
            let top = try store.top(try store.layer([.file("a/f"), .directory("a/").with { ($0.mode, $0.seconds) = (0o711, 3000) }], onto: base.chain))
            let a = try status(top.appending("a"))
            #expect(a.mode == 0o040711 && a.modified == (3000, 0))
        }
    }

    @Test("has new directories where it hides those below")
    func hidden() throws {
        try withStore { store in
            let base = try store.layer([
                .directory("opaque/").with { $0.mode = 0o700 }, .directory("opaque/in/").with { $0.mode = 0o700 }, .directory("gone/").with { $0.mode = 0o700 },
                .directory("gone/in/").with { $0.mode = 0o700 }, .file("file"), .symbolicLink("link", to: "gone")
            ])
            let top = try store.top(
                try store.layer(
                    [
                        .directory("opaque/").with { $0.mode = 0o711 }, .file("opaque/.wh..wh..opq", ""), .file("opaque/in/f"), .file(".wh.gone", ""),
                        .file("gone/in/f"),
                        .file("file/f"), .file("link/f")
                    ], onto: base.chain))
            for name in ["opaque/in", "gone", "gone/in", "file", "link"] {
                #expect(try status(top.appending(name), followLinks: false).mode == 0o040755, "\(name)")
            }
            #expect(try status(top.appending("opaque")).mode == 0o040711)
        }
    }

    @Test("has hard links to files of any layer below, with all their attributes, and its directories' times")
    func links() throws {
        try withStore { store in
            let capability: [UInt8] = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
            let base = try store.layer([
                .directory("bin/").with { ($0.mode, $0.seconds) = (0o751, 1000) },
                .file("bin/tool", "program").with { ($0.mode, $0.user, $0.group, $0.seconds) = (0o4755, 3, 4, 1234) }.with {
                    $0.pax.append(("SCHILY.xattr.security.capability", capability))
                }.pax("SCHILY.xattr.user.note", "kept")
            ])
            let middle = try store.layer([.symbolicLink("s", to: "bin")], onto: base.chain)
            let layer = try store.layer(
                [
                    .directory("new/").with { ($0.mode, $0.seconds) = (0o700, 5000) }, .hardLink("new/one", to: "bin/tool"), .hardLink("two", to: "/s/tool"),
                    .hardLink("three", to: "new/one"), .file("new/own", "12345")
                ], onto: middle.chain)
            let top = try store.top(layer), one = try status(top.appending("new/one"))
            for name in ["bin/tool", "two", "three"] { #expect(try status(top.appending(name)).inode == one.inode, "\(name)") }
            #expect((one.links, one.mode, one.user, one.group) == (4, 0o104755, 3, 4) && one.modified == (1234, 0))
            #expect(try attribute("security.capability", of: top.appending("two")) == capability && attribute("user.note", of: top.appending("two")) != nil)
            #expect(try status(top.appending("new")).modified == (5000, 0))
            let bin = try status(top.appending("bin"))
            #expect(bin.mode == 0o040751 && bin.modified == (1000, 0))
            // The file was copied up once.
            #expect(layer.sizeBytes == 5 + 7)
            #expect(try overlayNotes(beneath: top).isEmpty)
            // Below, nothing has changed.
            #expect(try status(store.top(base).appending("bin/tool")).links == 1 && overlayNotes(beneath: store.top(base)).isEmpty)
        }
    }

    @Test("has a link in place of what was there below, and none where it is the same file already")
    func replaced() throws {
        try withStore { store in
            let base = try store.layer([.file("a", "a"), .file("b", "b"), .directory("d/"), .file("d/f"), .file("kept", "kept"), .hardLink("same", to: "kept")])
            let top = try store.layer([.hardLink("b", to: "a"), .hardLink("d", to: "a"), .hardLink("same", to: "kept")], onto: base.chain)
            let path = try store.top(top)
            #expect(try Set(entries(path)) == ["a", "b", "d"] && readText(path.appending("b")) == "a" && readText(path.appending("d")) == "a")
            try withMount(store, top) { merged in
                #expect(try readText(merged.appending("d")) == "a" && readText(merged.appending("same")) == "kept")
                let inodes = try ["a", "b", "d"].map { name in try status(merged.appending(name)).inode }
                #expect(Set(inodes).count == 1)
            }
        }
    }

    @Test("is refused for a link to what is nowhere, hidden or a directory, by name, and nothing of it stays")
    func refused() throws {
        try withStore { store in
            let base = try store.layer([.file("there"), .directory("d/"), .file("d/f"), .symbolicLink("out", to: "/etc")])
            let hostile: [(entries: [TarEntry], why: String)] = [
                ([.hardLink("x", to: "nowhere")], "a hard link to nowhere, which is in no layer"),
                ([.hardLink("x", to: "d")], "a hard link to d, which is a directory"),
                ([.file(".wh.there", ""), .hardLink("x", to: "there")], "a hard link to there, which this layer removes"),
                ([.file(".wh.d", ""), .hardLink("x", to: "d/f")], "a hard link to d/f, which is in no layer"),
                // The link leads to the layers' /etc, not to ours.
                ([.hardLink("x", to: "out/passwd")], "a hard link to out/passwd, which is in no layer")
            ]
            for layer in hostile {
                #expect(throws: SnapshotsError.trees(.refused(entry: "x", why: layer.why))) { try store.layer(layer.entries, onto: base.chain) }
                try store.expectClean(layers: 1)
            }
            let why = "a hard link to nowhere, which is no earlier entry of this layer"
            #expect(throws: SnapshotsError.trees(.refused(entry: "x", why: why))) { try store.layer([.hardLink("x", to: "nowhere")]) }
            try store.expectClean(layers: 1)
        }
    }

    @Test("is refused when its links would copy up more than a layer may have")
    func bounded() throws {
        try withStore(limits: UnpackLimits(bytes: 1000, entries: 100)) { store in
            let base = try store.layer([.file("a", String(repeating: "a", count: 600)), .file("b", "b")])
            let next = try store.layer([.file("c", String(repeating: "c", count: 600))], onto: base.chain)
            #expect(throws: SnapshotsError.trees(.limit(entry: "y", what: "1000 bytes"))) {
                try store.layer([.hardLink("x", to: "a"), .hardLink("y", to: "c")], onto: next.chain)
            }
            try store.expectClean(layers: 2)
        }
    }
}

/// Attributes of overlayfs' that mean nothing in a layer, with the files that have them.
func overlayNotes(beneath path: FilePath) throws -> [String] {
    var found = try attributes(of: path).filter { $0.hasPrefix("trusted.overlay.") && $0 != "trusted.overlay.opaque" }.map { "\(path): \($0)" }
    if try status(path, followLinks: false).kind == .directory {
        for name in try entries(path) { found += try overlayNotes(beneath: path.appending(name)) }
    }
    return found
}
