// The helper as the daemon uses it, and what is left of the world once it is confined. Needs root and the program slipway-tree beside the tests.

import Digests
import Linux
import Testing
import Trees

private struct Place {
    let path: FilePath
    var root: FilePath { path.appending("root") }
    var helper: TreeHelper {
        get throws { TreeHelper(executable: FilePath(try readLink("/proc/self/exe")).removingLastComponent().appending("slipway-tree")) }
    }

    func unpack(_ layer: [UInt8], with helper: TreeHelper? = nil) throws -> Unpacked {
        try writeFile(path.appending("layer"), layer)
        let file = try open(path.appending("layer"), .readOnly), helper = try helper ?? self.helper
        return try file.borrow { file in try helper.unpack(file, into: root) }
    }
}

private func withPlace(_ body: (Place) throws -> Void) throws {
    let place = Place(path: FilePath("/tmp/slipway-trees-\(currentProcess())-\(monotonicNanoseconds())"))
    defer { try? removeTree(place.path) }  // a leftover would show in the host comparison
    try makeDirectories(place.root)
    try body(place)
}

@Suite("slipway-tree")
struct TreeHelperTests {
    @Test("unpacks a layer and tells what it was")
    func unpack() throws {
        try withPlace { place in
            let layer = tar([.file("a/b", "hello").with { $0.user = 1000 }, .file(".wh.gone", "")])
            let result = try place.unpack(layer)
            #expect(result.diffID == Digest(of: layer))
            #expect(result.implied == ["a"])
            #expect(try readText(place.root.appending("a/b")) == "hello")
            #expect(try status(place.root.appending("a/b")).user == 1000)
            #expect(try status(place.root.appending("gone")).kind == .characterDevice)
        }
    }

    @Test("says why not, as one typed error")
    func errors() throws {
        try withPlace { place in
            #expect(throws: TreesError.refused(entry: "../x", why: "it leads outside of the layer")) { try place.unpack(tar([.file("../x")])) }
            #expect(throws: TreesError.limit(entry: "b", what: "1 entries")) {
                var small = try place.helper
                small.limits.entries = 1
                _ = try place.unpack(tar([.file("a"), .file("b")]), with: small)
            }
            do {
                _ = try place.unpack(Array("junk that is no archive".utf8))
                Issue.record("junk was unpacked")
            } catch {
                guard case TreesError.damaged = error else { throw error }
            }
            do {
                _ = try place.unpack(tar([.file("f").pax("path", String(repeating: "n", count: 300))]))
                Issue.record("a name of 300 bytes was made")
            } catch {
                guard case TreesError.kernel(let entry, let reason) = error else { throw error }
                #expect(entry.hasPrefix("nnn") && reason.reason == "File name too long")
            }
        }
    }

    @Test("is reported dead when it ends without a word, and missing when it is not there")
    func silence() throws {
        try withPlace { place in
            #expect(throws: TreesError.died("ended without an answer: exited(1)")) { try place.unpack(tar([]), with: TreeHelper(executable: "/bin/false")) }
            #expect(throws: TreesError.self) { try place.unpack(tar([]), with: TreeHelper(executable: "/nonexistent")) }
        }
    }

    @Test("refuses the tasks of later chapters by name", arguments: TreeTask.allCases.filter { $0 != .unpack })
    func notYet(_ task: TreeTask) throws {
        try withPlace { place in
            let pipe = try Pipe()
            let child = try pipe.writing.borrow { reply in
                try spawn(Spawn(place.helper.executable, ["slipway-tree", task.rawValue, "{}"], descriptors: [(reply, 4)]))
            }
            let ended = try child.descriptor.borrow { try wait($0) }
            #expect(ended?.code == 1)
            let reply = try pipe.reading.borrow { try read($0, upTo: 1000) }
            #expect(String(decoding: reply, as: UTF8.self).contains("\"notYet\""))
        }
    }

    @Test("has given up everything but its directory before it reads the first byte")
    func confinement() throws {
        try withPlace { place in
            let layer = try Pipe(), reply = try Pipe()
            let request = "{\"directory\":\"\(place.root)\",\"limits\":{\"bytes\":1000,\"entries\":10}}"
            let child = try layer.reading.borrow { layer in
                try reply.writing.borrow { reply in
                    try spawn(Spawn(place.helper.executable, ["slipway-tree", "unpack", request], descriptors: [(layer, 3), (reply, 4)]))
                }
            }
            let proc = FilePath("/proc/\(child.process)")
            // It waits for the pipe now; the filter is the last thing that it installs.
            var status = ""
            for _ in 0..<500 where !status.contains("Seccomp:\t2") {
                status = try readText(proc.appending("status"))
                pause(milliseconds: 10)
            }
            #expect(status.contains("Seccomp:\t2") && status.contains("NoNewPrivs:\t1") && status.contains("Threads:\t1"))
            // CHOWN, DAC_OVERRIDE, FOWNER, FSETID, SYS_ADMIN, MKNOD, SETFCAP.
            #expect(status.contains("CapEff:\t000000008820001b"))
            let mounts = try readText(proc.appending("mountinfo")).split(separator: "\n")
            #expect(mounts.count == 1)
            #expect(mounts.first?.contains("nosuid,nodev,noexec") == true)
            for kind in ["mnt", "net", "ipc", "uts"] { #expect(try readLink(proc.appending("ns/\(kind)")) != readLink(FilePath("/proc/self/ns/\(kind)"))) }
            #expect(try Set(entries(proc.appending("fd"))).isSubset(of: ["0", "1", "2", "3", "4", "5"]))
            let limits = try readText(proc.appending("limits"))
            #expect(limits.contains("1073741824           1073741824           bytes"))
            try send(.kill, to: child.process)
            let ended = try child.descriptor.borrow { try wait($0) }
            #expect(ended == .signaled(9))
        }
    }
}
