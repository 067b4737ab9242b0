// What slipway-tree gives up before it reads the first byte of a stranger's archive. Each wall stands alone: should libarchive have a hole, the
// process that falls through it finds
//
//   - no other file: its root is the directory that it fills, in a mount namespace of its own (chapters 02 and 03), nodev nosuid noexec
//   - no way back: mount, ptrace, bpf, clone, execve, sockets and their like end the process (chapter 05)
//   - no privileges but those that restoring owners, modes, nodes and attributes needs
//   - no more memory, file size and descriptors than a layer calls for
//
// The order is forced: mounting needs CAP_SYS_ADMIN and mount(2), so those go last; no_new_privs lets the filter be installed at any time.
// Landlock would add nothing while the root is all there is to see, and its calls are not in our Linux module yet.

import Linux
import Mounts
import Seccomp
import Trees

/// What the confined process may still do with its root.
enum Access {
    /// Look at everything, change nothing.
    case reading
    /// Make and change files, none larger than all of them may be.
    case writing(UnpackLimits)
}

/// Confines this process to `directory`, which becomes its root and working directory. There is no way back. One-threaded programs only.
/// - Parameter prepare: mounts what the task needs below `directory`, before it is the root; other processes see nothing of it
func confine(to directory: FilePath, _ access: Access, prepare: () throws(KernelError) -> Void = {}) throws(TreesError) {
    try confine(access) { () throws(KernelError) in
        try prepare()
        try pivot(to: directory)
    }
}

/// The same, where the new root is not made from a directory.
/// - Parameter enter: makes it this process's root; other processes see nothing of the mounts that it changes
func confine(_ access: Access, enter: () throws(KernelError) -> Void) throws(TreesError) {
    let filter: Program
    do throws(SeccompError) { filter = try forbiddenCalls.compile() } catch { throw .died("\(error)") }
    try kernel { () throws(KernelError) in
        try unshare([.mount, .network, .ipc, .uts])
        try setPropagation("/", .slave)
        try enter()
        try setMountAttributes("/", set: access.mountAttributes, recursive: true)
        try limitResources(access.limits)
        let capabilities = access.capabilities
        try setCapabilities(CapabilityWords(effective: capabilities, permitted: capabilities, inheritable: 0))
        try filter.install(noNewPrivileges: true)
    }
}

/// Gives up what can be given up without being root: all calls that lead out of a sandbox, and privileges by way of programs. For tasks on files
/// of whoever asks, which need no more rights than that user has.
func forbidCalls() throws(TreesError) {
    let filter: Program
    do throws(SeccompError) { filter = try forbiddenCalls.compile() } catch { throw .died("\(error)") }
    try kernel { () throws(KernelError) in try filter.install(noNewPrivileges: true) }
}

extension Access {
    /// Whether anything may be changed.
    var writes: Bool { if case .writing = self { true } else { false } }

    fileprivate var mountAttributes: MountAttributes {
        switch self {
        case .reading: [.readOnly, .noDevices, .noSetUserID, .noExecute]
        case .writing: [.noDevices, .noSetUserID, .noExecute]
        }
    }

    /// man 7 capabilities, by number: CHOWN 0, DAC_OVERRIDE 1, DAC_READ_SEARCH 2, FOWNER 3, FSETID 4; SYS_ADMIN 21 for `trusted.overlay.opaque`;
    /// MKNOD 27; SETFCAP 31.
    fileprivate var capabilities: UInt64 {
        switch self {
        case .reading: words([2, 21])
        case .writing: words([0, 1, 3, 4, 21, 27, 31])
        }
    }

    private func words(_ numbers: [UInt64]) -> UInt64 { numbers.reduce(0) { $0 | 1 << $1 } }

    fileprivate var limits: UnpackLimits {
        switch self {
        case .reading: .standard
        case .writing(let limits): limits
        }
    }
}

/// Calls that no task makes and that lead out of a sandbox. Whoever makes one is not our code any more: the process ends.
private let forbiddenCalls = Profile(
    defaultAction: .allow,
    rules: [
        Rule(["mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr"], .killProcess),
        Rule(["unshare", "setns", "clone", "clone3", "fork", "vfork", "execve", "execveat"], .killProcess),
        Rule(["ptrace", "process_vm_readv", "process_vm_writev", "pidfd_open", "pidfd_getfd", "kcmp", "process_madvise"], .killProcess),
        Rule(["bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "keyctl", "add_key", "request_key"], .killProcess),
        Rule(["init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot"], .killProcess),
        Rule(["swapon", "swapoff", "acct", "quotactl"], .killProcess),
        Rule(["name_to_handle_at", "open_by_handle_at", "iopl", "ioperm", "settimeofday", "clock_settime", "sethostname", "setdomainname"], .killProcess),
        Rule(["socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "sendmsg", "recvmsg"], .killProcess)
    ], skipsUnknownNames: true)

/// What a task may use. An hour of work is more than any honest layer takes.
private func limitResources(_ limits: UnpackLimits) throws(KernelError) {
    let memory = UInt64(max(0, limits.memoryBytes)), file = UInt64(max(0, limits.bytes))
    try setResourceLimit(addressSpace, soft: memory, hard: memory)
    try setResourceLimit(fileSize, soft: file, hard: file)
    try setResourceLimit(processorSeconds, soft: 3600, hard: 3600)
    try setResourceLimit(openFiles, soft: 256, hard: 256)
    try setResourceLimit(coreSize, soft: 0, hard: 0)
}

/// man 2 setrlimit: Linux's numbers, the same on x86-64 and arm64.
private let processorSeconds: CInt = 0, fileSize: CInt = 1, coreSize: CInt = 4, openFiles: CInt = 7, addressSpace: CInt = 9
