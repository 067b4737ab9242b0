// Docker's default seccomp profile (moby 28): the calls of DockerCalls.swift, and below them those that depend on something, on
// an argument, the architecture, or a capability that the container was given. A call tied to a capability would fail without
// it anyway; refusing it here too keeps a kernel bug behind that call out of reach, which is what a second wall is for.
// Everything else fails with EPERM.
// https://docs.docker.com/engine/security/seccomp/ · chapter 05

extension Profile {
    /// Docker's default profile.
    ///
    /// - Parameters:
    ///   - capabilities: the container's bounding set by names, `CAP_SYS_ADMIN`.
    ///   - architecture: the machine's.
    public static func dockerDefault(capabilities: Set<String>, architecture: Architecture = .native) -> Profile {
        var rules = [Rule(dockerCalls.flatMap { $0.names.split(whereSeparator: \.isWhitespace).map(String.init) }, .allow)]
        rules += dockerConditional
        rules += dockerByArchitecture.filter { $0.architectures.contains(architecture.name) }.map { Rule($0.names, .allow) }
        rules += dockerByCapability.filter { capabilities.contains($0.capability) }.map { Rule($0.names, .allow) }
        if !capabilities.contains("CAP_SYS_ADMIN") { rules += cloneWithoutNamespaces(architecture) }
        return Profile(defaultAction: .errno(1), architectures: architecture.family, rules: rules, skipsUnknownNames: true)
    }
}

/// Calls that are harmless with some arguments only.
private let dockerConditional: [Rule] =
    [
        // AF_VSOCK is 40: it reaches the hypervisor, past every network namespace.
        Rule(["socket"], .allow, where: [Condition(argument: 0, .notEqual, 40)])
    ]
    + [0, 0x8, 0x20000, 0x20008, 0xffff_ffff].map {
        // PER_LINUX, UNAME26 and their like, and "tell me"; not those that weaken the layout of memory.
        Rule(["personality"], .allow, where: [Condition(argument: 0, .equal, $0)])
    }

/// clone(2) may make threads and processes, but none of the seven namespaces that have a flag among clone's own; clone3 takes its
/// flags from memory, where a filter can't look, so it answers "no such call" and every libc falls back to clone.
private func cloneWithoutNamespaces(_ architecture: Architecture) -> [Rule] {
    // NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET
    let namespaces: UInt64 = 0x7e02_0000
    let flagsArgument: UInt32 = architecture.name.hasPrefix("s390") ? 1 : 0
    return [Rule(["clone"], .allow, where: [Condition(argument: flagsArgument, .maskedEqual, namespaces, 0)]), Rule(["clone3"], .errno(38))]
}

/// Calls that only some architectures have.
private let dockerByArchitecture: [(architectures: [String], names: [String])] = [
    (["x86_64", "x32"], ["arch_prctl"]), (["x86_64", "x32", "x86"], ["modify_ldt"]),
    (["arm", "aarch64"], ["arm_fadvise64_64", "arm_sync_file_range", "sync_file_range2", "breakpoint", "cacheflush", "set_tls"]),
    (["ppc64le"], ["sync_file_range2", "swapcontext"]), (["riscv64"], ["riscv_flush_icache"]),
    (["s390", "s390x"], ["s390_pci_mmio_read", "s390_pci_mmio_write", "s390_runtime_instr"])
]

/// Calls that come with a capability.
private let dockerByCapability: [(capability: String, names: [String])] = [
    ("CAP_BPF", ["bpf"]),
    ("CAP_DAC_READ_SEARCH", ["open_by_handle_at"]),
    ("CAP_PERFMON", ["perf_event_open"]),
    (
        "CAP_SYS_ADMIN",
        [
            "bpf", "clone", "clone3", "fanotify_init", "fsconfig", "fsmount", "fsopen", "fspick", "lookup_dcookie", "lsm_get_self_attr", "lsm_list_modules",
            "lsm_set_self_attr", "mount", "mount_setattr", "move_mount", "open_tree", "perf_event_open", "quotactl", "quotactl_fd", "setdomainname",
            "sethostname", "setns", "syslog", "umount", "umount2", "unshare"
        ]
    ),
    ("CAP_SYS_BOOT", ["reboot"]),
    ("CAP_SYS_CHROOT", ["chroot"]),
    ("CAP_SYS_MODULE", ["delete_module", "init_module", "finit_module"]),
    ("CAP_SYS_NICE", ["get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node"]),
    ("CAP_SYS_PACCT", ["acct"]),
    ("CAP_SYS_PTRACE", ["kcmp", "pidfd_getfd", "process_madvise", "process_vm_readv", "process_vm_writev", "ptrace"]),
    ("CAP_SYS_RAWIO", ["iopl", "ioperm"]),
    ("CAP_SYS_TIME", ["settimeofday", "stime", "clock_settime", "clock_settime64"]),
    ("CAP_SYS_TTY_CONFIG", ["vhangup"]),
    ("CAP_SYSLOG", ["syslog"])
]
