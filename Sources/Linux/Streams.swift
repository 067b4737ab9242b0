// Reading and writing as much as goes at present, for event loops: the descriptors are non-blocking, and what would wait is a value and
// no error. man 2 read, write. Chapter 11.
import Glibc

/// What a read without waiting has brought.
public enum ReadOutcome: Sendable, Equatable {
    /// So many bytes lie at the beginning of the buffer.
    case bytes(Int)
    /// Nothing at present.
    case later
    /// No more will come. A terminal's master says EIO when nobody has its other end any more.
    case end
}

/// Reads once into `buffer`, which keeps its size; the descriptor is non-blocking.
public func readSome(_ descriptor: FileDescriptor, into buffer: inout [UInt8]) throws(KernelError) -> ReadOutcome {
    var count = 0
    do throws(KernelError) {
        var failure: KernelError?
        unsafe buffer.withUnsafeMutableBytes { room in
            do throws(KernelError) { count = try unsafe read(descriptor, into: room) } catch { failure = error }
        }
        if let failure { throw failure }
    } catch {
        if error.errno == EAGAIN { return .later }
        guard error.errno == EIO || error.errno == ECONNRESET else { throw error }
        return .end
    }
    return count == 0 ? .end : .bytes(count)
}

/// Writes once; returns how many bytes the kernel took, 0 where it would have to wait.
public func writeSome(_ descriptor: FileDescriptor, _ bytes: ArraySlice<UInt8>) throws(KernelError) -> Int {
    var count = 0
    var failure: KernelError?
    unsafe bytes.withUnsafeBytes { rest in
        do throws(KernelError) { count = try unsafe writeOnce(descriptor, rest) } catch { failure = error }
    }
    if let failure, failure.errno != EAGAIN { throw failure }
    return count
}

extension Pipe {
    /// Keeps the end to read from, and closes the other.
    public consuming func takeReading() -> Descriptor { reading }

    /// Keeps the end to write to, and closes the other.
    public consuming func takeWriting() -> Descriptor { writing }
}
