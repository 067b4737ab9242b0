// Tars written by hand, for only a hand writes the hostile ones. Used by several test targets through symbolic links. man 5 tar (ustar, pax).

/// One entry, which may lie about anything.
struct TarEntry: Sendable {
    var name: [UInt8]
    /// ustar's type: 0 file, 1 hard link, 2 symbolic link, 3 and 4 devices, 5 directory, 6 fifo.
    var type: Character
    var contents: [UInt8] = []
    var link = ""
    var mode = 0o644, user = 0, group = 0, seconds = 1_700_000_000
    var major = 0, minor = 0
    /// Extended headers: `mtime`, `SCHILY.xattr.user.x`, `path` …
    var pax: [(String, [UInt8])] = []
    /// What the header says instead of the contents' length.
    var claimedBytes: Int?

    init(_ name: String, type: Character) { (self.name, self.type) = (Array(name.utf8), type) }

    static func file(_ name: String, _ contents: String = "x") -> TarEntry {
        var entry = TarEntry(name, type: "0")
        entry.contents = Array(contents.utf8)
        return entry
    }
    static func directory(_ name: String) -> TarEntry { TarEntry(name, type: "5").with { $0.mode = 0o755 } }
    static func symbolicLink(_ name: String, to target: String) -> TarEntry { TarEntry(name, type: "2").with { $0.link = target } }
    static func hardLink(_ name: String, to target: String) -> TarEntry { TarEntry(name, type: "1").with { $0.link = target } }
    static func characterDevice(_ name: String, _ major: Int, _ minor: Int) -> TarEntry {
        TarEntry(name, type: "3").with { ($0.major, $0.minor) = (major, minor) }
    }
    static func fifo(_ name: String) -> TarEntry { TarEntry(name, type: "6") }

    func with(_ change: (inout TarEntry) -> Void) -> TarEntry {
        var copy = self
        change(&copy)
        return copy
    }

    /// With an extended attribute or another pax record of text.
    func pax(_ key: String, _ value: String) -> TarEntry { with { $0.pax.append((key, Array(value.utf8))) } }
}

/// The bytes of a tar. `end` adds the two empty blocks of its end.
func tar(_ entries: [TarEntry], end: Bool = true) -> [UInt8] {
    var bytes: [UInt8] = []
    for entry in entries {
        if !entry.pax.isEmpty {
            let records = entry.pax.flatMap { record($0.0, $0.1) }
            bytes += block("pax", type: "x", size: records.count) + padded(records)
        }
        bytes += header(entry) + padded(entry.contents)
    }
    return bytes + (end ? [UInt8](repeating: 0, count: 1024) : [])
}

/// `length key=value\n`, the length counting itself.
private func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
    let rest = Array(" \(key)=".utf8) + value + [10]
    var length = rest.count + 1
    while rest.count + String(length).utf8.count > length { length += 1 }
    return Array(String(length).utf8) + rest
}

private func padded(_ bytes: [UInt8]) -> [UInt8] { bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512) }

private func block(_ name: String, type: Character, size: Int) -> [UInt8] {
    header(TarEntry(name, type: type).with { $0.claimedBytes = size })
}

/// name 0, mode 100, uid 108, gid 116, size 124, mtime 136, checksum 148, type 156, link 157, magic 257, major 329, minor 337.
private func header(_ entry: TarEntry) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ bytes: some Collection<UInt8>, at offset: Int) { block.replaceSubrange(offset..<offset + bytes.count, with: bytes) }
    func octal(_ value: Int, _ width: Int) -> [UInt8] {
        // What does not fit is written in base 256, its first bit set.
        let digits = String(value, radix: 8)
        guard value < 0 || digits.count > width - 1 else { return Array((String(repeating: "0", count: width - 1 - digits.count) + digits).utf8) + [0] }
        var bytes = (0..<width).map { UInt8(truncatingIfNeeded: value >> min(63, 8 * (width - 1 - $0))) }
        bytes[0] = value < 0 ? 0xff : 0x80
        return bytes
    }
    put(entry.name.prefix(100), at: 0)
    put(octal(entry.mode, 8), at: 100)
    put(octal(entry.user, 8), at: 108)
    put(octal(entry.group, 8), at: 116)
    put(octal(entry.claimedBytes ?? entry.contents.count, 12), at: 124)
    put(octal(entry.seconds, 12), at: 136)
    put(Array("        ".utf8), at: 148)
    put(Array(String(entry.type).utf8), at: 156)
    put(Array(entry.link.utf8).prefix(100), at: 157)
    put(Array("ustar\u{0}00".utf8), at: 257)
    put(octal(entry.major, 8), at: 329)
    put(octal(entry.minor, 8), at: 337)
    let sum = block.reduce(0) { $0 + Int($1) }
    put(octal(sum, 7) + [32], at: 148)
    return block
}
