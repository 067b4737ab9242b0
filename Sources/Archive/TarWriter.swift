// Writes a tar: for each entry a header of 512 bytes, then the contents, filled up to a multiple of 512; at the end two blocks of zeros.
//
//      name 0 (100) · mode 100 (8) · user 108 (8) · group 116 (8) · size 124 (12) · time 136 (12) · sum 148 (8) · type 156 (1)
//      link 157 (100) · "ustar\0" "00" 257 (8) · major 329 (8) · minor 337 (8)              offset (length), numbers in octal digits
//
// What does not fit there (long names, large numbers, nanoseconds, attributes) stands before the entry in one of type `x`, whose contents are
// records `LENGTH KEY=VALUE\n`. Every byte is hashed on its way out. man 5 tar ("ustar", "pax"), POSIX pax; chapter 07.

import Digests
import Glibc
import Linux

/// One entry's header.
struct TarHeader {
    /// ustar's type: `0` file, `1` hard link, `2` symbolic link, `3` and `4` devices, `5` directory, `6` fifo.
    var type: Character
    /// Relative, a directory's with a slash at its end.
    var name: [UInt8]
    var link: [UInt8] = []
    var mode: UInt32 = 0, user: UInt32 = 0, group: UInt32 = 0
    var bytes: Int64 = 0
    var seconds: Int64 = 0, nanoseconds: Int64 = 0
    var device: (major: UInt32, minor: UInt32) = (0, 0)
    /// Further pax records, in their order.
    var records: [(key: String, value: [UInt8])] = []
}

/// Writes entries to an open file.
@safe final class TarWriter {
    private let output: FileDescriptor
    private var digester = Digester()
    private var buffer: [UInt8] = []
    private let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: blockBytes, alignment: 16)
    private(set) var bytes: Int64 = 0
    private(set) var entries = 0

    init(_ output: FileDescriptor) {
        self.output = output
        buffer.reserveCapacity(2 * blockBytes)
    }

    deinit { unsafe piece.deallocate() }

    /// Writes an entry's header. Its contents, of as many bytes as it says, are to follow.
    func write(_ header: TarHeader) throws(KernelError) {
        let records = paxRecords(header)
        if !records.isEmpty {
            let name = Array("PaxHeaders/".utf8) + header.name.suffix(80)
            try put(block(TarHeader(type: "x", name: name, mode: 0o644, bytes: Int64(records.count))))
            try put(records)
            try fillUp(records.count)
        }
        try put(block(header))
        entries += 1
    }

    /// Writes an entry's contents from where a file stands. A file that has become shorter meanwhile is filled up with zeros, for the header
    /// has said how long it is.
    /// - Returns: how many bytes were missing
    func copy(_ file: FileDescriptor, count: Int64) throws(KernelError) -> Int64 {
        var left = count
        while left > 0 {
            let taken = try unsafe read(file, into: UnsafeMutableRawBufferPointer(rebasing: piece.prefix(Int(min(left, Int64(piece.count))))))
            if taken == 0 { break }
            unsafe buffer.append(contentsOf: piece[..<taken])
            left -= Int64(taken)
            try flush(above: blockBytes)
        }
        let missing = left
        while left > 0 {
            let zeros = Int(min(left, Int64(blockBytes)))
            try put([UInt8](repeating: 0, count: zeros))
            left -= Int64(zeros)
        }
        return missing
    }

    func put(_ bytes: [UInt8]) throws(KernelError) {
        buffer += bytes
        try flush(above: blockBytes)
    }

    /// Zeros up to a multiple of 512.
    func fillUp(_ count: Int) throws(KernelError) { try put([UInt8](repeating: 0, count: -count & 511)) }

    /// Writes the end, and gives the digest of all.
    func finish() throws(KernelError) -> Digest {
        try put([UInt8](repeating: 0, count: 1024))
        try flush(above: 0)
        return digester.finish()
    }

    private func flush(above least: Int) throws(KernelError) {
        guard buffer.count > least else { return }
        digester.update(buffer)
        try Linux.write(output, buffer)
        bytes += Int64(buffer.count)
        buffer.removeAll(keepingCapacity: true)
    }
}

