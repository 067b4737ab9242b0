// Gzip in pieces, by zlib: for layers that are too long to be decompressed at once. libarchive could do it as well, but it ignores the check
// sums and takes a second member that is cut off for the end. zlib.h, "inflateInit2"; RFC 1952; chapter 07.

import CDeflate
import Linux

/// A gzipped file, decompressed piece by piece.
@safe final class StreamedGunzip: BlockSource {
    private let file: FileDescriptor
    /// zlib remembers where this lies, so it must not move.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceBytes, alignment: 16)
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceBytes, alignment: 16)
    private var isAtEnd = false

    /// Reads `file`, in which a member of gzip begins, from where it stands.
    init(_ file: FileDescriptor) throws(ArchiveError) {
        self.file = file
        unsafe stream.initialize(to: z_stream())
        // 15 is the largest window; 16 more mean gzip's frame, whose sum and length are checked.
        guard unsafe inflateInit2_(stream, 15 + 16, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size)) == Z_OK else { throw .damaged("out of memory") }
    }

    deinit {
        unsafe _ = inflateEnd(stream)
        unsafe stream.deallocate()
        unsafe input.deallocate()
        unsafe output.deallocate()
    }

    func block() throws(ArchiveError) -> UnsafeRawBufferPointer {
        unsafe stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe stream.pointee.avail_out = UInt32(output.count)
        while !isAtEnd, unsafe stream.pointee.avail_out > 0 {
            guard try available(1) else { throw .damaged("gzip data that is cut off") }
            switch unsafe inflate(stream, Z_NO_FLUSH) {
            case Z_OK, Z_BUF_ERROR: break
            case Z_STREAM_END: try beginMember()
            default: throw .damaged("gzip data that is damaged")
            }
        }
        return unsafe UnsafeRawBufferPointer(rebasing: output.prefix(output.count - Int(stream.pointee.avail_out)))
    }

    /// Behind a member: another, or the end. What is no gzip there is ignored, as gzip(1) does.
    private func beginMember() throws(ArchiveError) {
        isAtEnd = try unsafe !available(gzipMagic.count) || !isGzip(UnsafeRawBufferPointer(start: stream.pointee.next_in, count: gzipMagic.count))
        if !isAtEnd { unsafe _ = inflateReset(stream) }
    }

    /// Whether there are `least` bytes to decompress, after reading what that needs.
    private func available(_ least: Int) throws(ArchiveError) -> Bool {
        var count = unsafe Int(stream.pointee.avail_in)
        guard count < least else { return true }
        if let rest = unsafe stream.pointee.next_in { unsafe input.copyMemory(from: UnsafeRawBufferPointer(start: rest, count: count)) }
        do throws(KernelError) {
            while count < least {
                let taken = try unsafe read(file, into: UnsafeMutableRawBufferPointer(rebasing: input[count...]))
                if taken == 0 { break }
                count += taken
            }
        } catch {
            throw .kernel(entry: "", error)
        }
        unsafe stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe stream.pointee.avail_in = UInt32(count)
        return count >= least
    }
}

private let pieceBytes = 256 << 10
