// Memory that the kernel maps into the process: a file, which costs no copy, or fresh pages, which cost nothing until they are touched.
// man 2 mmap, madvise. Chapter 07.

import Glibc
import Linux

/// Owns mapped memory and gives it back at the end of its life.
@safe final class Mapping {
    /// All of it.
    private let memory: UnsafeMutableRawBufferPointer
    private let start: Int

    /// The part that was asked for.
    var bytes: UnsafeMutableRawBufferPointer { unsafe UnsafeMutableRawBufferPointer(rebasing: memory[start...]) }

    /// A file's bytes, to be read only. The file must not become shorter meanwhile.
    init(_ file: FileDescriptor, _ range: Range<Int64>) throws(KernelError) {
        start = Int(range.lowerBound)
        unsafe memory = try map(Int(range.upperBound), PROT_READ, MAP_PRIVATE, file)
    }

    /// Zeros, in large pages where the kernel has them: a fraction of the page faults.
    init(count: Int) throws(KernelError) {
        start = 0
        unsafe memory = try map(count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, FileDescriptor(rawValue: -1))
        // Advice: nothing is lost where the kernel refuses.
        unsafe _ = madvise(memory.baseAddress, memory.count, MADV_HUGEPAGE)
    }

    /// Gives a part's pages back, of which nobody needs the contents any more. It begins and ends where a large page does.
    func discard(_ part: Range<Int>) {
        let pages = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[part])
        unsafe _ = madvise(pages.baseAddress, pages.count, MADV_DONTNEED)
    }

    deinit { unsafe _ = munmap(memory.baseAddress, memory.count) }
}

private func map(_ count: Int, _ protection: CInt, _ flags: CInt, _ file: FileDescriptor) throws(KernelError) -> UnsafeMutableRawBufferPointer {
    let address = try call("mmap", "\(count) bytes") {
        let place = unsafe mmap(nil, count, protection, flags, file.rawValue, 0)
        return unsafe place == MAP_FAILED ? -1 : Int(bitPattern: place)
    }
    return unsafe UnsafeMutableRawBufferPointer(start: UnsafeMutableRawPointer(bitPattern: address), count: count)
}
