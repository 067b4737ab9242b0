// A blob on its way in. Writing hashes; only `commit` makes the bytes visible, and only if they are the ones that were promised. Order of a
// commit: fsync of the file before the rename, so that no crash shows a name without its bytes; fsync of the directory after it, so that the
// name lasts. man 2 fsync, rename.

public import Digests
import Linux
import Synchronization

/// Takes the bytes of one blob in order. Used by one caller at a time, from whatever thread.
public final class BlobWriter: Sendable {
    private struct State: ~Copyable {
        var file: Descriptor?
        var digester = Digester()
        var sizeBytes = 0
    }

    private let state: Mutex<State>
    private let temporary: FilePath
    private let blobs: FilePath
    private let pins: Pins

    init(file: consuming Descriptor, temporary: FilePath, blobs: FilePath, pins: Pins) {
        state = Mutex(State(file: file))
        (self.temporary, self.blobs, self.pins) = (temporary, blobs, pins)
    }

    deinit { discard() }

    /// Appends bytes, hashing them on the way.
    /// - Throws: `.kernel`, a full disk among them; `.closed` after commit or discard.
    public func write(_ bytes: [UInt8]) throws(ContentError) {
        try state.withLock { (state) throws(ContentError) in
            try state.file.borrowed { (descriptor) throws(KernelError) in try Linux.write(descriptor, bytes) }
            state.digester.update(bytes)
            state.sizeBytes += bytes.count
        }
    }

    /// Makes the blob visible under its digest, durably. A blob that was there already is kept; both are the same bytes.
    ///
    /// - Parameters:
    ///   - expected: what the bytes should hash to; nil where they define their name
    ///   - sizeBytes: how many they should be
    /// - Throws: `.mismatch` or `.wrongSize`, after which nothing of the blob is left.
    public func commit(expected: Digest? = nil, sizeBytes: Int? = nil) throws(ContentError) -> Blob {
        do throws(ContentError) {
            return try publish(expected, sizeBytes)
        } catch {
            discard()
            throw error
        }
    }

    private func publish(_ expected: Digest?, _ sizeBytes: Int?) throws(ContentError) -> Blob {
        try state.withLock { (state) throws(ContentError) in
            // Pinned before it has its name, so that no collection can take it in between.
            let blob = Blob(state.digester.finish(), sizeBytes: state.sizeBytes, pins)
            if let sizeBytes, sizeBytes != blob.sizeBytes { throw .wrongSize(expected: sizeBytes, found: blob.sizeBytes) }
            if let expected, expected != blob.digest { throw .mismatch(expected: expected, found: blob.digest) }
            try state.file.borrowed { (descriptor) throws(KernelError) in
                try synchronize(descriptor)
                try rename(temporary, to: blobs.appending(blob.digest.hex))
                try synchronizeDirectory(blobs)
            }
            state.file = nil
            return blob
        }
    }

    /// Forgets the blob. Without effect after a commit; also what happens when the writer is dropped.
    public func discard() {
        state.withLock { state in
            guard state.file != nil else { return }
            state.file = nil
            try? remove(temporary)  // a temporary that stays is collected when the store is opened next
        }
    }
}

extension Descriptor? {
    /// Lends the descriptor, or throws `.closed` where there is none any more.
    fileprivate func borrowed(_ body: (FileDescriptor) throws(KernelError) -> Void) throws(ContentError) {
        // By number, not by `self?.borrow`: on that the optimizer of Swift 6.3.1 crashes. The writer's lock keeps the descriptor open meanwhile.
        let number: CInt
        switch self {
        case .some(let descriptor): number = descriptor.number
        case .none: throw .closed
        }
        do throws(KernelError) { try body(FileDescriptor(rawValue: number)) } catch { throw .kernel(error) }
    }
}
