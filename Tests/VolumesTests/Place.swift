// A store of its own for each test.
import Foundation
import Linux
import Metadata
import Testing
import Trees
import Volumes

/// Where a test's store lies, opened.
struct Place {
    let path: FilePath, metadata: Metadata, store: VolumeStore

    init(_ path: FilePath, limits: UnpackLimits = .standard) throws {
        self.path = path
        let helper = TreeHelper(executable: FilePath(try readLink("/proc/self/exe")).removingLastComponent().appending("slipway-tree"), limits: limits)
        metadata = try Metadata(path: path.appending("slipway.db"), schemas: [VolumeStore.schema])
        store = try VolumeStore(root: path.appending("volumes"), metadata: metadata, helper: helper)
    }

    /// The same as a process that comes later finds it.
    func reopened() throws -> Place { try Place(path) }

    /// Sets a row's stage, as a process that was killed would have left it.
    func setStage(_ stage: String, of name: String) throws {
        try metadata.write { (transaction) throws(MetadataError) in try transaction.run("UPDATE volumes SET stage = ? WHERE name = ?", stage, name) }
    }

    func names(_ folder: String = "volumes") throws -> [String] { try entries(path.appending(folder)).filter { $0 != ".trash" }.sorted() }

    /// A directory of an image: one layer.
    func layer(_ name: String = "layer", _ make: (FilePath) throws -> Void) throws -> FilePath {
        let layer = path.appending(name)
        try makeDirectory(layer)
        try make(layer)
        return layer
    }

    func data(_ name: String) -> FilePath { path.appending("volumes/\(name)/_data") }
}

func withPlace(limits: UnpackLimits = .standard, _ body: (Place) throws -> Void) throws {
    let path = FilePath("/tmp/slipway-volumes-\(currentProcess())-\(monotonicNanoseconds())")
    defer { try? removeTree(path) }  // a leftover would show in the host comparison
    try makeDirectories(path)
    try body(Place(path, limits: limits))
}

/// Filling mounts: root, and no host that must not see it.
let isSandboxed = ProcessInfo.processInfo.environment["SLIPWAY_SANDBOX"] == "1" && effectiveUser() == 0
let unverified: Comment = "UNVERIFIED HERE: needs root in the sandbox (Tests/Sandbox/run)"
