// The second half: the plain tar as entries. libarchive reads ustar, GNU and pax, with long names, sparse files and extended attributes.
//
// We stay in the "C" locale on purpose. libarchive converts pax names from UTF-8 to the locale and, where that cannot be done, keeps the bytes
// as they are; in a UTF-8 locale it would *normalise* them instead, and a file name that the image spells with combining characters would
// come out as another name. man 5 tar, man 3 archive_entry; chapter 07.

import CArchive
import Glibc
import Linux

/// One entry of a tar, before anything was made of it.
struct Entry {
    enum Kind: Equatable {
        case file, directory
        /// Its text: bytes that end with a NUL.
        case symbolicLink([CChar])
        case hardLink(FilePath)
        case characterDevice(major: UInt32, minor: UInt32), blockDevice(major: UInt32, minor: UInt32)
        case fifo, socket

        var isSymbolicLink: Bool { if case .symbolicLink = self { true } else { false } }
    }

    var path: FilePath
    var kind: Kind
    /// Permissions with setuid, setgid and sticky.
    var mode: UInt32
    var user: Int64, group: Int64
    var seconds: Int64, nanoseconds: Int64
    /// Bytes of a file, holes included.
    var bytes: Int64
    var attributes: [Attribute]
}

/// Walks through a tar.
@safe final class TarReader {
    private let archive: OpaquePointer
    private let stream: LayerStream
    /// Bytes of the current entry: all, and how far its data was read.
    private var entryBytes: Int64 = 0, readBytes: Int64 = 0
    /// The archive stops right behind the last file's data, without the zeros to the block's end. Some tools write such layers (Debian's
    /// `umoci insert`), and Go's reader, thus Docker, takes them.
    private var endsUnpadded = false

    init(_ stream: LayerStream) throws(ArchiveError) {
        guard let archive = unsafe archive_read_new() else { throw .damaged("out of memory") }
        unsafe self.archive = unsafe archive
        self.stream = stream
        unsafe archive_read_support_format_tar(archive)
        // libarchive asks for the next block; an empty one is the end, for whatever reason; `failure()` tells it.
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
        guard !endsUnpadded else { return nil }
        var raw: OpaquePointer?
        switch unsafe archive_read_next_header(archive, &raw) {
        case ARCHIVE_OK, ARCHIVE_WARN: break
        case ARCHIVE_EOF:
            if let failure = stream.failure { throw failure }
            return nil
        default: throw failure()
        }
        guard let raw = unsafe raw, let name = unsafe archive_entry_pathname(raw) else { throw .damaged("an entry without a name") }
        (entryBytes, readBytes) = unsafe (archive_entry_size(raw), 0)
        let path = unsafe FilePath(platformString: name), (seconds, nanoseconds) = unsafe time(of: raw)
        return unsafe Entry(
            path: path, kind: try kind(raw, path), mode: unsafe UInt32(archive_entry_perm(raw)), user: unsafe archive_entry_uid(raw),
            group: unsafe archive_entry_gid(raw), seconds: seconds, nanoseconds: nanoseconds, bytes: unsafe archive_entry_size(raw),
            attributes: attributes(raw) + accessLists(raw))
    }

    /// libarchive reads -1.5 as a second before 1970 and half a second more; the kernel wants two before and half a second more.
    private func time(of raw: OpaquePointer) -> (seconds: Int64, nanoseconds: Int64) {
        let seconds = unsafe Int64(archive_entry_mtime(raw)), nanoseconds = unsafe Int64(archive_entry_mtime_nsec(raw))
        return seconds < 0 && nanoseconds > 0 && seconds > .min ? (seconds - 1, 1_000_000_000 - nanoseconds) : (seconds, nanoseconds)
    }

    /// The next piece of the current entry's data and where it belongs; nil at the end. Valid until the next call.
    func data() throws(ArchiveError) -> (bytes: UnsafeRawBufferPointer, offset: Int64)? {
        var start: UnsafeRawPointer?, count = 0, offset: la_int64_t = 0
        switch unsafe archive_read_data_block(archive, &start, &count, &offset) {
        case ARCHIVE_OK, ARCHIVE_WARN:
            readBytes = offset + Int64(count)
            return unsafe (UnsafeRawBufferPointer(start: start, count: count), offset)
        case ARCHIVE_EOF: return nil
        default:
            guard readBytes == entryBytes, readBytes > 0, stream.hasEnded, stream.failure == nil else { throw failure() }
            endsUnpadded = true
            return nil
        }
    }

    private func kind(_ raw: OpaquePointer, _ path: FilePath) throws(ArchiveError) -> Entry.Kind {
        if let target = unsafe archive_entry_hardlink(raw) { return unsafe .hardLink(FilePath(platformString: target)) }
        switch unsafe UInt32(archive_entry_filetype(raw)) {
        case 0o100000: return .file
        case 0o040000: return .directory
        case 0o120000:
            return unsafe .symbolicLink(archive_entry_symlink(raw).map { unsafe Array(UnsafeBufferPointer(start: $0, count: strlen($0) + 1)) } ?? [0])
        case 0o020000: return unsafe .characterDevice(major: UInt32(archive_entry_rdevmajor(raw)), minor: UInt32(archive_entry_rdevminor(raw)))
        case 0o060000: return unsafe .blockDevice(major: UInt32(archive_entry_rdevmajor(raw)), minor: UInt32(archive_entry_rdevminor(raw)))
        case 0o010000: return .fifo
        case 0o140000: return .socket
        default: throw .refused(entry: shown(path), why: "an unknown kind of entry")
        }
    }

    private func attributes(_ raw: OpaquePointer) -> [Attribute] {
        var found: [Attribute] = []
        unsafe archive_entry_xattr_reset(raw)
        while true {
            var name: UnsafePointer<CChar>?, value: UnsafeRawPointer?, count = 0
            guard unsafe archive_entry_xattr_next(raw, &name, &value, &count) == ARCHIVE_OK, let name = unsafe name else { return found }
            found.append(unsafe Attribute(name: String(cString: name), value: Array(UnsafeRawBufferPointer(start: value, count: count))))
        }
    }

    /// Access lists as GNU tar and bsdtar write them, in words (`SCHILY.acl.access`); others write the kernel's form as attributes.
    private func accessLists(_ raw: OpaquePointer) -> [Attribute] {
        [(ARCHIVE_ENTRY_ACL_TYPE_ACCESS, "access"), (ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, "default")].compactMap { type, name in
            var list: [AccessListEntry] = []
            guard unsafe archive_entry_acl_reset(raw, type) > 0 else { return nil }
            while true {
                var kind: CInt = 0, permissions: CInt = 0, tag: CInt = 0, identity: CInt = 0, unused: UnsafePointer<CChar>?
                guard unsafe archive_entry_acl_next(raw, type, &kind, &permissions, &tag, &identity, &unused) == ARCHIVE_OK else { break }
                list.append(AccessListEntry(tag: tag, permissions: permissions, identity: identity))
            }
            // Names without numbers mean nothing outside of the image's own /etc/passwd.
            guard let value = accessListAttribute(list) else { return Attribute(name: "SCHILY.acl.\(name)", value: []) }
            return Attribute(name: "system.posix_acl_\(name)", value: value)
        }
    }

    /// Why reading failed: the reason behind it, if the compressed layer was to blame, else libarchive's.
    private func failure() -> ArchiveError { unsafe stream.failure ?? .damaged(message(of: archive)) }
}
