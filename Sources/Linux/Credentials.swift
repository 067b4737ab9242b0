// Who a process is and what it may: users, groups, capabilities, limits, and the attributes that prctl sets. The raw calls change one thread;
// the programs that use them have one. man 7 credentials, capabilities, man 2 prctl, setrlimit. Chapter 05.
import CLinux
import Glibc

/// The three capability sets that capget and capset know, as bits by capability number. man 2 capget.
public struct CapabilityWords: Sendable, Equatable {
    public var effective: UInt64, permitted: UInt64, inheritable: UInt64
    /// Three sets of bits.
    public init(effective: UInt64, permitted: UInt64, inheritable: UInt64) {
        (self.effective, self.permitted, self.inheritable) = (effective, permitted, inheritable)
    }
}

/// The capabilities of a process (0: this thread). man 2 capget.
public func capabilities(of process: ProcessID = ProcessID(0)) throws(KernelError) -> CapabilityWords {
    var words = CapabilityWords(effective: 0, permitted: 0, inheritable: 0)
    try call("capget", "\(process)") { unsafe slipway_capget(process.rawValue, &words.effective, &words.permitted, &words.inheritable) }
    return words
}

/// Sets this thread's capabilities. man 2 capset.
public func setCapabilities(_ words: CapabilityWords) throws(KernelError) {
    try call("capset", "effective \(String(words.effective, radix: 16))") { slipway_capset(words.effective, words.permitted, words.inheritable) }
}

@discardableResult
private func control(_ option: CInt, _ name: String, _ a: UInt64 = 0, _ b: UInt64 = 0) throws(KernelError) -> CInt {
    try call("prctl", name) { slipway_prctl(option, a, b, 0, 0) }
}

/// From now on execve grants nothing: no setuid, no file capabilities. man 2 prctl, `PR_SET_NO_NEW_PRIVS`.
public func setNoNewPrivileges() throws(KernelError) { try control(38, "PR_SET_NO_NEW_PRIVS", 1) }

/// The signal this process gets when its parent dies. man 2 prctl, `PR_SET_PDEATHSIG`.
public func setParentDeathSignal(_ signal: Signal) throws(KernelError) { try control(1, "PR_SET_PDEATHSIG \(signal)", UInt64(signal.rawValue)) }

/// Orphans below this process become its children. man 2 prctl, `PR_SET_CHILD_SUBREAPER`.
public func setSubreaper() throws(KernelError) { try control(36, "PR_SET_CHILD_SUBREAPER", 1) }

/// Whether others of the same user may look into this process. man 2 prctl, `PR_SET_DUMPABLE`.
public func setDumpable(_ on: Bool) throws(KernelError) { try control(4, "PR_SET_DUMPABLE", on ? 1 : 0) }

/// Keeps the permitted capabilities over a change from user 0 to another. man 2 prctl, `PR_SET_KEEPCAPS`.
public func setKeepCapabilities(_ on: Bool) throws(KernelError) { try control(8, "PR_SET_KEEPCAPS", on ? 1 : 0) }

/// Takes a capability out of the bounding set for good. man 2 prctl, `PR_CAPBSET_DROP`.
public func dropBoundingCapability(_ number: Int) throws(KernelError) { try control(24, "PR_CAPBSET_DROP \(number)", UInt64(number)) }

/// Whether the bounding set holds a capability; throws EINVAL for one that the kernel does not know. man 2 prctl, `PR_CAPBSET_READ`.
public func hasBoundingCapability(_ number: Int) throws(KernelError) -> Bool { try control(23, "PR_CAPBSET_READ \(number)", UInt64(number)) == 1 }

/// Puts a capability into the ambient set. man 2 prctl, `PR_CAP_AMBIENT_RAISE`.
public func raiseAmbientCapability(_ number: Int) throws(KernelError) { try control(47, "PR_CAP_AMBIENT_RAISE \(number)", 2, UInt64(number)) }

/// Empties the ambient set. man 2 prctl, `PR_CAP_AMBIENT_CLEAR_ALL`.
public func clearAmbientCapabilities() throws(KernelError) { try control(47, "PR_CAP_AMBIENT_CLEAR_ALL", 4) }

/// Becomes a user for good. man 2 setresuid.
public func setUser(_ user: UInt32) throws(KernelError) { try call("setresuid", "\(user)") { slipway_setresuid(user, user, user) } }

/// Becomes a group for good. man 2 setresgid.
public func setGroup(_ group: UInt32) throws(KernelError) { try call("setresgid", "\(group)") { slipway_setresgid(group, group, group) } }

/// Sets the supplementary groups. man 2 setgroups.
public func setGroups(_ groups: [UInt32]) throws(KernelError) {
    try call("setgroups", groups.map(String.init).joined(separator: " ")) { unsafe slipway_setgroups(UInt64(groups.count), groups) }
}

/// The effective user of this process. man 2 geteuid.
public func effectiveUser() -> UInt32 { geteuid() }

/// The effective group of this process. man 2 getegid.
public func effectiveGroup() -> UInt32 { getegid() }

/// Sets a resource limit; `UInt64.max` is unlimited. man 2 setrlimit.
/// - Parameter resource: the `RLIMIT_` number
public func setResourceLimit(_ resource: CInt, soft: UInt64, hard: UInt64) throws(KernelError) {
    var limit = rlimit(rlim_cur: rlim_t(soft), rlim_max: rlim_t(hard))
    try call("setrlimit", "\(resource) \(soft):\(hard)") { unsafe Glibc.setrlimit(__rlimit_resource_t(UInt32(resource)), &limit) }
}

/// Sets the permissions that new files lack; returns what it was. man 2 umask.
@discardableResult
public func setUmask(_ mask: UInt32) -> UInt32 { umask(mask) }

/// Leaves the terminal and the process group: a session of its own. man 2 setsid.
public func newSession() throws(KernelError) { try call("setsid", "") { Glibc.setsid() } }

/// How readily the kernel kills this process when memory is short, -1000 (never) to 1000. man 5 proc, oom_score_adj.
public func setOutOfMemoryScore(_ adjustment: Int) throws(KernelError) { try writeControl("/proc/self/oom_score_adj", "\(adjustment)") }
