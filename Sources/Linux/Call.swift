// The choke-point: every kernel call of Slipway's kernel modules passes through `call`, which repeats after EINTR, turns -1 into a
// typed error that says what was asked for and on what, and shows the call to a witness if one is installed. That one place is what
// `--explain` prints from and what a fault sweep makes fail. man 2 intro, man 3 errno. Chapter 00.
import Glibc

/// A kernel call that failed: what we asked for, on what, and the kernel's reason.
public struct KernelError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The call's name in section 2 of the manual.
    public let call: String
    /// What it was applied to: a path, a descriptor, a process.
    public let subject: String
    /// The reason, as in man 3 errno.
    public let errno: CInt

    /// Makes the error of a call that failed with `errno`.
    public init(call: String, subject: String, errno: CInt) {
        (self.call, self.subject, self.errno) = (call, subject, errno)
    }

    /// The kernel's reason in words, such as `No such file or directory`.
    public var reason: String { unsafe String(cString: strerror(errno)) }

    /// `call subject: reason`
    public var description: String { subject.isEmpty ? "\(call): \(reason)" : "\(call) \(subject): \(reason)" }
}

/// Sees every call. Installed once, before any thread, in one-threaded programs only.
public protocol Witness {
    /// Before the call. An errno returned here is pretended instead of asking the kernel (fault sweeps); nil lets the call happen.
    mutating func willCall(_ call: StaticString) -> CInt?
    /// After the call: its result and errno (0 where it succeeded).
    mutating func didCall(_ call: StaticString, _ subject: String, result: Int, errno: CInt)
}

nonisolated(unsafe) private var witness: (any Witness)?

/// Installs the process's witness, or takes it away with nil. For programs with one thread only.
public func setWitness(_ new: (any Witness)?) {
    precondition(new == nil || threadCount() == 1, "a witness is for programs with one thread")
    unsafe witness = new
}

/// Makes one kernel call, again for as long as a signal interrupts it.
/// - Parameters:
///   - name: the call's name in the manual
///   - subject: what it acts on; only built when it is needed
///   - body: the call; a negative result means that errno holds the reason
/// - Returns: the call's result, never negative.
@discardableResult
public func call<Result: FixedWidthInteger & SignedInteger>(
    _ name: StaticString, _ subject: @autoclosure () -> String, _ body: () -> Result
) throws(KernelError) -> Result {
    try attempt(name, subject(), again: true, body)
}

/// Like `call`, for the few calls that must not be repeated: those whose EINTR means something.
@discardableResult
public func callOnce<Result: FixedWidthInteger & SignedInteger>(
    _ name: StaticString, _ subject: @autoclosure () -> String, _ body: () -> Result
) throws(KernelError) -> Result {
    try attempt(name, subject(), again: false, body)
}

private func attempt<Result: FixedWidthInteger & SignedInteger>(
    _ name: StaticString, _ subject: @autoclosure () -> String, again: Bool, _ body: () -> Result
) throws(KernelError) -> Result {
    var result: Result = -1
    var code = unsafe witness?.willCall(name) ?? 0
    if code == 0 {
        repeat { result = body() } while result < 0 && again && Glibc.errno == EINTR
        code = result < 0 ? Glibc.errno : 0
    }
    if unsafe witness != nil { unsafe witness?.didCall(name, subject(), result: Int(result), errno: code) }
    guard code == 0 else { throw KernelError(call: "\(name)", subject: subject(), errno: code) }
    return result
}
