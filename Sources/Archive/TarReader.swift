// The second half: the plain tar as entries. libarchive reads ustar, GNU and pax, with long names, sparse files and extended attributes.
//
// We stay in the "C" locale on purpose. libarchive converts pax names from UTF-8 to the locale and, where that cannot be done, keeps the bytes
// as they are; in a UTF-8 locale it would *normalise* them instead, and a file name that the image spells with combining characters would
// come out as another name. man 5 tar, man 3 archive_entry; chapter 07.

import CArchive
import Linux

/// One entry of a tar, before anything was made of it.
struct Entry {
    enum Kind: Equatable {
        case file, directory
        case symbolicLink(String)
        case hardLink(FilePath)
        case characterDevice(major: UInt32, minor: UInt32), blockDevice(major: UInt32, minor: UInt32)
        case fifo, socket
    }

    var path: FilePath
    var kind: Kind
    /// Permissions with setuid, setgid and sticky.
    var mode: UInt32
    var user: Int64, group: Int64
    var seconds: Int64, nanoseconds: Int64
    /// Bytes of a file, holes included.
    var bytes: Int64
    var attributes: [(name: String, value: [UInt8])]
}

/// Walks through a tar.
@safe final class TarReader {
    private let archive: OpaquePointer
    private let stream: LayerStream

    init(_ stream: LayerStream) throws(ArchiveError) {
        guard let archive = unsafe archive_read_new() else { throw .damaged("out of memory") }
        unsafe self.archive = unsafe archive
        self.stream = stream
        unsafe archive_read_support_format_tar(archive)
        // libarchive asks for the next block; an empty one is the end, whatever its reason, which `check` finds out.
        let opened = unsafe archive_read_open(
            archive, Unmanaged.passUnretained(stream).toOpaque(), nil,
            { _, context, block in
                guard let context = unsafe context else { return 0 }
                let next = unsafe Unmanaged<LayerStream>.fromOpaque(context).takeUnretainedValue().next()
                unsafe block?.pointee = next.baseAddress
                return next.count
            }, nil)
        guard opened == ARCHIVE_OK else { throw failure() }
    }

    deinit { unsafe _ = archive_read_free(archive) }

    /// The next entry, or nil at the end. A warning (a name that the locale cannot show) is none to us.
    func next() throws(ArchiveError) -> Entry? {
        var raw: OpaquePointer?
        switch unsafe archive_read_next_header(archive, &raw) {
        case ARCHIVE_OK, ARCHIVE_WARN: break
        case ARCHIVE_EOF:
            if let failure = stream.failure { throw failure }
            return nil
        default: throw failure()
        }
        guard let raw = unsafe raw, let name = unsafe archive_entry_pathname(raw) else { throw .damaged("an entry without a name") }
        let path = unsafe FilePath(platformString: name)
        return unsafe Entry(
            path: path, kind: try kind(raw, path), mode: unsafe UInt32(archive_entry_perm(raw)), user: unsafe archive_entry_uid(raw),
            group: unsafe archive_entry_gid(raw), seconds: unsafe Int64(archive_entry_mtime(raw)), nanoseconds: unsafe Int64(archive_entry_mtime_nsec(raw)),
            bytes: unsafe archive_entry_size(raw), attributes: attributes(raw))
    }

    /// The next piece of the current entry's data and where it belongs; nil at the end. Valid until the next call.
    func data() throws(ArchiveError) -> (bytes: UnsafeRawBufferPointer, offset: Int64)? {
        var start: UnsafeRawPointer?, count = 0, offset: la_int64_t = 0
        switch unsafe archive_read_data_block(archive, &start, &count, &offset) {
        case ARCHIVE_OK, ARCHIVE_WARN: return unsafe (UnsafeRawBufferPointer(start: start, count: count), offset)
        case ARCHIVE_EOF: return nil
        default: throw failure()
        }
    }

    private func kind(_ raw: OpaquePointer, _ path: FilePath) throws(ArchiveError) -> Entry.Kind {
        if let target = unsafe archive_entry_hardlink(raw) { return unsafe .hardLink(FilePath(platformString: target)) }
        switch unsafe UInt32(archive_entry_filetype(raw)) {
        case 0o100000: return .file
        case 0o040000: return .directory
        case 0o120000: return unsafe .symbolicLink(archive_entry_symlink(raw).map { unsafe String(cString: $0) } ?? "")
        case 0o020000: return unsafe .characterDevice(major: UInt32(archive_entry_rdevmajor(raw)), minor: UInt32(archive_entry_rdevminor(raw)))
        case 0o060000: return unsafe .blockDevice(major: UInt32(archive_entry_rdevmajor(raw)), minor: UInt32(archive_entry_rdevminor(raw)))
        case 0o010000: return .fifo
        case 0o140000: return .socket
        default: throw .refused(entry: path.string, why: "an unknown kind of entry")
        }
    }

    private func attributes(_ raw: OpaquePointer) -> [(name: String, value: [UInt8])] {
        var found: [(name: String, value: [UInt8])] = []
        unsafe archive_entry_xattr_reset(raw)
        while true {
            var name: UnsafePointer<CChar>?, value: UnsafeRawPointer?, count = 0
            guard unsafe archive_entry_xattr_next(raw, &name, &value, &count) == ARCHIVE_OK, let name = unsafe name else { return found }
            found.append((unsafe String(cString: name), unsafe Array(UnsafeRawBufferPointer(start: value, count: count))))
        }
    }

    /// Why reading failed: the reason behind it, if the compressed layer was to blame, else libarchive's.
    private func failure() -> ArchiveError { unsafe stream.failure ?? .damaged(message(of: archive)) }
}
