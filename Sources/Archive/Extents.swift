// Sparse files: where a file has data, and how a tar says so. GNU tar's format 1.0 puts a list in front of the data, in decimal lines: how
// many pieces, then for each where it starts and how long it is; the records name the file and its full length. Programs that do not know the
// format see an ordinary file. man 2 lseek, "Seeking file data and holes"; GNU tar's manual, "PAX Format, Version 1.0"; chapter 07.

import Glibc
import Linux

/// A piece of a file that has data.
struct Extent: Equatable {
    var start: Int64, count: Int64
}

/// The pieces of a file that have data, and at the end an empty one, where the file ends with a hole.
func dataExtents(of file: FileDescriptor, _ bytes: Int64) throws(KernelError) -> [Extent] {
    var extents: [Extent] = [], place: Int64 = 0
    while place < bytes, let start = try next(file, place, seekData), start < bytes {
        // A file always ends with a hole, of no bytes.
        let end = min(bytes, try next(file, start, seekHole) ?? bytes)
        extents.append(Extent(start: start, count: end - start))
        place = end
    }
    if extents.last.map({ $0.start + $0.count }) != bytes { extents.append(Extent(start: bytes, count: 0)) }
    return extents
}

/// Makes a header that of a sparse file, and returns what is to stand before the data.
func makeSparse(_ header: inout TarHeader, _ extents: [Extent]) -> [UInt8] {
    let numbers = [Int64(extents.count)] + extents.flatMap { [$0.start, $0.count] }
    var map = numbers.flatMap { Array("\($0)\n".utf8) }
    map += [UInt8](repeating: 0, count: -map.count & 511)
    let realBytes = extents.last.map { $0.start + $0.count } ?? 0
    header.records += [
        ("GNU.sparse.major", Array("1".utf8)), ("GNU.sparse.minor", Array("0".utf8)), ("GNU.sparse.name", header.name),
        ("GNU.sparse.realsize", Array(String(realBytes).utf8))
    ]
    header.name = Array("GNUSparseFile/".utf8) + header.name.suffix(80)
    header.bytes = extents.reduce(Int64(map.count)) { $0 + $1.count }
    return map
}

/// The next data or hole from `place` on; nil where there is none.
private func next(_ file: FileDescriptor, _ place: Int64, _ what: CInt) throws(KernelError) -> Int64? {
    do throws(KernelError) {
        return try seek(file, to: place, from: what)
    } catch {
        guard error.errno == ENXIO else { throw error }
        return nil
    }
}

/// man 2 lseek: Linux's numbers, which Glibc's Swift module does not have.
private let seekData: CInt = 3, seekHole: CInt = 4
