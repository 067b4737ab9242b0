// seccomp(2): the call by which a process narrows the calls that it may make, for good. What the filter says is module Seccomp's
// matter; this is the call alone. man 2 seccomp. Chapter 05.
import CLinux

/// Installs a filter for this thread (or, by a flag, all threads), for good.
/// - Parameters:
///   - program: a `struct sock_fprog`, read during the call
///   - length: how many instructions it has, for messages
///   - flags: the `SECCOMP_FILTER_FLAG_` bits
/// - Throws: EACCES without CAP_SYS_ADMIN and no_new_privs; EINVAL if the kernel finds the program faulty; ESRCH if another thread can't follow
public func installSystemCallFilter(_ program: UnsafeRawPointer, length: Int, flags: UInt32) throws(KernelError) {
    let blocking = try call("seccomp", "SET_MODE_FILTER \(length) instructions") { unsafe slipway_seccomp(1, flags, program) }
    guard blocking == 0 else { throw KernelError(call: "seccomp", subject: "thread \(blocking)", errno: 3) }
}
