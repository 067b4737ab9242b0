// The older way to make a process, for places where clone3 is hidden: inside a container, whose seccomp filter answers ENOSYS to it because
// a filter cannot look at clone3's arguments. The C library's fork asks clone(2), which the filter lets through when it makes no namespace.
// man 2 fork, setpgid, man 3 tcsetpgrp. Chapter 03 (PID 1).
import Glibc

/// Makes a process that is a copy of this one. For programs with one thread. man 2 fork.
/// - Returns: the child's number; nil in the child.
public func fork() throws(KernelError) -> ProcessID? {
    precondition(threadCount() == 1, "only a program with one thread may fork")
    fflush(nil)
    let pid = try call("fork", "") { Glibc.fork() }
    return pid == 0 ? nil : ProcessID(pid)
}

/// Makes this process the leader of a group of its own, and the terminal's foreground if standard input is one: what a key such as Ctrl-C
/// sends then reaches this group alone. SIGTTOU must be blocked, or the terminal stops us for asking. man 2 setpgid, man 3 tcsetpgrp.
public func takeForeground() throws(KernelError) {
    try call("setpgid", "0 0") { setpgid(0, 0) }
    guard isTerminal(FileDescriptor(rawValue: 0)) else { return }
    try call("tcsetpgrp", "0") { tcsetpgrp(0, getpid()) }
}
