// Makes a tar of a tree. Chapter 07.

import Digests
public import Linux

/// Packs a tree as a pax tar that depends on nothing but the tree: entries sorted by their bytes, times to the nanosecond.
///
/// - Parameters:
///   - directory: the tree's root, open for reading; its own attributes are not packed, as Docker's layers do not have them
///   - output: where the tar is written to; its offset moves
/// - Throws: `ArchiveError`, naming the file; `output` then holds part of the tar.
/// - Note: the process's working directory changes: extended attributes are read relative to it.
public func pack(_ directory: FileDescriptor, into output: FileDescriptor, form: PackForm) throws(ArchiveError) -> Packed {
    throw .refused(entry: "", why: "not written yet")
}
