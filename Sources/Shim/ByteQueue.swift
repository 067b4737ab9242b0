// Bytes that wait for somebody to take them: what an attached client has not read yet, what the container has not read yet. Its owner
// asks `isFull` before it takes in more, which is what makes the back-pressure: a full queue stops the reading at the other end.
// Chapter 11.
import Linux

/// A queue of bytes with an intended bound.
struct ByteQueue {
    private var bytes: [UInt8] = []
    private var start = 0
    /// Where `isFull` begins, in bytes. One more append may exceed it.
    var bound: Int

    init(bound: Int) { self.bound = bound }

    var count: Int { bytes.count - start }
    var isEmpty: Bool { count == 0 }
    var isFull: Bool { count >= bound }

    mutating func append(_ new: ArraySlice<UInt8>) { bytes += new }

    mutating func removeAll() {
        bytes = []
        start = 0
    }

    /// Writes what `descriptor` takes without waiting.
    mutating func write(to descriptor: FileDescriptor) throws(KernelError) {
        while !isEmpty {
            let taken = try writeSome(descriptor, bytes[start..<min(bytes.count, start + 262_144)])
            if taken == 0 { break }
            start += taken
        }
        if isEmpty {
            bytes.removeAll(keepingCapacity: bytes.capacity <= 65_536)
            start = 0
        } else if start > 65_536, start > bytes.count / 2 {
            bytes.removeFirst(start)
            start = 0
        }
    }
}
