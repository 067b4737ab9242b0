// Making namespaces for ourselves, and what a new one needs before it is of use: a new network namespace has a loopback that is down.
// man 2 unshare, man 7 network_namespaces. Chapter 03.
public import Linux

/// Moves this process into new namespaces of these kinds. Of `pid` and `time`, only later children. For programs with one thread.
/// - Throws: EPERM without CAP_SYS_ADMIN, unless `user` is among them; ENOSPC at the limits in /proc/sys/user.
public func enterNew(_ kinds: [Namespace]) throws(KernelError) {
    try unshare(cloneFlags(for: kinds))
}

/// Brings `lo` up in the network namespace that we are in, with the address 127.0.0.1 that the kernel gives it.
public func bringUpLoopback() throws(KernelError) {
    try bringUp(interface: "lo")
}
