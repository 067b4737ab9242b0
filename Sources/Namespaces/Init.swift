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
    try holdSignals()  // before the fork, so that none is lost between the two
    guard let child = try fork() else {
        do throws(KernelError) {
            try takeForeground()
            try resetSignals()
        } catch { exitNow(125) }  // neither fails for a child that has just been made
        command()
    }
    try closeDescriptors(from: 3)
    return try supervise(child)
}

/// Holds back all signals that can be passed on, for `supervise` to read. The child must undo it (`resetSignals`).
/// - Parameter sharesTerminal: the child stays in our process group, so that it gets by itself what keys such as Ctrl-C send: we ignore those
public func holdSignals(sharesTerminal: Bool = false) throws(KernelError) {
    guard sharesTerminal else { return try block(passedOn) }
    let keys = ["INT", "QUIT", "TSTP", "TTIN", "TTOU"].compactMap { Signal(name: $0) }
    ignore(.interrupt)
    ignore(.quit)
    try block(passedOn.filter { !keys.contains($0) })
}

/// Passes signals on to a child and reaps whoever dies, until the child has ended. `holdSignals` comes before the child is made.
public func supervise(_ child: ProcessID) throws(KernelError) -> ExitStatus {
    let signals = try signalDescriptor(passedOn)
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

/// All but the two that cannot be held, those by which a program's own fault ends it, and the two that the C library keeps for itself.
private let passedOn: [Signal] = {
    let own = ["KILL", "STOP", "SEGV", "BUS", "FPE", "ILL", "TRAP", "SYS", "ABRT"].compactMap { Signal(name: $0)?.rawValue } + [32, 33]
    return (Int32(1)...63).filter { !own.contains($0) }.map { Signal(rawValue: $0) }
}()

/// Hands a signal to the command; that it has just ended is no failure.
private func pass(_ signal: Signal, to child: ProcessID) throws(KernelError) {
    do throws(KernelError) { try send(signal, to: child) } catch  where error.errno == ESRCH { return }
}

/// Reaps everybody who has died; tells how `child` ended if it was among them.
private func reap(until child: ProcessID) throws(KernelError) -> ExitStatus? {
    var end: ExitStatus?
    while let dead = try waitAny(noHang: true) {
        if dead.process == child { end = dead.status }
    }
    return end
}
