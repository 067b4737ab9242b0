// Parts of trees with names of their own, and tars that are not layers: what cp needs.

import Archive
import Linux
import Testing

@Suite("Parts and plain tars")
struct PartTests {
    private func withFolder(_ body: (FilePath) throws -> Void) throws {
        let folder = FilePath("/tmp/slipway-part-\(currentProcess())-\(monotonicNanoseconds())")
        try makeDirectories(folder.appending("from/dir"))
        try makeDirectories(folder.appending("to"))
        defer { try? removeTree(folder) }  // a leftover would show in the host comparison
        try writeFile(folder.appending("from/dir/f"), "f")
        let directory = try open(folder.appending("from/dir"), [.path, .directory])
        try directory.borrow { directory in try link("f", to: "g", at: directory, in: directory) }
        try body(folder)
    }

    private func tar(_ part: PackPart, of folder: FilePath) throws -> [UInt8] {
        let file = try memoryFile("tar"), root = try open(folder, [.readOnly, .directory])
        return try file.borrow { file in
            _ = try root.borrow { root in try pack(part, of: root, into: file, form: .whole) }
            try seek(file, to: 0)
            return try readAll(file)
        }
    }

    private func put(_ tar: [UInt8], into folder: FilePath, _ rules: UnpackRules) throws -> Unpacked {
        let file = try memoryFile("tar"), root = try open(folder, [.readOnly, .directory])
        return try file.borrow { file in
            try write(file, tar)
            try seek(file, to: 0)
            return try root.borrow { root in try unpack(file, into: root, rules: rules) }
        }
    }

    @Test(
        "a part's names begin with its title, also those of links",
        arguments: [
            ("dir", "dir", ["dir/", "dir/f", "dir/g"]), ("dir", "new", ["new/", "new/f", "new/g"]), (nil, ".", ["./", "./dir/", "./dir/f", "./dir/g"]),
            (nil, "", ["/", "/dir/", "/dir/f", "/dir/g"])
        ] as [(FilePath?, String, [String])])
    func titles(name: FilePath?, title: String, expected: [String]) throws {
        try withFolder { folder in
            let file = try memoryFile("tar")
            let names = try file.borrow { file in
                try write(file, tar(PackPart(name, as: title), of: folder.appending("from")))
                try seek(file, to: 0)
                var names: [String] = []
                _ = try listLayer(file) { names.append($0.path.string + ($0.kind == "directory" ? "/" : "")) }
                return names
            }
            #expect(names.map { $0.replacingDoubledSlash } == expected)
        }
    }

    @Test("entries are renamed as they are unpacked", arguments: [("dir", "dir", "new"), (".", ".", "new/from"), ("dir", "other", "dir")])
    func renaming(title: String, old: String, found: String) throws {
        try withFolder { folder in
            let to = folder.appending("to"), whole = title == "."
            let tar = try tar(PackPart(whole ? nil : "dir", as: title), of: whole ? folder.appending("from") : folder.appending("from"))
            let rules = UnpackRules.files(owner: (effectiveUser(), effectiveGroup()), title: "to", renaming: (old, whole ? "new/from" : "new"))
            _ = try put(tar, into: to, rules)
            let base = to.appending(FilePath(found).components).appending(whole ? "dir" : "f").appending(whole ? "f" : "")
            #expect(try readText(base) == "f")
            #expect(try status(base).links == 2)
        }
    }

    @Test("whiteouts mean nothing, kinds are kept, links lead nowhere else")
    func plain() throws {
        try withFolder { folder in
            let to = folder.appending("to"), rules = UnpackRules.files(owner: (effectiveUser(), effectiveGroup()), title: "/to", renaming: nil)
            _ = try put(Tars.tar([.file(".wh.a"), .symbolicLink("out", to: folder.string)]), into: to, rules)
            #expect(try status(to.appending(".wh.a")).kind == .file)
            #expect(throws: ArchiveError.refused(entry: "out/x", why: "out is no directory")) { try put(Tars.tar([.file("out/x")]), into: to, rules) }
            #expect(!exists(folder.appending("x")))
            let words = "cannot overwrite non-directory \"/to/.wh.a\" with directory \"/to\""
            #expect(throws: ArchiveError.refused(entry: ".wh.a", why: words)) { try put(Tars.tar([.directory(".wh.a")]), into: to, rules) }
            #expect(throws: ArchiveError.refused(entry: "h", why: "a hard link to nosuch, which is not there")) {
                try put(Tars.tar([.hardLink("h", to: "nosuch")]), into: to, rules)
            }
        }
    }
}

/// The hand-made tars by another name, as this suite's own function is called so, too.
private enum Tars {
    static func tar(_ entries: [TarEntry]) -> [UInt8] { ArchiveTests.tar(entries) }
}

extension String {
    fileprivate var replacingDoubledSlash: String { hasSuffix("//") ? String(dropLast()) : self }
}
