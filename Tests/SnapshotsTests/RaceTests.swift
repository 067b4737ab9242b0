// Several layers at once, and the same one twice. Needs root and the program slipway-tree beside the tests.

import Digests
import Linux
import Metadata
import Snapshots
import Testing
import Trees

@Suite("Staged layers")
struct RaceTests {
    @Test("are unpacked all at once and committed in chain order")
    func parallel() throws {
        try withStore { store in
            let staged = try atOnce(6) { number in try store.stage([.file("dir/\(number)", String(repeating: "x", count: number))]) }
            #expect(try store.names("layers").isEmpty && store.rows("ready") == 0)
            var parent: ChainID?
            for layer in staged { parent = try store.snapshots.commit(layer, onto: parent, lease: "test").chain }
            try store.expectClean(layers: 6)
            let chain = try #require(parent)
            let files = try store.snapshots.layers(of: chain).map { layer in try entries(layer.appending("dir")) }
            #expect(files == [["5"], ["4"], ["3"], ["2"], ["1"], ["0"]])
            #expect(try store.snapshots.sizeBytes(of: chain) == 0 + 1 + 2 + 3 + 4 + 5)
        }
    }

    @Test("that are complete when one is committed share its sync")
    func sharedSync() throws {
        try withStore { store in
            let staged = try atOnce(6) { number in try store.stage([.directory("./"), .file("\(number)")]) }
            #expect(store.snapshots.syncs == 0)
            var parent: ChainID?
            for layer in staged { parent = try store.snapshots.commit(layer, onto: parent, lease: "test").chain }
            #expect(store.snapshots.syncs == 1)
            // One that comes later is not covered, nor is one that was settled after it was staged.
            let late = try store.stage([.directory("./"), .file("late")]), implying = try store.stage([.file("a/b")])
            parent = try store.snapshots.commit(late, onto: parent, lease: "test").chain
            #expect(store.snapshots.syncs == 2)
            _ = try store.snapshots.commit(implying, onto: parent, lease: "test")
            #expect(store.snapshots.syncs == 3)
        }
    }

    @Test("of one content race to be committed: one is the layer, the others go, and all callers hold it")
    func sameLayer() throws {
        try withStore { store in
            let base = try store.layer([.directory("d/").with { $0.mode = 0o700 }])
            let staged = try atOnce(4) { _ in try store.stage([.file("d/f", "123")]) }
            #expect(Set(staged.map(\.diffID)).count == 1 && staged.allSatisfy { $0.sizeBytes == 3 })
            let layers = try atOnce(4) { number in try store.snapshots.commit(staged[number], onto: base.chain, lease: "test \(number)") }
            #expect(layers.allSatisfy { $0 == layers[0] })
            try store.expectClean(layers: 2)
            #expect(try store.snapshots.sizeBytes(of: layers[0].chain) == 3)
            // Each lease holds it by itself.
            for number in 0..<4 {
                #expect(try store.snapshots.hold(layers[0].chain, lease: "later") == layers[0])
                try store.metadata.write { (transaction) throws(MetadataError) in try store.snapshots.release("lease:later", in: transaction) }
                try store.snapshots.sweep()
                try store.metadata.write { (transaction) throws(MetadataError) in try store.snapshots.release("lease:test \(number)", in: transaction) }
            }
            try store.snapshots.sweep()
            try store.expectClean(layers: 1)
        }
    }

    @Test("of one content on two parents are two layers")
    func twoParents() throws {
        try withStore { store in
            let one = try store.layer([.file("one")]), two = try store.layer([.file("two")])
            let staged = try atOnce(2) { _ in try store.stage([.file("f")]) }, parents = [one.chain, two.chain]
            let layers = try atOnce(2) { number in try store.snapshots.commit(staged[number], onto: parents[number], lease: "test") }
            #expect(layers[0].diffID == layers[1].diffID && layers[0].chain != layers[1].chain)
            try store.expectClean(layers: 4)
        }
    }

    @Test("can be discarded, once, twice, and after they were committed, which changes nothing")
    func discarded() throws {
        try withStore { store in
            let staged = try store.stage([.file("f")])
            #expect(try store.rows("unpacking") == 1)
            store.snapshots.discard(staged)
            store.snapshots.discard(staged)
            try store.expectClean(layers: 0)
            let other = try store.stage([.file("f")]), layer = try store.snapshots.commit(other, onto: nil, lease: "test")
            store.snapshots.discard(other)
            try store.expectClean(layers: 1)
            #expect(try readText(store.top(layer).appending("f")) == "x")
        }
    }

    @Test("are not committed onto what is not there, and nothing of them stays")
    func unknownParent() throws {
        try withStore { store in
            let nowhere = ChainID(Digest(of: []))
            #expect(throws: SnapshotsError.unknownChain(nowhere)) { try store.snapshots.commit(store.stage([.file("f")]), onto: nowhere, lease: "test") }
            #expect(try store.snapshots.hold(nowhere, lease: "test") == nil)
            try store.expectClean(layers: 0)
        }
    }
}
