// All stores over one directory, with the real helper.

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
    defer { try? removeTree(root) }  // a leftover would show in the host comparison
    try body(House(root: root))
}

/// A tar of plain files in the order given; a name that ends in `/` is a directory.
func tar(_ files: [(String, String)]) -> [UInt8] {
    tar(files.map { $0.hasSuffix("/") ? .directory($0) : .file($0, $1) })
}
