// Images to pull, made here: half words, three eighths tables of numbers, one eighth noise, so that gzip has as much to do as with programs and
// texts (neither zeros nor pure noise). tar packs the layers, and skopeo compresses them (gzip, its default level) on the way to the registry.
import Linux

/// An image that the bench makes.
struct Sample {
    let name: String, title: String, layers: Int
    private let files: Int, bytesOfFile: Int

    init(_ name: String, _ title: String, layers: Int, files: Int, bytesOfFile: Int = 10_000_000) {
        (self.name, self.title, self.layers, self.files, self.bytesOfFile) = (name, title, layers, files, bytesOfFile)
    }

    static var small: Sample { Sample("small", "20,000 small files", layers: 1, files: 20_000, bytesOfFile: 3_650) }

    /// Uncompressed, without tar's own blocks.
    var megabytes: Double { Double(layers * files * bytesOfFile) / 1_000_000 }

    /// Makes the layers and puts the image on the registry; what was made lies in the registry only, afterwards.
    func push(to registry: OwnRegistry, _ folder: FilePath) throws {
        var stuff = Stuff(seed: UInt64(layers * files)), archives: [String] = []
        for layer in 0..<layers {
            let root = folder.appending("layer"), archive = "\(folder)/\(name)-\(layer).tar"
            for file in 0..<files {
                let place = root.appending("\(name)-\(layer)").appending("\(file / 100)")
                if file % 100 == 0 { try makeDirectories(place) }
                try writeFile(place.appending("file-\(file)"), stuff.next(bytesOfFile))
            }
            try time(Candidate(name: "tar", command: ["tar", "-C", "\(root)", "-cf", archive, "."]))
            try removeTree(root)
            archives.append(archive)
        }
        let target = "docker://\(registry.address)/\(name):latest"
        let source = "tarball:" + archives.joined(separator: ":")
        try time(Candidate(name: "skopeo", command: ["skopeo", "copy", "--insecure-policy", "--dest-tls-verify=false", source, target]))
        for archive in archives { try remove(FilePath(archive)) }
        _ = try registry.fetchedSinceAsked()
    }
}

/// An endless supply of bytes, the same for the same seed: pieces of 16 KiB in random order, far enough apart for gzip's window of 32 KiB.
struct Stuff {
    private static let pieceBytes = 16_384
    private var state: UInt64
    private var pieces: [[UInt8]] = []

    init(seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        let words = (0..<2000).map { _ in (0..<(3 + Int(random() % 8))).map { _ in UInt8(97 + random() % 26) } + [32] }
        for index in 0..<512 {
            pieces.append(index % 8 < 4 ? text(of: words) : index % 8 < 7 ? table() : (0..<Stuff.pieceBytes).map { _ in UInt8(truncatingIfNeeded: random()) })
        }
    }

    /// The next `count` bytes.
    mutating func next(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + Stuff.pieceBytes)
        while bytes.count < count {
            let piece = pieces[Int(random() % UInt64(pieces.count))], start = Int(random() % UInt64(Stuff.pieceBytes / 2))
            bytes += piece[start...]
        }
        return Array(bytes.prefix(count))
    }

    private mutating func text(of words: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < Stuff.pieceBytes { bytes += words[Int(random() % 2000)] }
        return Array(bytes.prefix(Stuff.pieceBytes))
    }

    /// 32-bit numbers that grow by small steps, as offsets and addresses do.
    private mutating func table() -> [UInt8] {
        var number = UInt32(truncatingIfNeeded: random())
        return (0..<Stuff.pieceBytes / 4).flatMap { _ in
            number &+= UInt32(random() % 4096)
            return (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        }
    }

    /// xorshift64*.
    private mutating func random() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return (state &* 0x2545_F491_4F6C_DD1D) >> 16
    }
}
