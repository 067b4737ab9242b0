// A store of its own for each test, and what tests ask of it.

import Digests
import Foundation
import Linux
import Metadata
import Snapshots
import Synchronization
import Testing
import Trees

struct Store {
    let path: FilePath
    let metadata: Metadata
    let snapshots: SnapshotStore

    init(_ path: FilePath, limits: UnpackLimits = .standard) throws {
        self.path = path
        let helper = TreeHelper(executable: FilePath(try readLink("/proc/self/exe")).removingLastComponent().appending("slipway-tree"), limits: limits)
        metadata = try Metadata(path: path.appending("slipway.db"), schemas: [SnapshotStore.schema])
        snapshots = try SnapshotStore(root: path.appending("snapshots"), metadata: metadata, helper: helper)
    }

    /// Unpacks and commits.
    func layer(_ entries: [TarEntry], onto parent: ChainID? = nil) throws -> Layer {
        try withBlob(tar(entries)) { blob in try snapshots.unpack(blob, onto: parent, lease: "test") }
    }

    func stage(_ entries: [TarEntry]) throws -> StagedLayer {
        try withBlob(tar(entries)) { blob in try snapshots.stage(blob) }
    }

    func withBlob<Result>(_ bytes: [UInt8], _ body: (FileDescriptor) throws -> Result) throws -> Result {
        let file = try memoryFile("layer")
        return try file.borrow { file in
            try write(file, bytes)
            try seek(file, to: 0)
            return try body(file)
        }
    }

    /// The topmost directory of a chain.
    func top(_ layer: Layer) throws -> FilePath { try #require(try snapshots.layers(of: layer.chain).first) }

    func names(_ folder: String) throws -> [String] { try entries(path.appending("snapshots/\(folder)")) }

    /// Rows in `layers`, by state.
    func rows(_ state: String) throws -> Int {
        try metadata.read { (transaction) throws(MetadataError) in
            try transaction.rows("SELECT number FROM layers WHERE state = ?", state) { (row) throws(MetadataError) in try row.int("number") }.count
        }
    }

    /// Ends the lease under which tests hold layers, and collects.
    func release() throws {
        try metadata.write { (transaction) throws(MetadataError) in try snapshots.release("lease:test", in: transaction) }
        try snapshots.sweep()
    }

    /// Nothing but the committed layers is there.
    func expectClean(layers: Int, sourceLocation: SourceLocation = #_sourceLocation) throws {
        #expect(try names("layers").count == layers, sourceLocation: sourceLocation)
        #expect(try names("staging").isEmpty && names("trash").isEmpty, sourceLocation: sourceLocation)
        #expect(try rows("ready") == layers && rows("unpacking") == 0 && rows("removing") == 0, sourceLocation: sourceLocation)
    }
}

func withStore(limits: UnpackLimits = .standard, _ body: (Store) throws -> Void) throws {
    let path = FilePath("/tmp/slipway-snapshots-\(currentProcess())-\(monotonicNanoseconds())")
    defer { try? removeTree(path) }  // a leftover would show in the host comparison
    try makeDirectories(path)
    try body(Store(path, limits: limits))
}

/// Runs `body` on threads of their own, all at once, and returns what came of each.
func atOnce<Result: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Result) throws -> [Result] {
    let results = Mutex<[Int: Swift.Result<Result, any Error>]>([:]), done = DispatchGroup()
    for number in 0..<count {
        done.enter()
        Thread.detachNewThread {
            let result = Swift.Result { try body(number) }
            results.withLock { $0[number] = result }
            done.leave()
        }
    }
    done.wait()
    return try (0..<count).map { number in try #require(results.withLock { $0[number] }).get() }
}
