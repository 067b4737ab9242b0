// A blob that was just stored belongs to nothing yet: the image that will refer to it is still being made, and a collection running meanwhile
// would take it for rubbish. So the value that a commit returns pins the blob for as long as it lives.

public import Digests
import Linux
import Synchronization

/// A stored blob, kept from removal while this value lives.
public final class Blob: Sendable {
    /// The digest of the bytes as they came.
    public let digest: Digest
    /// Their number.
    public let sizeBytes: Int
    private let pins: Pins

    init(_ digest: Digest, sizeBytes: Int, _ pins: Pins) {
        (self.digest, self.sizeBytes, self.pins) = (digest, sizeBytes, pins)
        pins.add(digest)
    }

    deinit { pins.remove(digest) }
}

/// How many `Blob` values stand for each digest.
final class Pins: Sendable {
    private let counts = Mutex<[Digest: Int]>([:])

    func add(_ digest: Digest) { counts.withLock { $0[digest, default: 0] += 1 } }

    func remove(_ digest: Digest) {
        counts.withLock { counts in
            let left = counts[digest, default: 1] - 1
            counts[digest] = left == 0 ? nil : left
        }
    }

    /// Runs `body` while nobody can pin, if nobody has.
    func unless(pinned digest: Digest, _ body: () throws(KernelError) -> Void) throws(KernelError) {
        try counts.withLock { (counts) throws(KernelError) in if counts[digest] == nil { try body() } }
    }
}
