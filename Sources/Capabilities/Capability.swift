// The pieces that Linux cut root's power into: each capability is one bit, and the kernel asks for one of them wherever
// it once asked "is this uid 0?". The numbers are the kernel's interface and never change; new ones are added at the end.
// A name that we don't know is always an error here: a capability that is dropped silently is a container that fails later,
// and one that is kept silently is a hole.
// man 7 capabilities, linux/capability.h · chapter 05

/// One capability of the kernel, by its number.
///
/// SeeAlso: man 7 capabilities.
public struct Capability: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: UInt8

    /// Any number from 0 to 63, also one that this table has no name for (a newer kernel's).
    public init?(rawValue: UInt8) {
        guard rawValue < 64 else { return nil }
        self.rawValue = rawValue
    }

    /// The capability called `name`, exactly as the OCI specification and the manual write it: `CAP_SYS_ADMIN`.
    public init?(name: String) {
        guard let number = Self.numbers[name] else { return nil }
        rawValue = number
    }

    /// `CAP_SYS_ADMIN`, or `CAP_63` where the table has no name.
    public var description: String {
        Int(rawValue) < Self.names.count ? Self.names[Int(rawValue)] : "CAP_\(rawValue)"
    }

    public static func < (left: Capability, right: Capability) -> Bool { left.rawValue < right.rawValue }

    /// Every capability that has a name here, in the kernel's order.
    public static var known: [Capability] { names.indices.compactMap { Capability(rawValue: UInt8($0)) } }

    /// The kernel's names; a name's place is its number.
    static let names: [String] = [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID",  // 0–7
        "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW",  // 8–13
        "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE",  // 14–19
        "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME",  // 20–25
        "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP",  // 26–31
        "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ",  // 32–37
        "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE"  // 38–40
    ]

    private static let numbers = Dictionary(uniqueKeysWithValues: zip(names, UInt8(0)...))
}
