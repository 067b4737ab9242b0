// A compiled filter: bytes that can be stored, compared, and given to the kernel in one call. Once installed it holds for the
// process and all its descendants, across execve, and can't be taken away; so installing is among the last things before it.
// man 2 seccomp · chapter 05

internal import CSeccomp
public import Linux

/// A program of classic BPF that judges kernel calls.
public struct Program: Hashable, Sendable {
    /// Instructions of eight bytes each, in this machine's byte order.
    public let bytes: [UInt8]
    /// Flags for the installation.
    public let flags: Set<Flag>

    /// A program from bytes that `Profile.compile` made, perhaps long ago.
    ///
    /// - Throws: `SeccompError.badLength` if these can't be instructions.
    public init(bytes: [UInt8], flags: Set<Flag> = []) throws(SeccompError) {
        guard bytes.count % 8 == 0, (1...4096).contains(bytes.count / 8) else { throw .badLength(bytes: bytes.count) }
        self.bytes = bytes
        self.flags = flags
    }

    /// How many instructions the kernel runs through at most.
    public var instructionCount: Int { bytes.count / 8 }

    /// Installs the program for this process, for good.
    ///
    /// - Parameter noNewPrivileges: give up gaining privileges by execve first. Without it the kernel demands CAP_SYS_ADMIN (in the
    ///   process's user namespace), so such a filter goes in before capabilities are dropped, and with it afterwards.
    /// - Throws: EACCES without either; EINVAL if the kernel finds the program faulty.
    ///
    /// SeeAlso: man 2 seccomp, SECCOMP_SET_MODE_FILTER.
    public func install(noNewPrivileges: Bool) throws(KernelError) {
        if noNewPrivileges { try setNoNewPrivileges() }
        let bits = flags.reduce(UInt32(0)) { $0 | $1.bit }
        var instructions = [sock_filter](repeating: sock_filter(), count: instructionCount)
        unsafe instructions.withUnsafeMutableBytes { unsafe $0.copyBytes(from: bytes) }
        var failure: KernelError?
        unsafe instructions.withUnsafeMutableBufferPointer { buffer in
            var program = unsafe sock_fprog(len: UInt16(buffer.count), filter: buffer.baseAddress)
            do throws(KernelError) { try unsafe installSystemCallFilter(&program, length: buffer.count, flags: bits) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}
