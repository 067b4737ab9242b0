// Blobs by their digest: layers as they came, image configurations, manifests. The layout is OCI's (`blobs/sha256/<hex>`), so that any tool
// can read the folder.
//
// Nothing unverified is ever visible: bytes go to a temporary file, are hashed on the way, synced, and only then renamed to the name that
// their digest gives them. A crash leaves temporaries only, and the next `ContentStore` collects them. One process owns the store at a time
// (the daemon holds a lock on the data root). OCI image-spec, image-layout.md; chapter 08.

public import Digests
public import Linux
import Synchronization

/// A directory of verified blobs. Safe to use from several threads.
public final class ContentStore: Sendable {
    private let blobs: FilePath
    private let incoming: FilePath
    private let pins = Pins()
    private let nextNumber = Atomic<Int>(0)
    /// What an earlier process had left half written, and is gone now.
    public let collected: Collected

    /// Half-written blobs of a process that was killed.
    public struct Collected: Sendable, Equatable {
        /// How many.
        public var files = 0
        /// Their bytes together.
        public var bytes: Int64 = 0

        public init(files: Int = 0, bytes: Int64 = 0) { (self.files, self.bytes) = (files, bytes) }
    }

    /// Opens or creates the store at `root` and removes what an earlier process left half written.
    public init(root: FilePath) throws(ContentError) {
        let (blobs, incoming) = (root.appending("blobs").appending("sha256"), root.appending("incoming"))
        (self.blobs, self.incoming) = (blobs, incoming)
        collected = try kernel { () throws(KernelError) in
            try makeDirectories(blobs, mode: 0o700)
            try makeDirectories(incoming, mode: 0o700)
            var collected = Collected()
            for name in try entries(incoming) {
                let path = incoming.appending(name)
                collected.files += 1
                collected.bytes += Int64(try status(path).bytes)
                try Linux.remove(path)
            }
            return collected
        }
    }

    /// Begins a blob whose digest need not be known yet.
    public func ingest() throws(ContentError) -> BlobWriter {
        let number = nextNumber.wrappingAdd(1, ordering: .relaxed).newValue
        let temporary = incoming.appending("\(number)")
        let file = try kernel { () throws(KernelError) in try Linux.open(temporary, [.writeOnly, .create, .exclusive], mode: 0o600) }
        return BlobWriter(file: file, temporary: temporary, blobs: blobs, pins: pins)
    }

    /// Stores bytes that are already in memory, such as a manifest.
    public func store(_ bytes: [UInt8]) throws(ContentError) -> Blob {
        let writer = try ingest()
        try writer.write(bytes)
        return try writer.commit()
    }

    /// Opens a blob for reading.
    /// - Throws: `.notFound` where there is none.
    public func open(_ digest: Digest) throws(ContentError) -> Descriptor {
        try known(digest) { () throws(KernelError) in try Linux.open(path(of: digest), [.readOnly, .noFollow]) }
    }

    /// A whole blob of at most `limit` bytes, hashed again: what a damaged disk has changed is not believed.
    /// - Throws: `.notFound`, `.tooLong`, `.mismatch` where the bytes no longer fit the digest.
    public func bytes(of digest: Digest, limit: Int = 8 << 20) throws(ContentError) -> [UInt8] {
        guard try size(of: digest) <= limit else { throw .tooLong(digest, limitBytes: limit) }
        let bytes = try known(digest) { () throws(KernelError) in try readFile(path(of: digest)) }
        let found = Digest(of: bytes)
        guard found == digest else { throw .mismatch(expected: digest, found: found) }
        return bytes
    }

    /// Keeps a blob that is there from being removed, as long as the value lives; nil where it is not there.
    public func hold(_ digest: Digest) throws(ContentError) -> Blob? {
        // Pinned first: between a look and the pin, a collection could take it.
        let blob = Blob(digest, sizeBytes: 0, pins)
        do throws(ContentError) { return Blob(digest, sizeBytes: try size(of: blob.digest), pins) } catch {
            if case .notFound = error { return nil }
            throw error
        }
    }

    /// Where a blob lies, whether it is there or not.
    public func path(of digest: Digest) -> FilePath { blobs.appending(digest.hex) }

    /// Whether the blob is there.
    public func contains(_ digest: Digest) -> Bool { exists(path(of: digest)) }

    /// A blob's length in bytes.
    public func size(of digest: Digest) throws(ContentError) -> Int {
        try known(digest) { () throws(KernelError) in Int(try status(path(of: digest)).bytes) }
    }

    /// Removes a blob, unless a `Blob` value still stands for it. One that is not there is no error, for removal is repeated after a crash.
    public func remove(_ digest: Digest) throws(ContentError) {
        do throws(KernelError) {
            try pins.unless(pinned: digest) { () throws(KernelError) in try Linux.remove(path(of: digest)) }
        } catch {
            guard error.isMissing else { throw .kernel(error) }
        }
    }

    /// Asks to be told when a blob loses its last `Blob` value that a removal had spared for it: whether it is still wanted is to be asked again.
    /// - Parameter tell: called on any thread; must not wait
    public func whenSpared(_ tell: @escaping @Sendable (Digest) -> Void) { pins.whenSpared(tell) }

    /// All blobs, in no order. Files that bear no digest as their name are not ours and are left alone.
    public func list() throws(ContentError) -> [Digest] {
        try kernel { () throws(KernelError) in try entries(blobs) }.compactMap { Digest(hex: $0) }
    }

    private func known<Result: ~Copyable>(_ digest: Digest, _ body: () throws(KernelError) -> Result) throws(ContentError) -> Result {
        do throws(KernelError) { return try body() } catch { throw error.isMissing ? .notFound(digest) : .kernel(error) }
    }
}
