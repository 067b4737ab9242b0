// The first half of reading a layer: whatever it is compressed with, out comes the plain tar, hashed on the way. libarchive does it in its
// `raw` format, which knows filters but no archive. The digest covers every byte, those behind the archive's end included, for that is what a
// DiffID is. man 3 archive_read_filter, archive_read_format (raw); chapter 07.

import CArchive
import Digests
import Linux

/// Decompresses a layer in blocks.
@safe final class LayerStream {
    private let archive: OpaquePointer
    private var digester = Digester()
    private var bytesLeft: Int64
    /// What went wrong inside a callback of libarchive's, which cannot throw.
    private(set) var failure: ArchiveError?

    /// Reads `descriptor` from where it stands.
    /// - Parameter limitBytes: how long the plain tar may be; a small file can hold an enormous one
    init(_ descriptor: FileDescriptor, limitBytes: Int64) throws(ArchiveError) {
        guard let archive = unsafe archive_read_new() else { throw .damaged("out of memory") }
        unsafe self.archive = unsafe archive
        bytesLeft = limitBytes
        unsafe archive_read_support_filter_gzip(archive)
        unsafe archive_read_support_filter_zstd(archive)
        unsafe archive_read_support_filter_bzip2(archive)
        unsafe archive_read_support_filter_xz(archive)
        unsafe archive_read_support_format_raw(archive)
        var entry: OpaquePointer?
        guard unsafe archive_read_open_fd(archive, descriptor.rawValue, 1 << 18) == ARCHIVE_OK, unsafe archive_read_next_header(archive, &entry) == ARCHIVE_OK
        else {
            throw unsafe .damaged(message(of: archive))
        }
    }

    deinit { unsafe _ = archive_read_free(archive) }

    /// The next block, valid until the next call; empty at the end and after a failure.
    func next() -> UnsafeRawBufferPointer {
        var start: UnsafeRawPointer?, count = 0, offset: la_int64_t = 0
        guard failure == nil else { return unsafe UnsafeRawBufferPointer(start: nil, count: 0) }
        switch unsafe archive_read_data_block(archive, &start, &count, &offset) {
        case ARCHIVE_OK: break
        case ARCHIVE_EOF: count = 0
        default:
            failure = unsafe .damaged(message(of: archive))
            count = 0
        }
        bytesLeft -= Int64(count)
        if bytesLeft < 0 {
            failure = .limit(entry: "", what: "the bytes that a layer may have")
            count = 0
        }
        let block = unsafe UnsafeRawBufferPointer(start: start, count: count)
        unsafe digester.update(block)
        return unsafe block
    }

    /// Reads what follows the archive's end, and gives the digest of all.
    func finish() throws(ArchiveError) -> Digest {
        while unsafe !next().isEmpty {}
        if let failure { throw failure }
        return digester.finish()
    }
}

/// libarchive's reason for its last failure.
func message(of archive: OpaquePointer) -> String {
    unsafe archive_error_string(archive).map { unsafe String(cString: $0) } ?? "unknown reason"
}
