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
    private struct State {
        var counts: [Digest: Int] = [:]
        /// What a removal left alone because it was pinned.
        var spared: Set<Digest> = []
        var tell: (@Sendable (Digest) -> Void)?
    }
    private let state = Mutex(State())

    func add(_ digest: Digest) { state.withLock { $0.counts[digest, default: 0] += 1 } }

    func remove(_ digest: Digest) {
        let tell = state.withLock { state -> (@Sendable (Digest) -> Void)? in
            let left = state.counts[digest, default: 1] - 1
            state.counts[digest] = left == 0 ? nil : left
            return left == 0 && state.spared.remove(digest) != nil ? state.tell : nil
        }
        tell?(digest)
    }

    /// Whom to tell when a blob's last pin goes that a removal had spared.
    func whenSpared(_ tell: @escaping @Sendable (Digest) -> Void) { state.withLock { $0.tell = tell } }

    /// Runs `body` while nobody can pin, if nobody has.
    func unless(pinned digest: Digest, _ body: () throws(KernelError) -> Void) throws(KernelError) {
        try state.withLock { (state) throws(KernelError) in
            guard state.counts[digest] == nil else {
                state.spared.insert(digest)
                return
            }
            try body()
        }
    }
}
