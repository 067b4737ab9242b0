// The fast way to read a gzipped layer: all of it at once. libdeflate decompresses twice as fast as zlib because it never stops in
// the middle: it wants the whole input, which is mapped, and room for the whole output, which is bounded; what does not fit is left to the
// slow way. Each member's check sum and length are verified. How long the output gets, only the file's end tells, and that is a stranger's
// word: it saves a vain attempt, no more. RFC 1952, "Member format"; chapter 07.

import CDeflate
import Linux

/// A gzipped file, decompressed in memory.
@safe final class WholeGunzip: BlockSource {
    private let file: FileDescriptor
    /// Where the file's compressed bytes are.
    private let range: Range<Int64>
    private let output: Mapping
    private let count: Int
    private var given = 0

    /// Decompresses `file`, in which a member of gzip begins, from where it stands.
    /// - Returns: nil for more bytes than fit into `memoryBytes`.
    /// - Throws: `.damaged` for gzip that is.
    init?(_ file: FileDescriptor, memoryBytes: Int) throws(ArchiveError) {
        guard let range = try? rest(of: file),  // the slow way will say what is wrong with it
            range.count >= smallestGzip, range.upperBound <= memoryBytes / 2, let input = try? Mapping(file, range)  // no room: the slow way needs none
        else { return nil }
        let made = try withExtendedLifetime(input) { () throws(ArchiveError) -> (Mapping, Int)? in
            let packed = unsafe UnsafeRawBufferPointer(input.bytes)
            guard unsafe claimedBytes(packed) <= memoryBytes, let output = try? Mapping(count: memoryBytes),  // no room, again
                let count = try unsafe inflated(packed, into: output.bytes)
            else { return nil }
            return (output, count)
        }
        guard let (output, count) = made else { return nil }
        (self.file, self.range, self.count) = (file, range, count)
        self.output = output
    }

    /// The next block. The file's offset moves along as if it were read piece by piece: that is how others see the progress.
    func block() throws(ArchiveError) -> UnsafeRawBufferPointer {
        // What was given before is written by now. Its pages can hold the files: two layers in memory at once would cost more than they gain.
        if given > 0, given.isMultiple(of: discardBytes) { output.discard(given - discardBytes..<given) }
        let size = min(blockBytes, count - given)
        let block = unsafe UnsafeRawBufferPointer(rebasing: output.bytes[given..<given + size])
        given += size
        let read = given == count ? Int64(range.count) : Int64(range.count) * Int64(given) / Int64(count)
        do throws(KernelError) { try seek(file, to: range.lowerBound + read) } catch { throw .kernel(entry: "", error) }
        return unsafe block
    }
}

/// A block is hashed and then written: it should still be in the processor's cache by then.
private let blockBytes = 256 << 10
/// A multiple of a block and of the processor's large pages.
private let discardBytes = 8 << 20
/// Ten bytes of header and eight of trailer: gzip's frame around nothing.
private let smallestGzip = 18

/// Whether a member of gzip begins where this file stands. False for pipes, from which nothing can be read in advance.
func isGzipFile(_ file: FileDescriptor) throws(ArchiveError) -> Bool {
    do throws(KernelError) {
        guard try status(file).kind == .file else { return false }
        let start = try seek(file, to: 0, from: 1), magic = try read(file, upTo: gzipMagic.count)
        try seek(file, to: start)
        return magic == gzipMagic
    } catch {
        throw .kernel(entry: "", error)
    }
}

/// What of a file is still to be read.
private func rest(of file: FileDescriptor) throws(KernelError) -> Range<Int64> {
    let start = try seek(file, to: 0, from: 1)
    return start..<max(start, try status(file).bytes)
}

/// How a member of gzip begins: two bytes of magic and the one method there is.
let gzipMagic: [UInt8] = [0x1f, 0x8b, 8]

/// Whether a member of gzip begins here.
func isGzip(_ bytes: UnsafeRawBufferPointer) -> Bool { unsafe bytes.starts(with: gzipMagic) }

/// The last member's length, as its last four bytes have it.
private func claimedBytes(_ bytes: UnsafeRawBufferPointer) -> Int {
    unsafe bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
}

/// Decompresses all members. What follows the last one is no gzip and ignored, as gzip(1) does.
/// - Returns: how many bytes they made; nil where `output` has no room for them
private func inflated(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws(ArchiveError) -> Int? {
    guard let decompressor = unsafe libdeflate_alloc_decompressor() else { return nil }
    defer { unsafe libdeflate_free_decompressor(decompressor) }
    var rest = unsafe input, count = 0
    repeat {
        var taken = 0, made = 0
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: output[count...])
        switch unsafe libdeflate_gzip_decompress_ex(decompressor, rest.baseAddress, rest.count, room.baseAddress, room.count, &taken, &made) {
        case LIBDEFLATE_SUCCESS: break
        case LIBDEFLATE_INSUFFICIENT_SPACE: return nil
        default: throw .damaged("gzip data that is damaged or cut off")
        }
        count += made
        unsafe rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
    } while unsafe isGzip(rest)
    return count
}
