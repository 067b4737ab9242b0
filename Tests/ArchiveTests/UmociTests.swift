// The same layer, unpacked by umoci: the two must agree, file for file. Needs umoci and root.

import Archive
import Linux
import Testing

private let umoci: FilePath = "/usr/bin/umoci"

@Suite("An unpacked layer beside umoci's", .enabled(if: exists(umoci), "UNVERIFIED HERE: no umoci"))
struct UmociTests {
    /// What umoci makes of a layer.
    private func unpackedByUmoci(_ bench: Bench, _ layer: [UInt8]) throws -> [FilePath: FileImage] {
        let place = bench.path.appending("umoci"), layout = place.appending("image").string
        try makeDirectory(place)
        defer { try? removeTree(place) }  // the bench goes anyway
        try writeFile(place.appending("layer.tar"), layer)
        for arguments in [
            ["init", "--layout", layout], ["new", "--image", "\(layout):t"],
            ["raw", "add-layer", "--image", "\(layout):t", place.appending("layer.tar").string],
            ["unpack", "--image", "\(layout):t", place.appending("bundle").string]
        ] {
            #expect(try run(umoci, arguments) == 0, "umoci \(arguments)")
        }
        return try image(of: place.appending("bundle/rootfs"))
    }

    /// What differs between ours and umoci's, which fills holes.
    private func differences(_ layer: [UInt8], except left: Set<FilePath> = []) throws -> [String] {
        var found: [String] = []
        try withBench { bench in
            let theirs = try unpackedByUmoci(bench, layer)
            try bench.unpack(layer)
            let ours = try image(of: bench.root).mapValues { file in
                var file = file
                file.hasHoles = false
                return file
            }
            found = ArchiveTests.differences(ours, theirs).filter { line in !left.contains { line.hasPrefix("\($0): ") } }
        }
        return found
    }

    @Test("is the same for trees made at random", arguments: [21, 22, 23])
    func random(_ seed: Int) throws {
        let path = FilePath("/tmp/slipway-umoci-\(currentProcess())-\(seed)")
        try makeDirectories(path.appending("tree"))
        defer { try? removeTree(path) }  // a leftover would show in the host comparison
        var maker = RandomTree(path.appending("tree"), seed: UInt64(seed), isUpper: false)
        try maker.make(60)
        let tree = try open(path.appending("tree"), [.readOnly, .directory]), output = try open(path.appending("tar"), [.writeOnly, .create], mode: 0o600)
        _ = try tree.borrow { tree in try output.borrow { output in try pack(tree, into: output, form: .plain) } }
        let different = try differences(try readFile(path.appending("tar")))
        #expect(different == [], "seed \(seed)")
    }

    @Test("is the same for names that come twice, link, lead through links, and come without their directories")
    func orders() throws {
        let layer = tar([
            .directory("d/").pax("mtime", "1500000000.123456789"), .file("d/f", "first"), .file("d/f", "second").with { ($0.user, $0.mode) = (7, 0o4711) },
            .hardLink("d/h", to: "d/f"), .hardLink("./d/h2", to: "/d/h"), .symbolicLink("s", to: "d"), .file("s/through"), .symbolicLink("abs", to: "/d"),
            .file("abs/through2"), .directory("g/"), .file("g/x"), .file("g", "no directory any more"), .symbolicLink("l", to: "d"), .directory("l/"),
            .file("l/own"), .file("implied/deep/f"), .file("a/../b"), .file("/absolute"), .directory("d/").with { $0.mode = 0o700 },
            .characterDevice("null", 1, 3), .fifo("pipe").with { $0.mode = 0o622 }, .file("cap").pax("SCHILY.xattr.user.x", "y")
        ])
        // Directories that nobody named have no time of their own.
        let different = try differences(layer, except: ["implied", "implied/deep"])
        #expect(different == [])
    }
}
