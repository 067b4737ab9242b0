// Waiting for a few descriptors, once, without a set to keep. Works for every kind of file: one that cannot be waited for is ready. man 2 poll.
// Chapter 13.
import Glibc

/// Waits until one of `descriptors` is ready for what is wanted of it, or has failed.
/// - Returns: what each is ready for, in the same order; all empty after a signal.
public func waitForAny(of descriptors: [(descriptor: FileDescriptor, wanted: Readiness)]) throws(KernelError) -> [Readiness] {
    var list = descriptors.map { pollfd(fd: $0.descriptor.rawValue, events: Int16(truncatingIfNeeded: $0.wanted.rawValue), revents: 0) }
    do throws(KernelError) {
        try callOnce("poll", "") { unsafe poll(&list, nfds_t(list.count), -1) }
    } catch {
        guard error.errno == EINTR else { throw error }
    }
    return list.map { Readiness(rawValue: UInt32(UInt16(bitPattern: $0.revents))) }
}
