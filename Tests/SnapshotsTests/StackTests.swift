// Stacks as containers see them, mounted by module Mounts in the test's own mount namespace: in the sandbox only.

import Foundation
import Linux
import Mounts
import Snapshots
import Testing

let isInSandbox = ProcessInfo.processInfo.environment["SLIPWAY_SANDBOX"] == "1"

/// Mounts a container on `layer` and lends its root.
func withMount(_ store: Store, _ layer: Layer, byParts: Bool = Features.current.overlayLowerByOne, _ body: (FilePath) throws -> Void) throws {
    guard isInSandbox else { return print("UNVERIFIED HERE: what is mounted (it is done in the sandbox only: Tests/Sandbox/run)") }
    let container = String(repeating: "a", count: 64), mount = try store.snapshots.prepare(container: container, from: layer.chain)
    defer { try? store.snapshots.removeContainer(container) }  // what is left goes with the store
    let merged = store.path.appending("merged")
    try makeDirectories(merged)
    try mountOverlay(Overlay(lower: mount.lower, upper: mount.upper, work: mount.work), at: merged, byParts: byParts)
    defer { try? unmount(merged, [.detach]) }  // what is left goes with the sandbox
    try body(merged)
}

@Suite("A stack of 125 layers")
struct StackTests {
    /// One program of the engine, static, and 124 layers over it: each adds a file, and hides that of the layer two below.
    private func stack(_ store: Store) throws -> Layer {
        let program = try readFile(FilePath(try readLink("/proc/self/exe")).removingLastComponent().appending("slipway-tree"))
        var layer = try store.layer([.directory("bin/").with { $0.seconds = 77 }, .file("bin/tool").with { ($0.contents, $0.mode) = (program, 0o755) }])
        for number in 1..<125 {
            let hiding = number > 2 ? [TarEntry.file("files/.wh.\(number - 2)", "")] : []
            layer = try store.layer([.file("files/\(number)", "layer \(number)"), .file("bin/config", "\(number)")] + hiding, onto: layer.chain)
        }
        return layer
    }

    @Test("mounts, on newer and older kernels' ways, and a program of the lowest runs in it")
    func runs() throws {
        try withStore { store in
            let layer = try stack(store)
            #expect(try store.snapshots.layers(of: layer.chain).count == 125)
            for byParts in Set([Features.current.overlayLowerByOne, false]) { try withMount(store, layer, byParts: byParts) { merged in try look(merged) } }
        }
    }

    private func look(_ merged: FilePath) throws {
        #expect(try entries(merged.appending("files")).sorted() == ["123", "124"])
        #expect(try readText(merged.appending("bin/config")) == "124")
        #expect(try status(merged.appending("bin")).modified == (77, 0))
        let child = try spawn(Spawn("/usr/sbin/chroot", ["chroot", merged.string, "/bin/tool"], environment: ["SWIFT_ROOT=/"]))
        // Without a task it says what it is for.
        let ended = try child.descriptor.borrow { try wait($0) }
        #expect(ended == .exited(64))
    }
}
