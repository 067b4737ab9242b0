// Writing past the choke-point, for witnesses: a witness that wrote through `call` would see itself write. It never waits and never raises
// SIGPIPE: whoever watches a container being made must be able to go away, or to read slowly, without stopping it. man 2 send. Chapter 06.
import Glibc

/// Writes bytes, in one go and without waiting where `descriptor` is a socket; on a pipe, file or terminal it may wait.
/// - Returns: whether all of them were taken.
public func writeUnseen(_ descriptor: FileDescriptor, _ bytes: [UInt8]) -> Bool {
    var count = unsafe Glibc.send(descriptor.rawValue, bytes, bytes.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
    if count < 0, Glibc.errno == ENOTSOCK { count = unsafe Glibc.write(descriptor.rawValue, bytes, bytes.count) }
    return count == bytes.count
}
