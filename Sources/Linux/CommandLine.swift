// What ps shows of a process that goes on in a copy of another: the kernel reads /proc/PID/cmdline from the memory where the arguments lie, so
// writing there changes it. man 5 proc (/proc/PID/cmdline). Chapter 03 (PID 1).
import Glibc

/// Replaces this process's command line as others see it; what does not fit into the old one is cut off.
public func setCommandLine(_ text: String) {
    guard let first = unsafe CommandLine.unsafeArgv[0], let last = unsafe CommandLine.unsafeArgv[Int(CommandLine.argc) - 1] else { return }
    let count = unsafe last + strlen(last) - first
    unsafe memset(first, 0, count)
    for (index, byte) in text.utf8.prefix(count).enumerated() { unsafe first[index] = CChar(bitPattern: byte) }
}
