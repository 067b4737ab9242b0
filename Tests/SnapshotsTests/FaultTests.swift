// Processes killed and disks full. Needs root and the program slipway-tree beside the tests; the full disk is a small tmpfs, in the sandbox.

import Foundation
import Linux
import Metadata
import Snapshots
import Synchronization
import Testing
import Trees

@Suite("A store of layers")
struct FaultTests {
    @Test("is clean after slipway-tree was killed while it unpacked")
    func killedUnpacking() throws {
        try withStore { store in
            let layer = try Linux.Pipe(), bytes = tar([.file("first", "1"), .file("second", String(repeating: "2", count: 100_000))])
            layer.writing.borrow { writing in
                layer.reading.borrow { reading in
                    let killer = Thread {
                        // So many bytes that it has made the first file; the rest never comes.
                        try? write(writing, Array(bytes.prefix(40_000)))  // it is seen by what the helper makes of it
                        let layer = store.path.appending("snapshots/staging/1/layer")
                        try? kill("unpack") { _ in (try? entries(layer).count) ?? 0 > 0 }  // the expectation below tells
                    }
                    killer.start()
                    #expect(throws: SnapshotsError.trees(.died("ended without an answer: signaled(9)"))) { try store.snapshots.stage(reading) }
                }
            }
            try store.expectClean(layers: 0)
        }
    }

    @Test("is clean, and the layers below untouched, after slipway-tree was killed while it settled")
    func killedSettling() throws {
        try withStore { store in
            let base = try store.layer((0..<2000).map { .file("\($0)", String(repeating: "x", count: 5000)) })
            let staged = try store.stage((0..<2000).map { .hardLink("link\($0)", to: "\($0)") })
            let staging = try #require(store.names("staging").first)
            let seen = Mutex((status: "", mounts: ""))
            let killer = Thread {
                let layer = store.path.appending("snapshots/staging/\(staging)/layer")
                try? kill("settle") { helper in  // the expectations below tell
                    guard let made = try? entries(layer).count, made > 10 else { return false }  // it is removed once all is over
                    let proc = FilePath("/proc/\(helper)")
                    let status = try? readText(proc.appending("status")), mounts = try? readText(proc.appending("mountinfo"))  // as said
                    seen.withLock { $0 = (status ?? "", mounts ?? "") }
                    return true
                }
            }
            killer.start()
            #expect(throws: SnapshotsError.trees(.died("ended without an answer: signaled(9)"))) {
                try store.snapshots.commit(staged, onto: base.chain, lease: "test")
            }
            // It was behind the same walls as when it unpacks, with three mounts and a tmpfs to hold them.
            let (status, mounts) = seen.withLock { $0 }
            #expect(status.contains("Seccomp:\t2") && status.contains("NoNewPrivs:\t1") && status.contains("CapEff:\t000000008820001b"))
            #expect(mounts.split(separator: "\n").count == 4 && mounts.split(separator: "\n").allSatisfy { $0.contains("nosuid,nodev,noexec") }, "\(mounts)")
            try store.expectClean(layers: 1)
            let path = try store.top(base)
            #expect(try entries(path).count == 2000 && Linux.status(path.appending("0")).links == 1 && overlayNotes(beneath: path).isEmpty)
            // And once more, undisturbed.
            let again = try store.layer((0..<2000).map { .hardLink("link\($0)", to: "\($0)") }, onto: base.chain)
            #expect(again.sizeBytes == 2000 * 5000)
        }
    }

    @Test("forgets, when it is opened next, what its process had staged or half committed when it was killed")
    func killedDaemon() throws {
        try withStore { store in
            let base = try store.layer([.file("f")])
            try store.metadata.write { (transaction) throws(MetadataError) in try store.snapshots.hold(base.chain, by: "image:x", in: transaction) }
            _ = try store.stage([.file("staged")])
            _ = try store.stage([.file("moved")])
            // As between the rename and the row.
            try rename(store.path.appending("snapshots/staging/3/layer"), to: store.path.appending("snapshots/layers/3"))
            #expect(try store.rows("unpacking") == 2 && store.names("staging").count == 2 && store.names("layers").count == 2)
            let reopened = try Store(store.path)
            try reopened.expectClean(layers: 1)
            #expect(try readText(reopened.top(base).appending("f")) == "x")
            // What was staged can be staged again.
            _ = try reopened.layer([.file("staged")], onto: base.chain)
            try reopened.expectClean(layers: 2)
        }
    }

    @Test("says which entry the disk had no room for, and gives the space back")
    func fullDisk() throws {
        try withSmallDisk { store in
            do {
                _ = try store.layer([.file("small"), .file("large", String(repeating: "x", count: 12 << 20))])
                Issue.record("12 MiB went onto a disk of 8")
            } catch SnapshotsError.trees(.kernel(let entry, let error)) {
                #expect(entry == "large" && error.reason == "No space left on device")
            }
            try store.expectClean(layers: 0)
            // There is room again, and a copy that finds none is told too.
            let base = try store.layer([.file("half", String(repeating: "x", count: 5 << 20))])
            do {
                _ = try store.layer([.hardLink("link", to: "half")], onto: base.chain)
                Issue.record("10 MiB went onto a disk of 8")
            } catch SnapshotsError.trees(.kernel(let entry, let error)) {
                #expect(entry == "link" && error.reason == "No space left on device")
            }
            try store.expectClean(layers: 1)
            _ = try store.layer([.file("quarter", String(repeating: "x", count: 2 << 20))], onto: base.chain)
            try store.expectClean(layers: 2)
        }
    }

    private func withSmallDisk(_ body: (Store) throws -> Void) throws {
        guard isInSandbox else { return print("UNVERIFIED HERE: a full disk (it is made in the sandbox only: Tests/Sandbox/run)") }
        let path = FilePath("/tmp/slipway-small-\(currentProcess())")
        try makeDirectories(path)
        defer { try? removeTree(path) }  // a leftover goes with the sandbox
        try mount("none", onto: path, type: "tmpfs", data: "size=8m")
        defer { try? unmount(path, [.detach]) }  // as said
        try body(Store(path))
    }
}

/// Kills our slipway-tree that does `task`, once `isTime`. Gives up when there is none for ten seconds.
private func kill(_ task: String, _ isTime: (ProcessID) -> Bool) throws {
    for _ in 0..<10_000 {
        if let helper = try helper(task), isTime(helper) { return try send(.kill, to: helper) }
        pause(milliseconds: 1)
    }
    throw KernelError(call: "kill", subject: "no slipway-tree \(task)", errno: 3)
}

private func helper(_ task: String) throws -> ProcessID? {
    for number in try entries("/proc").compactMap({ Int32($0) }) {
        guard let line = try? readText(FilePath("/proc/\(number)/cmdline")), line == "slipway-tree\0\(task)\0" else { continue }  // it may be gone
        let status = try readText(FilePath("/proc/\(number)/status"))
        if status.contains("PPid:\t\(currentProcess())\n") { return ProcessID(number) }
    }
    return nil
}