private let blockBytes = 256 << 10

/// The header's 512 bytes. What does not fit is cut or zero here, and stands in the records.
private func block(_ header: TarHeader) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ bytes: some Collection<UInt8>, at offset: Int) { block.replaceSubrange(offset..<offset + bytes.count, with: bytes) }
    put(header.name.prefix(100), at: 0)
    put(octal(Int64(header.mode), 8), at: 100)
    put(octal(Int64(header.user), 8), at: 108)
    put(octal(Int64(header.group), 8), at: 116)
    put(octal(header.bytes, 12), at: 124)
    put(octal(header.seconds, 12), at: 136)
    put(Array("        ".utf8) + Array(String(header.type).utf8), at: 148)
    put(header.link.prefix(100), at: 157)
    put(Array("ustar\u{0}00".utf8), at: 257)
    put(octal(Int64(header.device.major), 8), at: 329)
    put(octal(Int64(header.device.minor), 8), at: 337)
    // The sum counts its own field as spaces, which it has been until now.
    put(octal(block.reduce(0) { $0 + Int64($1) }, 7) + [UInt8(ascii: " ")], at: 148)
    return block
}

/// A number in `width - 1` octal digits and a NUL; zero where it does not fit.
private func octal(_ value: Int64, _ width: Int) -> [UInt8] {
    let digits = fits(value, width) ? String(value, radix: 8) : "0"
    return Array((String(repeating: "0", count: width - 1 - digits.utf8.count) + digits).utf8) + [0]
}

private func fits(_ value: Int64, _ width: Int) -> Bool { value >= 0 && value < 1 << (3 * (width - 1)) }

/// Whether a name stands in the header itself: in a hundred bytes of ASCII.
private func fits(_ name: [UInt8]) -> Bool { name.count <= 100 && name.allSatisfy { $0 < 0x80 } }

private func paxRecords(_ header: TarHeader) -> [UInt8] {
    var records: [UInt8] = []
    func add(_ key: String, _ value: [UInt8]) { records += record(key, value) }
    func add(_ key: String, _ value: Int64) { add(key, Array(String(value).utf8)) }
    let names = [("path", header.name), ("linkpath", header.link)].filter { !fits($0.1) }
    // Such names are to be UTF-8, unless it says otherwise.
    if names.contains(where: { String(validating: $0.1, as: UTF8.self) == nil }) { add("hdrcharset", Array("BINARY".utf8)) }
    for (key, name) in names { add(key, name) }
    if !fits(header.bytes, 12) { add("size", header.bytes) }
    if !fits(Int64(header.user), 8) { add("uid", Int64(header.user)) }
    if !fits(Int64(header.group), 8) { add("gid", Int64(header.group)) }
    if header.nanoseconds != 0 || !fits(header.seconds, 12) { add("mtime", Array(decimal(header.seconds, header.nanoseconds).utf8)) }
    for (key, value) in header.records { add(key, value) }
    return records
}

/// `LENGTH KEY=VALUE\n`, the length counting its own digits.
private func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
    let rest = Array(" \(key)=".utf8) + value + [UInt8(ascii: "\n")]
    var length = rest.count + 1
    while rest.count + String(length).utf8.count > length { length += 1 }
    return Array(String(length).utf8) + rest
}

/// Seconds as a decimal fraction. The kernel counts nanoseconds upwards also before 1970: -2 and a half is -1.5.
private func decimal(_ seconds: Int64, _ nanoseconds: Int64) -> String {
    let isBefore = seconds < 0 && nanoseconds > 0
    let whole = isBefore ? seconds + 1 : seconds, fraction = isBefore ? 1_000_000_000 - nanoseconds : nanoseconds
    let digits = String(fraction), sign = isBefore && whole == 0 ? "-" : ""
    return fraction == 0 ? "\(whole)" : "\(sign)\(whole).\(String(repeating: "0", count: 9 - digits.utf8.count))\(digits)"
}
