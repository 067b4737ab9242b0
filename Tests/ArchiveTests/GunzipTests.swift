// Gzip, whichever way it is read: at once or in pieces. Both must give the same bytes, the same refusals, and move the file's offset.

import Archive
import Digests
import Linux
import Testing

@Suite("A gzipped layer")
struct GunzipTests {
    /// Memory for reading at once, and too little for that.
    static let ways = [64 << 20, 0]

    /// Unpacks with so much memory; where it is done, the file's offset is at the end.
    private func unpack(_ bytes: [UInt8], _ memoryBytes: Int, from start: Int = 0) throws -> Unpacked {
        var result: Unpacked?
        try withBench { bench in
            try writeFile(bench.path.appending("layer"), bytes)
            let file = try open(bench.path.appending("layer"), .readOnly), target = try open(bench.root, [.readOnly, .directory])
            try file.borrow { file in
                try seek(file, to: Int64(start))
                result = try target.borrow { target in
                    try Archive.unpack(file, into: target, limits: UnpackLimits(bytes: 1 << 30, entries: 1000, memoryBytes: memoryBytes))
                }
                #expect(try seek(file, to: 0, from: 1) == bytes.count, "the progress that others see")
            }
        }
        return try #require(result)
    }

    /// A layer of more than a few blocks that does not compress to nothing.
    private let layer: [UInt8] = {
        var state: UInt64 = 7
        let noise = (0..<900_000).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(state >> 60)
        }
        return tar([.directory("d/"), .file("d/noise").with { $0.contents = noise }, .file("d/text", String(repeating: "slipway ", count: 50_000))])
    }()

    @Test("has the same digest whether it is read at once or in pieces", arguments: ways)
    func same(_ memoryBytes: Int) throws {
        #expect(try unpack(compressed(layer, .gzip), memoryBytes).diffID == Digest(of: layer))
    }

    @Test("of many megabytes is whole, though its memory is given back on the way", arguments: ways)
    func large(_ memoryBytes: Int) throws {
        let contents = Array(repeating: Array("slipway \(memoryBytes) ".utf8), count: 2_000_000).flatMap { $0 }
        let large = try compressed(tar([.file("large").with { $0.contents = contents }]), .gzip)
        try withBench { bench in
            try bench.unpack(large, limits: UnpackLimits(bytes: 1 << 30, entries: 10, memoryBytes: memoryBytes))
            #expect(try Digest(of: readFile(bench.root.appending("large"))) == Digest(of: contents))
        }
    }

    @Test("may begin in the middle of its file", arguments: ways)
    func middle(_ memoryBytes: Int) throws {
        #expect(try unpack([1, 2, 3, 4, 5] + compressed(layer, .gzip), memoryBytes, from: 5).diffID == Digest(of: layer))
    }

    @Test("may have many members, empty ones too, and anything behind them", arguments: ways)
    func members(_ memoryBytes: Int) throws {
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: layer.count, by: 100_000) {
            bytes += try compressed(Array(layer[start..<min(layer.count, start + 100_000)]), .gzip) + compressed([], .gzip)
        }
        #expect(try unpack(bytes, memoryBytes).diffID == Digest(of: layer))
        for garbage: [UInt8] in [[0], [0x1f], [0x1f, 0x8b], Array("garbage".utf8), [UInt8](repeating: 0, count: 5000)] {
            #expect(try unpack(bytes + garbage, memoryBytes).diffID == Digest(of: layer))
        }
    }

    @Test("that is cut off anywhere is refused", arguments: ways)
    func cut(_ memoryBytes: Int) throws {
        let whole = try compressed(layer, .gzip)
        for length in [3, 9, 10, 11, 17, 18, 100, whole.count / 2, whole.count - 9, whole.count - 8, whole.count - 4, whole.count - 1] {
            #expect(throws: ArchiveError.self, "\(length) bytes of \(whole.count)") { try unpack(Array(whole[..<length]), memoryBytes) }
        }
    }

    @Test("whose second member is cut off is refused", arguments: ways)
    func cutMember(_ memoryBytes: Int) throws {
        let first = try compressed(layer, .gzip), second = try compressed([UInt8](repeating: 0, count: 5000), .gzip)
        for length in [3, 10, second.count - 1] {
            #expect(throws: ArchiveError.self) { try unpack(first + second[..<length], memoryBytes) }
        }
    }

    @Test("whose check sum or length is wrong is refused", arguments: ways)
    func checkSum(_ memoryBytes: Int) throws {
        let whole = try compressed(layer, .gzip)
        for place in [whole.count - 8, whole.count - 5, whole.count - 4] {
            var broken = whole
            broken[place] ^= 1
            #expect(throws: ArchiveError.self) { try unpack(broken, memoryBytes) }
        }
    }

    @Test("that claims to be longer than there is memory is read in pieces, and its claim found out")
    func claim() throws {
        var liar = try compressed(layer, .gzip)
        liar[liar.count - 1] = 0x7f
        #expect(throws: ArchiveError.damaged("gzip data that is damaged")) { try unpack(liar, 64 << 20) }
    }

    @Test("that turns out longer than there is memory is read in pieces")
    func longer() throws {
        // The last member's length says little about all of them.
        let bytes = try compressed(layer, .gzip) + compressed([0], .gzip)
        #expect(try unpack(bytes, bytes.count * 2 + 2).diffID == Digest(of: layer + [0]))
    }

    @Test("that was compressed twice is refused")
    func twice() throws {
        let twice = try compressed(compressed(layer, .gzip), .gzip)
        for memory in Self.ways { #expect(throws: ArchiveError.self) { try unpack(twice, memory) } }
        let mixed = try compressed(compressed(layer, .gzip), .zstd)
        #expect(throws: ArchiveError.damaged("compressed more than once")) { try unpack(mixed, 0) }
    }

    @Test("with bytes changed at random is refused or the same, and never a crash", arguments: ways)
    func mutations(_ memoryBytes: Int) throws {
        let small = tar([.file("a", String(repeating: "slipway ", count: 500))]), whole = try compressed(small, .gzip)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var broken = whole
            let place = Int.random(in: 0..<broken.count, using: &random)
            broken[place] ^= UInt8.random(in: 1...255, using: &random)
            do {
                // Bytes 4 to 9 of a header mean nothing: a time, a hint, a system.
                #expect(try unpack(broken, memoryBytes).diffID == Digest(of: small), "byte \(place)")
            } catch is ArchiveError {}
        }
    }

    @Test("may come through a pipe")
    func pipe() throws {
        let small = tar([.file("a", "through a pipe")]), bytes = try compressed(small, .gzip)
        try withBench { bench in
            let pipe = try Pipe(), target = try open(bench.root, [.readOnly, .directory])
            try pipe.writing.borrow { try write($0, bytes) }
            let reading = pipe.takeReading()
            let result = try reading.borrow { layer in try target.borrow { target in try Archive.unpack(layer, into: target) } }
            #expect(result.diffID == Digest(of: small))
        }
    }
}
