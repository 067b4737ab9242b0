// Writing what the kernel takes now, from an array: for loops that keep the rest themselves. man 2 write. Chapter 13.

/// Writes once, from `offset` on; returns how many bytes the kernel took.
/// - Throws: EAGAIN where a non-blocking descriptor takes none now
public func writeSome(_ descriptor: FileDescriptor, _ bytes: [UInt8], from offset: Int = 0) throws(KernelError) -> Int {
    var failure: KernelError?, taken = 0
    unsafe bytes.withUnsafeBytes { buffer in
        do throws(KernelError) { taken = try unsafe writeOnce(descriptor, UnsafeRawBufferPointer(rebasing: buffer[offset...])) } catch { failure = error }
    }
    if let failure { throw failure }
    return taken
}
