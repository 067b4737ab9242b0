// What names ask for, before anything is made of them.

import Archive
import Linux
import Testing

@Suite("An entry's name")
struct EntryNameTests {
    static let meanings: [(FilePath, EntryName)] = [
        ("./", .root), (".", .root), ("/", .root), ("a/..", .root), ("a/b/../../", .root),
        ("etc/passwd", .entry(parent: "etc", name: "passwd")), ("./etc//passwd", .entry(parent: "etc", name: "passwd")),
        ("/etc/passwd", .entry(parent: "etc", name: "passwd")), ("etc/", .entry(parent: "", name: "etc")), ("a/../b", .entry(parent: "", name: "b")),
        ("...", .entry(parent: "", name: "...")), ("..a", .entry(parent: "", name: "..a")), (".wh", .entry(parent: "", name: ".wh")),
        ("wh.a", .entry(parent: "", name: "wh.a")), (".whx", .entry(parent: "", name: ".whx")), (".WH.a", .entry(parent: "", name: ".WH.a")),
        ("a.wh.b", .entry(parent: "", name: "a.wh.b")), (".wh.d/file", .entry(parent: ".wh.d", name: "file")),
        (".wh.a", .whiteout(parent: "", name: "a")), ("a/b/.wh.c", .whiteout(parent: "a/b", name: "c")), ("a/.wh.....", .whiteout(parent: "a", name: "....")),
        (".wh..bashrc", .whiteout(parent: "", name: ".bashrc")), (".wh..wh", .whiteout(parent: "", name: ".wh")), (".wh.한글", .whiteout(parent: "", name: "한글")),
        // The letter and the dot before it are one character to people, and two to the kernel.
        (".wh.\u{301}x", .whiteout(parent: "", name: "\u{301}x")),
        (".wh..wh..opq", .opaque(parent: "")), ("a/.wh..wh..opq", .opaque(parent: "a")), ("a/.wh..wh..opq/", .opaque(parent: "a")),
        (".wh..wh..opqx", .ignored), ("a/.wh..wh.plnk", .ignored), (".wh..wh.", .ignored), (".wh..wh.aufs", .ignored),
        (".wh..opq", .whiteout(parent: "", name: ".opq"))
    ]

    @Test("asks for one thing", arguments: meanings)
    func meaning(_ path: FilePath, _ expected: EntryName) throws {
        #expect(try EntryName(path) == expected)
    }

    static let refusals: [(FilePath, String)] = [
        ("", "an empty name"), ("..", "it leads outside of the layer"), ("/..", "it leads outside of the layer"),
        ("a/../../a", "it leads outside of the layer"),
        ("../.wh.a", "it leads outside of the layer"), (".wh.", "a whiteout of nothing"), ("a/.wh..", "a whiteout of nothing"),
        ("a/.wh...", "a whiteout of nothing"),
        (FilePath(String(repeating: "a/", count: 2049)), "its path has 4097 bytes, and Linux takes 4095")
    ]

    @Test("is refused with a reason", arguments: refusals)
    func refusal(_ path: FilePath, _ why: String) {
        #expect(throws: RefusedName.self) { try EntryName(path) }
        do throws(RefusedName) { _ = try EntryName(path) } catch { #expect(error.why == why) }
    }

    @Test("keeps bytes that are no text")
    func bytes() throws {
        let raw = FilePath(platformString: [0x2e, 0x77, 0x68, 0x2e, -1, -2, 0] as [CChar]), hidden = FilePath(platformString: [-1, -2, 0] as [CChar])
        #expect(try EntryName(raw) == .whiteout(parent: "", name: hidden))
    }
}
