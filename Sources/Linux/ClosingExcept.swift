// Closing everything but a few descriptors, for a process that is about to be seen by strangers: whoever may look into /proc/PID/fd could reach
// through them. man 2 close_range. Chapter 06.
import CLinux

/// Closes all descriptors but standard input, output, error and those in `kept`.
public func closeDescriptors(except kept: [FileDescriptor]) throws(KernelError) {
    var first: UInt32 = 3
    for number in Set(kept.map { UInt32($0.rawValue) }).sorted() where number >= first {
        if number > first { try call("close_range", "\(first)-\(number - 1)") { slipway_close_range(first, number - 1, 0) } }
        first = number + 1
    }
    try call("close_range", "\(first)…") { slipway_close_range(first, .max, 0) }
}
