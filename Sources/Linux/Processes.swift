// Processes: making, waiting for, and becoming one. `clone` has fork's semantics, so plain Swift goes on in the child; that holds only in a
// program with one thread, which it checks. man 2 clone3, waitid, execve, pidfd_open. Chapters 00 and 06.
import CLinux
import Glibc

/// A process by its number in our PID namespace.
public struct ProcessID: RawRepresentable, Sendable, Hashable, Codable, CustomStringConvertible {
    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
    /// The process `number`.
    public init(_ number: Int32) { rawValue = number }
    /// The number in digits.
    public var description: String { "\(rawValue)" }
}

/// How a process ended.
public enum ExitStatus: Sendable, Hashable {
    /// It returned this status, 0–255.
    case exited(Int32)
    /// This signal ended it.
    case signaled(Int32)

    /// The number that shells and Docker show: the status, or 128 + the signal.
    public var code: Int32 {
        switch self {
        case .exited(let status): status
        case .signaled(let signal): 128 + signal
        }
    }
}

/// What `clone` returns: once in each process.
public enum Cloned: ~Copyable {
    /// We are the new process.
    case child
    /// We are the old one; `descriptor` is a pidfd of the new.
    case parent(ProcessID, descriptor: Descriptor)
}

/// Makes a process. For programs with one thread: the child is a copy of that thread alone. man 2 clone3.
/// - Parameters:
///   - namespaces: made for the child
///   - cgroup: an open directory of cgroup v2 into which the child is born (`CLONE_INTO_CGROUP`)
///   - sibling: the child's parent is our parent (`CLONE_PARENT`), so that it is reaped there
public func clone(_ namespaces: NamespaceFlags = [], into cgroup: FileDescriptor? = nil, sibling: Bool = false) throws(KernelError) -> Cloned {
    precondition(threadCount() == 1, "only a program with one thread may clone")
    fflush(nil)
    var flags = namespaces.rawValue | 0x1000  // CLONE_PIDFD
    if cgroup != nil { flags |= 0x2_0000_0000 }
    if sibling { flags |= 0x8000 }
    var descriptor: Int32 = -1
    let pid = try call("clone3", namespaces.words + (cgroup == nil ? "" : "|INTO_CGROUP") + (sibling ? "|PARENT" : "")) {
        unsafe slipway_clone3(flags, sibling ? 0 : UInt64(SIGCHLD), cgroup?.rawValue ?? -1, &descriptor)
    }
    return pid == 0 ? .child : .parent(ProcessID(Int32(pid)), descriptor: Descriptor(descriptor))
}

/// The threads of this process, from /proc/self/stat's field; 1 where /proc is not there to ask.
public func threadCount() -> Int {
    var buffer = [UInt8](repeating: 0, count: 1024)
    let file = unsafe Glibc.open("/proc/self/stat", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return 1 }
    let count = unsafe Glibc.read(file, &buffer, buffer.count)
    _ = Glibc.close(file)
    // After the command in parentheses, num_threads is the 18th field. man 5 proc.
    let text = buffer.prefix(max(0, count))
    guard let end = text.lastIndex(of: UInt8(ascii: ")")) else { return 1 }
    let fields = text[(end + 1)...].split(separator: UInt8(ascii: " "))
    return fields.count > 17 ? Int(String(decoding: fields[17], as: UTF8.self)) ?? 1 : 1
}

/// This process's number. man 2 getpid.
public func currentProcess() -> ProcessID { ProcessID(getpid()) }

/// A descriptor of a process, which never means another one. man 2 pidfd_open.
public func openProcess(_ process: ProcessID) throws(KernelError) -> Descriptor {
    Descriptor(try call("pidfd_open", "\(process)") { slipway_pidfd_open(process.rawValue, 0) })
}

/// Waits for a child. man 2 waitid.
/// - Returns: nil where `noHang` and it still runs.
public func wait(_ process: ProcessID, noHang: Bool = false) throws(KernelError) -> ExitStatus? {
    try wait(kind: CInt(P_PID.rawValue), process.rawValue, noHang: noHang)?.status
}

/// Waits for a child by its pidfd. man 2 waitid, `P_PIDFD`.
public func wait(_ descriptor: FileDescriptor, noHang: Bool = false) throws(KernelError) -> ExitStatus? {
    try wait(kind: 3, descriptor.rawValue, noHang: noHang)?.status
}

/// Reaps any child. man 2 waitid.
/// - Returns: nil where no child has ended (with `noHang`), or none is left.
public func waitAny(noHang: Bool = false) throws(KernelError) -> (process: ProcessID, status: ExitStatus)? {
    do throws(KernelError) {
        return try wait(kind: CInt(P_ALL.rawValue), 0, noHang: noHang)
    } catch {
        guard error.errno == ECHILD else { throw error }
        return nil
    }
}

private func wait(kind: CInt, _ id: Int32, noHang: Bool) throws(KernelError) -> (process: ProcessID, status: ExitStatus)? {
    var (pid, code, status): (Int32, Int32, Int32) = (0, 0, 0)
    try call("waitid", "\(id)") { unsafe slipway_waitid(kind, id, WEXITED | (noHang ? WNOHANG : 0), &pid, &code, &status) }
    guard pid != 0 else { return nil }
    return (ProcessID(pid), code == CInt(CLD_EXITED) ? .exited(status) : .signaled(status))
}

/// Becomes another program; returns only by throwing. man 2 execve.
public func execute(_ path: FilePath, _ arguments: [String], _ environment: [String]) throws(KernelError) {
    unsafe try withCStrings(arguments) { argv throws(KernelError) in
        unsafe try withCStrings(environment) { envp throws(KernelError) in
            _ = try call("execve", "\(path)") { unsafe path.cString { unsafe Glibc.execve($0, argv, envp) } }
        }
    }
}

/// Lends an array of texts as a null-terminated array of C strings.
func withCStrings<Failure: Error>(
    _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) throws(Failure) -> Void
) throws(Failure) {
    let array = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: texts.count + 1)
    for (index, text) in texts.enumerated() { unsafe array[index] = strdup(text) }
    unsafe array[texts.count] = nil
    defer {
        for index in texts.indices { unsafe free(array[index]) }
        unsafe array.deallocate()
    }
    try unsafe body(array)
}

/// Ends this process at once, running nothing of ours on the way. man 2 _exit.
public func exitNow(_ status: Int32) -> Never { _exit(status) }
