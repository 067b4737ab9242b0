// The slow way to read a layer, which is open to all of them: in pieces, whatever it is compressed with, in little memory. libarchive does it
// in its `raw` format, which knows filters but no archive. man 3 archive_read_filter, archive_read_format (raw); chapter 07.

import CArchive
import Linux

/// A file, decompressed piece by piece.
@safe final class FilteredBlocks: BlockSource {
    private let archive: OpaquePointer

    /// Reads `descriptor` from where it stands: plain or gzip, zstd, bzip2, xz.
    init(_ descriptor: FileDescriptor) throws(ArchiveError) {
        guard let archive = unsafe archive_read_new() else { throw .damaged("out of memory") }
        unsafe self.archive = unsafe archive
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
        // libarchive would undo any number of compressions; the last filter is the file itself.
        guard unsafe archive_filter_count(archive) <= 2 else { throw .damaged("compressed more than once") }
    }

    deinit { unsafe _ = archive_read_free(archive) }

    func block() throws(ArchiveError) -> UnsafeRawBufferPointer {
        var start: UnsafeRawPointer?, count = 0, offset: la_int64_t = 0
        switch unsafe archive_read_data_block(archive, &start, &count, &offset) {
        case ARCHIVE_OK: return unsafe UnsafeRawBufferPointer(start: start, count: count)
        case ARCHIVE_EOF: return unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        default: throw unsafe .damaged(message(of: archive))
        }
    }
}

/// libarchive's reason for its last failure.
func message(of archive: OpaquePointer) -> String {
    unsafe archive_error_string(archive).map { unsafe String(cString: $0) } ?? "unknown reason"
}
