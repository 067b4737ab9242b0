// POSIX access lists in the form in which the kernel takes them, as the attributes `system.posix_acl_access` and `…_default`:
//
//      version 2 (4 bytes)   then for each entry: tag (2)   permissions rwx (2)   user or group (4, all ones where it is none)
//
// little-endian, in the order of the tags, then of the numbers. Linux's include/uapi/linux/posix_acl_xattr.h, man 5 acl; chapter 07.

import CArchive

/// One entry as libarchive has it.
struct AccessListEntry {
    var tag: CInt, permissions: CInt, identity: CInt

    /// The kernel's number for the tag; nil for one of NFS or another stranger.
    var kernelTag: UInt16? {
        switch tag {
        case ARCHIVE_ENTRY_ACL_USER_OBJ: 0x01
        case ARCHIVE_ENTRY_ACL_USER: 0x02
        case ARCHIVE_ENTRY_ACL_GROUP_OBJ: 0x04
        case ARCHIVE_ENTRY_ACL_GROUP: 0x08
        case ARCHIVE_ENTRY_ACL_MASK: 0x10
        case ARCHIVE_ENTRY_ACL_OTHER: 0x20
        default: nil
        }
    }
    var isNamed: Bool { tag == ARCHIVE_ENTRY_ACL_USER || tag == ARCHIVE_ENTRY_ACL_GROUP }
}

/// The attribute's bytes; nil where an entry is about a user or group without a number.
func accessListAttribute(_ list: [AccessListEntry]) -> [UInt8]? {
    var rows: [(tag: UInt16, permissions: UInt16, identity: UInt32)] = []
    for entry in list {
        guard let tag = entry.kernelTag, !entry.isNamed || entry.identity >= 0 else { return nil }
        rows.append((tag, UInt16(entry.permissions & 7), entry.isNamed ? UInt32(entry.identity) : .max))
    }
    rows.sort { ($0.tag, $0.identity) < ($1.tag, $1.identity) }
    return rows.reduce(into: littleEndian(UInt32(2))) { bytes, row in
        bytes += littleEndian(row.tag) + littleEndian(row.permissions) + littleEndian(row.identity)
    }
}

private func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}
