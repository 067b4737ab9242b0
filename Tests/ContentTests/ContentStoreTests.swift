// The content store's promises: only verified bytes are visible, and a crash leaves nothing that stays.

import Content
import Digests
import Linux
import Synchronization
import Testing

private func withStore(_ body: (FilePath, ContentStore) throws -> Void) throws {
    let path = FilePath("/tmp/slipway-content-\(currentProcess())-\(monotonicNanoseconds())")
    defer { try? removeTree(path) }  // a leftover would show in the host comparison
    try body(path, ContentStore(root: path))
}

private func text(_ word: String) -> [UInt8] { Array(word.utf8) }

@Suite("The content store")
struct ContentStoreTests {
    @Test("keeps a blob under the digest of its bytes, written in whatever pieces")
    func commit() throws {
        try withStore { _, store in
            let writer = try store.ingest()
            for piece in ["one ", "", "two"] { try writer.write(text(piece)) }
            #expect(try store.list().isEmpty)
            let blob = try writer.commit()
            #expect(blob.digest == Digest(of: "one two".utf8) && blob.sizeBytes == 7)
            #expect(try store.list() == [blob.digest])
            #expect(try store.bytes(of: blob.digest) == text("one two"))
            #expect(try store.size(of: blob.digest) == 7)
        }
    }

    @Test("shows nothing of a blob that is not what was promised, and keeps nothing of it")
    func mismatch() throws {
        try withStore { path, store in
            let wrong = try store.ingest()
            try wrong.write(text("evil"))
            let (expected, found) = (Digest(of: "good".utf8), Digest(of: "evil".utf8))
            #expect(throws: ContentError.mismatch(expected: expected, found: found)) { try wrong.commit(expected: expected) }
            let short = try store.ingest()
            try short.write(text("evil"))
            #expect(throws: ContentError.wrongSize(expected: 5, found: 4)) { try short.commit(sizeBytes: 5) }
            #expect(try store.list().isEmpty)
            #expect(try entries(path.appending("incoming")).isEmpty)
            #expect(throws: ContentError.closed) { try wrong.write(text("more")) }
            #expect(throws: ContentError.closed) { try wrong.commit() }
        }
    }

    @Test("forgets a blob whose writer was dropped or that a crash left unfinished")
    func leftovers() throws {
        try withStore { path, store in
            do {
                let dropped = try store.ingest()
                try dropped.write(text("half"))
            }
            #expect(try entries(path.appending("incoming")).isEmpty)
            try writeFile(path.appending("incoming").appending("17"), "left by a crash")
            let next = try ContentStore(root: path)
            #expect(next.collected == .init(files: 1, bytes: 15))
            #expect(try ContentStore(root: path).collected == .init())
            #expect(try entries(path.appending("incoming")).isEmpty)
            #expect(try next.list().isEmpty)
        }
    }

    @Test("stores the same bytes twice as one blob")
    func twice() throws {
        try withStore { _, store in
            let blobs = try [store.store(text("same")), store.store(text("same"))]
            #expect(blobs[0].digest == blobs[1].digest)
            #expect(try store.list().count == 1)
        }
    }

    @Test("does not remove a blob while somebody is making an image of it")
    func pinned() throws {
        try withStore { _, store in
            var blob: Blob? = try store.store(text("pinned"))
            let digest = try #require(blob?.digest)
            try store.remove(digest)
            #expect(store.contains(digest))
            blob = nil
            try store.remove(digest)
            #expect(!store.contains(digest))
            try store.remove(digest)
        }
    }

    @Test("holds a blob that is there for whoever asks, and says where there is none")
    func held() throws {
        try withStore { _, store in
            let digest = try store.store(text("held")).digest
            var held = try store.hold(digest)
            #expect(held?.digest == digest && held?.sizeBytes == 4)
            try store.remove(digest)
            #expect(store.contains(digest))
            held = nil
            try store.remove(digest)
            #expect(try store.hold(digest) == nil)
            #expect(!store.contains(digest))
        }
    }

    @Test("tells of a blob that it spared, once it is nobody's any more, and of no other")
    func spared() throws {
        try withStore { _, store in
            let told = Mutex<[Digest]>([])
            store.whenSpared { digest in told.withLock { $0.append(digest) } }
            var (one, two): (Blob?, Blob?) = (try store.store(text("one")), try store.store(text("two")))
            let digest = try #require(one?.digest)
            var again = try store.hold(digest)
            try store.remove(digest)
            (one, two) = (nil, nil)
            #expect(told.withLock { $0 }.isEmpty && again != nil && two == nil)
            again = nil
            #expect(told.withLock { $0 } == [digest])
        }
    }

    @Test("does not believe a blob that the disk has changed, and says when one is missing")
    func damage() throws {
        try withStore { _, store in
            let blob = try store.store(text("original"))
            try writeFile(store.path(of: blob.digest), "tampered")
            #expect(throws: ContentError.mismatch(expected: blob.digest, found: Digest(of: "tampered".utf8))) { try store.bytes(of: blob.digest) }
            let unknown = Digest(of: "unknown".utf8)
            #expect(throws: ContentError.notFound(unknown)) { try store.bytes(of: unknown) }
            #expect(throws: ContentError.notFound(unknown)) { _ = try store.open(unknown) }
            #expect(throws: ContentError.tooLong(blob.digest, limitBytes: 3)) { try store.bytes(of: blob.digest, limit: 3) }
        }
    }
}
