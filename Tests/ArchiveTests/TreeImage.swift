// A tree as a value, so that two can be compared, and trees made at random, so that there are many to compare.

import Digests
import Linux
import Testing

/// Everything about one file that a layer should keep.
struct FileImage: Equatable {
    var mode: UInt32, user: UInt32, group: UInt32
    var bytes: Int64, seconds: Int64, nanoseconds: Int64
    var special: UInt64
    var link: String
    var contents: Digest?
    /// The first of the names that share this file.
    var firstName: FilePath
    var attributes: [String: [UInt8]]
    /// Less space than bytes.
    var hasHoles: Bool
}

/// Reads a tree. Times of devices 0/0 are left out: no tar has them.
func image(of root: FilePath) throws -> [FilePath: FileImage] {
    var files: [FilePath: FileImage] = [:], first: [UInt64: FilePath] = [:], waiting: [FilePath] = [""]
    while let directory = waiting.popLast() {
        let open = try open(root.appending(directory.components), [.readOnly, .directory])
        for name in try open.borrow({ try entryNames(in: $0) }).sorted(by: { $0.string < $1.string }) {
            let path = directory.appending(name.components), full = root.appending(path.components)
            let status = try status(full, followLinks: false)
            if status.kind == .directory { waiting.append(path) }
            if status.kind != .directory, first[status.inode] == nil { first[status.inode] = path }
            let isWhiteout = status.kind == .characterDevice && status.special == 0
            files[path] = FileImage(
                mode: isWhiteout ? 0 : status.mode, user: status.user, group: status.group, bytes: status.kind == .file ? status.bytes : 0,
                seconds: isWhiteout ? 0 : status.modified.seconds, nanoseconds: isWhiteout ? 0 : status.modified.nanoseconds, special: status.special,
                link: status.kind == .symbolicLink ? try readLink(full) : "", contents: status.kind == .file ? Digest(of: try readFile(full)) : nil,
                firstName: status.kind == .directory ? path : first[status.inode] ?? path,
                attributes: try Dictionary(uniqueKeysWithValues: attributes(of: full).map { ($0, try attribute($0, of: full) ?? []) }),
                hasHoles: status.kind == .file && status.allocatedBytes < status.bytes)
        }
    }
    return files
}

/// What differs, in words; empty where nothing does.
func differences(_ one: [FilePath: FileImage], _ other: [FilePath: FileImage]) -> [String] {
    Set(one.keys).union(other.keys).compactMap { path in
        one[path] == other[path] ? nil : "\(path): \(one[path].map { "\($0)" } ?? "missing") | \(other[path].map { "\($0)" } ?? "missing")"
    }
}

/// SplitMix64: random numbers that can be had again.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// Makes a tree of everything that there is.
struct RandomTree {
    var random: Seeded
    let root: FilePath
    /// With an overlay's marks, as an upper directory has them.
    let isUpper: Bool
    private var files: [FilePath] = []
    private var directories: [FilePath] = []

    init(_ root: FilePath, seed: UInt64, isUpper: Bool) {
        (self.root, random, self.isUpper) = (root, Seeded(state: seed), isUpper)
    }

    mutating func make(_ count: Int) throws {
        directories = [root]
        for number in 0..<count { try makeOne(number) }
        // From the inside out, for a file made in a directory changes its time.
        for directory in directories.dropFirst().reversed() { try touch(directory) }
    }

    private mutating func makeOne(_ number: Int) throws {
        let parent = directories[Int.random(in: 0..<directories.count, using: &random)], path = parent.appending(name(number))
        switch Int.random(in: 0..<(isUpper ? 12 : 10), using: &random) {
        case 0...2: try makeFile(path)
        case 3: try makeSparse(path)
        case 4, 5:
            try makeDirectory(path)
            directories.append(path)
            try setOwnerAndMode(path)
        case 6:
            try symbolicLink(
                ["target/", "//a//b/", "/", "한글", String(repeating: "l", count: 300), "../../../etc/passwd"].randomElement(using: &random) ?? "", at: path)
            try changeOwner(path, user: identity(), group: identity())
            try touch(path)
        case 7:
            guard let file = files.randomElement(using: &random) else { return }
            try link(file, to: path)
        case 8: try makeSpecial(path, 0o010000)
        case 9:
            try makeSpecial(
                path, Bool.random(using: &random) ? 0o020000 : 0o060000, major: UInt32.random(in: 1...4000, using: &random),
                minor: UInt32.random(in: 0...1_000_000, using: &random))
        case 10: try makeNode(path, mode: 0o020000)
        default:
            if parent != root { try setAttribute("trusted.overlay.opaque", of: parent, to: [UInt8(ascii: "y")]) }
        }
    }

    private mutating func name(_ number: Int) -> String {
        let names = ["f", "a file", "한글파일", "cafe\u{301}", "-rf", "new\nline", "\u{7f}\u{1}", String(repeating: "n", count: 180), ".wh", "wh.x", "ü"]
        return (names.randomElement(using: &random) ?? "") + "\(number)"
    }

    private mutating func makeFile(_ path: FilePath) throws {
        let size = [0, 1, 511, 512, 513, 4096, 70_000].randomElement(using: &random) ?? 0
        try writeFile(path, (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        try finish(path)
    }

    private mutating func makeSparse(_ path: FilePath) throws {
        let file = try open(path, [.writeOnly, .create]), step: Int64 = 1 << 16
        let pieces = (0..<Int.random(in: 0...3, using: &random)).map { _ in Int64.random(in: 0...20, using: &random) * step },
            length = Int64.random(in: 0...30, using: &random) * step
        try file.borrow { file in
            for piece in pieces {
                try seek(file, to: piece)
                try write(file, "data at \(piece)")
            }
            try truncate(file, to: max(length, (pieces.max() ?? 0) + 20))
        }
        try finish(path)
    }

    private mutating func makeSpecial(_ path: FilePath, _ type: UInt32, major: UInt32 = 0, minor: UInt32 = 0) throws {
        try makeNode(path, mode: type | 0o600, major: major, minor: minor)
        try setOwnerAndMode(path)
        try touch(path)
    }

    private mutating func finish(_ path: FilePath) throws {
        try setOwnerAndMode(path)
        let capability: [UInt8] = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        if Int.random(in: 0..<4, using: &random) == 0 { try setAttribute("security.capability", of: path, to: capability) }
        if Int.random(in: 0..<4, using: &random) == 0 { try setAttribute("user.note", of: path, to: [0, 10, 61, 255]) }
        try touch(path)
        files.append(path)
    }

    private mutating func setOwnerAndMode(_ path: FilePath) throws {
        try changeOwner(path, user: identity(), group: identity())
        try changeMode(path, UInt32.random(in: 0...0o7777, using: &random))
    }

    private mutating func touch(_ path: FilePath) throws {
        let seconds: Int64 = [0, 1, 1_700_000_000, 8_589_934_592, -100].randomElement(using: &random) ?? 0
        try changeTimes(path, seconds: seconds, nanoseconds: [0, 1, 999_999_999, 500_000_000].randomElement(using: &random) ?? 0)
    }

    private mutating func identity() -> UInt32 { [0, 1000, 65_534, 2_097_152, 4_294_967_294].randomElement(using: &random) ?? 0 }
}
