// Signals in a program with many threads: a signal goes to any thread that doesn't block it, so it is caught by a handler, which does the one
// thing that a handler safely can: it writes the signal's number into a pipe. Whoever reads the pipe learns of the signals in order.
// Installed once. man 7 signal-safety, man 2 sigaction, pipe. Chapter 13.
import Glibc

/// The writing end; -1 until `catchSignals`. Written before the first handler is installed, only read afterwards.
nonisolated(unsafe) private var signalPipe: CInt = -1

/// Catches signals in all threads, from now on.
/// - Returns: a descriptor from which each signal's number can be read as one byte; closing it ends nothing.
public func catchSignals(_ signals: [Signal]) throws(KernelError) -> Descriptor {
    precondition(unsafe signalPipe == -1, "signals are caught once")
    let pipe = try Pipe()
    let writing = pipe.writing.release()
    try setNonBlocking(writing)
    unsafe signalPipe = writing.rawValue
    for signal in signals {
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = { number in
            let before = errno
            var byte = UInt8(truncatingIfNeeded: number)
            _ = unsafe Glibc.write(signalPipe, &byte, 1)  // a full pipe holds 64 KiB of signals nobody has read: one more is lost
            errno = before
        }
        action.sa_flags = SA_RESTART
        try call("sigaction", "\(signal)") { unsafe sigaction(signal.rawValue, &action, nil) }
    }
    return pipe.reading
}
