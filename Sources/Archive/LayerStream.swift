// The first half of reading a layer: whatever it is compressed with, out comes the plain tar, hashed on the way. The digest covers every byte,
// those behind the archive's end included, for that is what a DiffID is. Chapter 07.

import Digests
import Linux

/// Where a layer's plain bytes come from.
protocol BlockSource {
    /// The next block, valid until the next call; empty at the end.
    func block() throws(ArchiveError) -> UnsafeRawBufferPointer
}

/// Decompresses a layer in blocks.
final class LayerStream {
    private let source: any BlockSource
    private var digester = Digester()
    private var bytesLeft: Int64
    /// What went wrong inside a callback of libarchive's, which cannot throw.
    private(set) var failure: ArchiveError?
    /// Nothing is left to be read.
    private(set) var hasEnded = false

    /// Reads `descriptor` from where it stands. A small file can hold an enormous tar: `limits` say how long it may be.
    init(_ descriptor: FileDescriptor, _ limits: UnpackLimits) throws(ArchiveError) {
        if try !isGzipFile(descriptor) {
            source = try FilteredBlocks(descriptor)
        } else if let whole = try WholeGunzip(descriptor, memoryBytes: limits.memoryBytes) {
            source = whole
        } else {
            source = try StreamedGunzip(descriptor)
        }
        bytesLeft = limits.tarBytes
    }

    /// The next block, valid until the next call; empty at the end and after a failure.
    func next() -> UnsafeRawBufferPointer {
        guard failure == nil else { return unsafe UnsafeRawBufferPointer(start: nil, count: 0) }
        do throws(ArchiveError) {
            let block = try unsafe source.block()
            bytesLeft -= Int64(block.count)
            guard bytesLeft >= 0 else { throw .limit(entry: "", what: "the bytes that a layer may have") }
            unsafe digester.update(block)
            if unsafe block.isEmpty { hasEnded = true }
            return unsafe block
        } catch {
            failure = error
            return unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        }
    }

    /// Reads what follows the archive's end, and gives the digest of all.
    func finish() throws(ArchiveError) -> Digest {
        while unsafe !next().isEmpty {}
        if let failure { throw failure }
        return digester.finish()
    }
}
