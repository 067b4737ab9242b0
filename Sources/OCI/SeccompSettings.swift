// `linux.seccomp`: which system calls the container may make, by name. Chapter 05's Seccomp compiles it to BPF.
//
// https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#seccomp · chapter 06

/// A system-call filter.
public struct SeccompSettings: Codable, Equatable, Sendable {
    /// What happens to a call that no rule names, such as `SCMP_ACT_ERRNO`.
    public var defaultAction: String
    /// The errno of `SCMP_ACT_ERRNO`; EPERM if absent.
    public var defaultErrnoRet: UInt32?
    /// `SCMP_ARCH_X86_64` and the like; absent: the native one.
    public var architectures: [String]?
    /// seccomp(2) flags such as `SECCOMP_FILTER_FLAG_LOG`.
    public var flags: [String]?
    /// Rules.
    public var syscalls: [SeccompRule]?

    /// A filter that does `defaultAction` with every call.
    public init(
        defaultAction: String, defaultErrnoRet: UInt32? = nil, architectures: [String]? = nil, flags: [String]? = nil, syscalls: [SeccompRule]? = nil
    ) {
        self.defaultAction = defaultAction
        self.defaultErrnoRet = defaultErrnoRet
        self.architectures = architectures
        self.flags = flags
        self.syscalls = syscalls
    }
}

/// What happens to some calls.
public struct SeccompRule: Codable, Equatable, Sendable {
    /// The calls' names.
    public var names: [String]
    /// Such as `SCMP_ACT_ALLOW`.
    public var action: String
    /// The errno of `SCMP_ACT_ERRNO`.
    public var errnoRet: UInt32?
    /// Conditions on arguments; all must hold.
    public var args: [SeccompArgument]?

    /// A rule for `names`.
    public init(names: [String], action: String, errnoRet: UInt32? = nil, args: [SeccompArgument]? = nil) {
        self.names = names
        self.action = action
        self.errnoRet = errnoRet
        self.args = args
    }
}

/// A condition on one argument of a call.
public struct SeccompArgument: Codable, Equatable, Sendable {
    /// Which argument, 0 … 5.
    public var index: UInt32
    /// What it is compared with (the mask for `SCMP_CMP_MASKED_EQ`).
    public var value: UInt64
    /// The second value, for `SCMP_CMP_MASKED_EQ`.
    public var valueTwo: UInt64?
    /// `SCMP_CMP_EQ` and the like.
    public var op: String

    /// A comparison of argument `index`.
    public init(index: UInt32, value: UInt64, valueTwo: UInt64? = nil, op: String) {
        self.index = index
        self.value = value
        self.valueTwo = valueTwo
        self.op = op
    }
}
