// A small init. The first process of a PID namespace is its PID 1: orphans become its children, so it must reap them or they stay zombies;
// and the kernel drops signals to it for which it has no handler, so a plain program as PID 1 ignores `docker stop`. This init starts the
// command as its child, passes every signal on, reaps all that dies, and ends with the command's status, whereupon the kernel kills what is
// left. `docker run --init` does the same with tini. man 7 pid_namespaces. Chapter 03.
import Glibc
public import Linux

/// Does PID 1's duty around a command, until the command has ended. For programs with one thread.
///
/// Descriptors from 3 up are closed here once the command has its copies: nobody should wait for an end-of-file that init holds open.
/// - Parameter command: what the child does: execve in the end, or tell its failure and exit
/// - Returns: how the command ended; the caller exits with its code.
public func runInit(_ command: () -> Never) throws(KernelError) -> ExitStatus {
    try block(heldSignals)  // before the fork, so that none is lost between the two
    guard let child = try fork() else {
        do throws(KernelError) {
            try takeForeground()
            try resetSignals()
        } catch { exitNow(125) }  // neither fails for a child that has just been made
        command()
    }
    try closeDescriptors(from: 3)
    let signals = try signalDescriptor(heldSignals)
    let poll = try Poll()
    return try signals.borrow { (descriptor) throws(KernelError) in
        try poll.add(descriptor, .readable, token: 0)
        while true {
            _ = try poll.wait()
            while let signal = try readSignal(descriptor) {
                if signal != .child { try pass(signal, to: child) } else if let end = try reap(until: child) { return end }
            }
        }
    }
}

/// All but the two that cannot be held, and those by which a program's own fault ends it.
private let heldSignals: [Signal] = {
    let own: [Signal] = [.kill, .stop] + ["SEGV", "BUS", "FPE", "ILL", "TRAP", "SYS", "ABRT"].compactMap { Signal(name: $0) }
    return (Int32(1)...64).map { Signal(rawValue: $0) }.filter { !own.contains($0) && !(32...33).contains($0.rawValue) }
}()

/// Hands a signal to the command; that it has just ended is no failure.
private func pass(_ signal: Signal, to child: ProcessID) throws(KernelError) {
    do throws(KernelError) { try send(signal, to: child) } catch where error.errno == ESRCH { return }
}

/// Reaps everybody who has died; tells how `child` ended if it was among them.
private func reap(until child: ProcessID) throws(KernelError) -> ExitStatus? {
    var end: ExitStatus?
    while let dead = try waitAny(noHang: true) {
        if dead.process == child { end = dead.status }
    }
    return end
}
