// A store in a directory of its own, with the real helper, and layers written here: a tar is simple enough to write by hand, and only a hand
// writes the hostile ones.

import Content
import Digests
import Images
import Linux
import Metadata
import OCI
import Snapshots
import Trees

/// All stores over one directory.
struct House {
    let root: FilePath
    let metadata: Metadata
    let content: ContentStore
    let snapshots: SnapshotStore
    let images: ImageStore

    init(root: FilePath) throws {
        self.root = root
        try makeDirectories(root)
        metadata = try Metadata(path: root.appending("slipway.db"), schemas: [SnapshotStore.schema, ImageStore.schema])
        content = try ContentStore(root: root.appending("content"))
        snapshots = try SnapshotStore(root: root.appending("snapshots"), metadata: metadata, helper: TreeHelper(executable: helperPath))
        images = try ImageStore(metadata: metadata, content: content, snapshots: snapshots)
    }

    /// Stores a layer of these files.
    func layer(_ files: [(String, String)]) throws -> Blob { try content.store(tar(files)) }

    func add(_ name: String?, _ files: [(String, String)], changes: [String] = []) throws -> ImageRecord {
        try images.importRoot(layer(files), name: name.map { try Reference(parsing: $0) }, changes: changes)
    }
}

/// Beside the test program, where the build put it.
var helperPath: FilePath {
    get throws { FilePath(try readLink("/proc/self/exe")).removingLastComponent().appending("slipway-tree") }
}

/// Runs a test with stores of its own, removed afterwards.
func withHouse(_ body: (House) throws -> Void) throws {
    let root = FilePath("/tmp/slipway-images-\(currentProcess())-\(monotonicNanoseconds())")
    defer { try? removeAnyTree(root) }  // a leftover would show in the host comparison
    try body(House(root: root))
}

/// A tar of plain files in the order given; a name that ends in `/` is a directory.
func tar(_ files: [(String, String)]) -> [UInt8] {
    var bytes: [UInt8] = []
    for (name, contents) in files {
        bytes += header(name, size: contents.utf8.count, type: name.hasSuffix("/") ? "5" : "0")
        bytes += Array(contents.utf8)
        bytes += [UInt8](repeating: 0, count: (512 - contents.utf8.count % 512) % 512)
    }
    return bytes + [UInt8](repeating: 0, count: 1024)
}

/// A ustar header: name at 0, mode 100, uid 108, gid 116, size 124, mtime 136, checksum 148, type 156, magic 257. man 5 tar.
private func header(_ name: String, size: Int, type: String) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) { block.replaceSubrange(offset..<offset + text.utf8.count, with: Array(text.utf8)) }
    func octal(_ value: Int, _ width: Int) -> String {
        let digits = String(value, radix: 8)
        return String(repeating: "0", count: width - digits.count) + digits
    }
    put(name, at: 0)
    put(type == "5" ? "0000755" : "0000644", at: 100)
    put("0000000", at: 108)
    put("0000000", at: 116)
    put(octal(size, 11), at: 124)
    put(octal(1_700_000_000, 11), at: 136)
    put("        ", at: 148)
    put(type, at: 156)
    put("ustar\u{0}00", at: 257)
    put(octal(block.reduce(0) { $0 + Int($1) }, 6) + "\u{0} ", at: 148)
    return block
}
