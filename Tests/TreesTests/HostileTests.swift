// Layers that want out, through the real helper. Whatever they try, nothing beside their directory changes. Needs root.

import Digests
import Linux
import Testing
import Trees

@Suite("A hostile layer")
struct HostileTests {
    private static let layers: [[TarEntry]] = [
        [.file("../secret", "stolen")], [.file("a/../../../secret", "stolen")], [.file("/../../secret", "stolen")],
        [.symbolicLink("out", to: "../outside"), .file("out/secret", "stolen")], [.symbolicLink("out", to: "/etc"), .file("out/passwd", "stolen")],
        [.symbolicLink("out", to: "/proc/self/root/tmp"), .file("out/stolen", "x")], [.symbolicLink("a", to: "b"), .symbolicLink("b", to: "a"), .file("a/x")],
        [.symbolicLink("secret", to: "../outside/secret"), .file("secret", "stolen")],
        [.symbolicLink("dir", to: "../outside"), .directory("dir/").with { $0.mode = 0o777 }],
        [.hardLink("mine", to: "../outside/secret")], [.symbolicLink("out", to: "../outside"), .hardLink("mine", to: "out/secret"), .file("mine", "stolen")],
        [.file("../.wh.outside", "")], [.file(".wh...", "")], [.file("../.wh..wh..opq", "")], [.symbolicLink("out", to: ".."), .file("out/.wh.outside", "")],
        [.symbolicLink("out", to: "../outside"), .file("out/.wh..wh..opq", "")], [.characterDevice("disk", 8, 0), .file("disk", "stolen")],
        [.fifo("pipe"), .file("pipe", "x")], [.file("x").pax("path", String(repeating: "../", count: 2000) + "etc/stolen")],
        [.file("x").pax("path", String(repeating: "d/", count: 3000) + "x")], [.file("x").pax("path", String(repeating: "d/", count: 300) + "x")],
        [.file("x").pax("path", String(repeating: "n", count: 300))],
        [.directory("./").with { ($0.mode, $0.user) = (0o7777, 1) }], [.directory("..").with { $0.mode = 0o777 }], [.symbolicLink(".", to: "/etc")],
        [.file("big", "").with { $0.claimedBytes = 1 << 40 }], [.file("x").with { $0.name = [] }], [.file("a"), .file("a/b"), .directory("a/b/c/")]
    ]

    @Test("changes nothing outside of its directory, whether it is refused or not")
    func harmless() throws {
        try withPlace { place in
            try makeDirectory(place.path.appending("outside"), mode: 0o700)
            try writeFile(place.path.appending("outside/secret"), "secret", mode: 0o600)
            try writeFile(place.path.appending("secret"), "secret", mode: 0o600)
            try writeFile(place.path.appending("layer"), "")
            let here = try picture(of: place.path, without: ["root", "layer"]), etc = try picture(of: "/etc"), temporary = try entries("/tmp").sorted()
            for (number, layer) in Self.layers.enumerated() {
                let directory = place.root.appending("\(number)")
                try makeDirectory(directory)
                // Some are refused and some do what they say inside; both are well.
                do { _ = try place.unpack(tar(layer), into: directory) } catch is TreesError {}
                #expect(try picture(of: place.path, without: ["root", "layer"]) == here, "layer \(number)")
                #expect(try entries(place.root).count == number + 1, "layer \(number)")
            }
            #expect(try picture(of: "/etc") == etc && entries("/tmp").sorted() == temporary)
        }
    }

    @Test("that is a bomb ends at its limit, naming the entry")
    func bombs() throws {
        try withPlace { place in
            var small = try place.helper
            small.limits = UnpackLimits(bytes: 1 << 20, entries: 100)
            let bombs: [([TarEntry], TreesError)] = [
                ([.file("a"), .file("big", String(repeating: "0", count: 2 << 20))], .limit(entry: "big", what: "1048576 bytes")),
                ((0..<200).map { .file("f\($0)", "") }, .limit(entry: "f100", what: "100 entries"))
            ]
            for (number, (layer, error)) in bombs.enumerated() {
                let directory = place.root.appending("\(number)")
                try makeDirectory(directory)
                #expect(throws: error) { try place.unpack(pipe(tar(layer), through: "gzip"), into: directory, with: small) }
            }
        }
    }
}

/// Every file beneath `path` with all that can be changed about it but times of access.
private func picture(of path: FilePath, without left: Set<String> = []) throws -> [String: String] {
    var found: [String: String] = [:]
    for name in try entries(path) where !left.contains(name) {
        let file = path.appending(name), status = try status(file, followLinks: false)
        let times = "\(status.modified)", owner = "\(status.user):\(status.group)"
        found[file.string] = "\(status.inode) \(status.mode) \(owner) \(status.bytes) \(status.links) \(times)"
        if status.kind == .directory { found.merge(try picture(of: file)) { one, _ in one } }
    }
    return found
}
