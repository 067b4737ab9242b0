// Exercise 07.1, values in and values out: names as layers have them, each in several directories, and what they ask for.
import Archive
import Linux
import Testing

/// Directories that the names stand in; the empty one is the layer's root.
private let parents: [FilePath] = ["", "a", "usr/share/doc", ".wh", "a.wh.b"]

@Suite("Lab 07.1: what an entry's name asks for")
struct NameChecks {
    @Test("A name without the prefix is that of an ordinary entry")
    func ordinaryNames() throws {
        for name in ["passwd", ".hidden", ".wh", ".whx", "wh.x", "..data", "notes.wh.txt", "x.wh.", "a.wh..wh..opq", ".wha.wh.b"] {
            try every(name) { .entry(parent: $0, name: FilePath(name)) }
        }
    }

    @Test("A name behind the prefix is gone: whatever bytes it is made of")
    func whiteoutNames() throws {
        for name in ["passwd", ".hidden", "..data", "...", "wh", ".wh", ".whx", ".opq", "a.wh.b", "wh.a"] {
            try every(".wh." + name) { .whiteout(parent: $0, name: FilePath(name)) }
        }
        let bytes: [UInt8] = Array("caf".utf8) + [0xe9]  // Latin 1: no text for whoever reads UTF-8
        let read = try EntryName(path(Array(".wh.".utf8) + bytes))
        guard read == .whiteout(parent: "", name: path(bytes)) else { throw Sign("bytes", words(read)) }
    }

    @Test("The opaque mark belongs to its directory; other names with the prefix twice mean nothing to us")
    func opaqueMarks() throws {
        try every(".wh..wh..opq") { .opaque(parent: $0) }
        for name in ["plnk", "aufs", "orph", ".opq2", ""] { try every(".wh..wh." + name) { _ in .ignored } }
    }

    @Test("A whiteout of nothing, of the directory itself or of the one above is refused")
    func refusedNames() throws {
        for parent in parents {
            for name in [".wh.", ".wh..", ".wh..."] {
                let full = parent.appending(name)
                let read: EntryName
                do throws(RefusedName) { read = try EntryName(full) } catch { continue }
                throw Sign("accepted", full.string, words(read))
            }
        }
    }

    /// Reads `name` in each directory. The sign, where it is something else than wanted, is the case that came: `entry`, `whiteout` …
    private func every(_ name: String, _ wanted: (FilePath) -> EntryName) throws {
        for parent in parents {
            let full = parent.appending(name), wanted = wanted(parent)
            let read: EntryName
            do throws(RefusedName) { read = try EntryName(full) } catch { throw Sign("refused", full.string, error.why, words(wanted)) }
            guard read == wanted else { throw Sign(kind(read), full.string, words(read), words(wanted)) }
        }
    }
}

/// A path of bytes that need not be text.
private func path(_ bytes: [UInt8]) -> FilePath { FilePath(platformString: bytes.map { CChar(bitPattern: $0) } + [0]) }

private func kind(_ name: EntryName) -> String {
    switch name {
    case .root: "root"
    case .entry: "entry"
    case .whiteout: "whiteout"
    case .opaque: "opaque"
    case .ignored: "ignored"
    }
}

private func words(_ name: EntryName) -> String {
    switch name {
    case .root, .ignored: kind(name)
    case .entry(let parent, let name): "entry `\(name)` in `\(parent)`"
    case .whiteout(let parent, let name): "whiteout of `\(name)` in `\(parent)`"
    case .opaque(let parent): "opaque directory `\(parent)`"
    }
}
