// A seccomp profile as values: what the kernel answers to each call that a process makes. The shape is the OCI
// specification's (`linux.seccomp`), with closed enums where it has strings, so that a profile which decodes is one that means
// something. Compile.swift turns it into a program for the kernel.
// man 2 seccomp, man 3 seccomp_rule_add, runtime-spec config-linux.md · chapter 05

/// Which answer each kernel call gets.
public struct Profile: Hashable, Sendable {
    /// The answer where no rule matches.
    public var defaultAction: Action
    /// The instruction sets whose calls are judged; a call through any other kills the process. The machine's own is always included.
    public var architectures: [Architecture]
    /// Rules; where several match one call, libseccomp prefers the unconditional, then the stricter.
    public var rules: [Rule]
    /// Flags of seccomp(2) for the installation.
    public var flags: Set<Flag>
    /// Skip names that the installed libseccomp doesn't know. Right for a list of allowed calls that is newer than the library: the
    /// call then gets the default, or ENOSYS (see `compile`). Where the default lets calls pass, a name that isn't known is an error
    /// all the same: the rule was to refuse something, and would silently not.
    public var skipsUnknownNames: Bool

    public init(defaultAction: Action, architectures: [Architecture] = [], rules: [Rule] = [], flags: Set<Flag> = [], skipsUnknownNames: Bool = false) {
        self.defaultAction = defaultAction
        self.architectures = architectures
        self.rules = rules
        self.flags = flags
        self.skipsUnknownNames = skipsUnknownNames
    }
}

/// One answer for some calls, if all conditions hold.
public struct Rule: Hashable, Sendable {
    /// Calls by the manual's name: `openat`, `clone3`.
    public var names: [String]
    public var action: Action
    /// Conditions on the call's arguments, all of which must hold; several on one argument are alternatives, as in runc.
    public var conditions: [Condition]

    public init(_ names: [String], _ action: Action, where conditions: [Condition] = []) {
        self.names = names
        self.action = action
        self.conditions = conditions
    }
}

/// What the kernel does with a call.
public enum Action: Hashable, Sendable {
    case allow, log, notify, killThread, killProcess, trap
    /// The call fails with this errno.
    case errno(UInt16)
    /// A tracer decides; it is given this number.
    case trace(UInt16)

    /// The action of an OCI profile: `SCMP_ACT_ERRNO` with its `errnoRet` (EPERM, 1, if absent).
    public init?(name: String, errno: UInt16? = nil) {
        switch name {
        case "SCMP_ACT_ALLOW": self = .allow
        case "SCMP_ACT_LOG": self = .log
        case "SCMP_ACT_NOTIFY": self = .notify
        case "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD": self = .killThread
        case "SCMP_ACT_KILL_PROCESS": self = .killProcess
        case "SCMP_ACT_TRAP": self = .trap
        case "SCMP_ACT_ERRNO": self = .errno(errno ?? 1)
        case "SCMP_ACT_TRACE": self = .trace(errno ?? 1)
        default: return nil
        }
    }

    /// The OCI name, and the number that goes with it.
    public var oci: (name: String, errno: UInt16?) {
        switch self {
        case .allow: ("SCMP_ACT_ALLOW", nil)
        case .log: ("SCMP_ACT_LOG", nil)
        case .notify: ("SCMP_ACT_NOTIFY", nil)
        case .killThread: ("SCMP_ACT_KILL_THREAD", nil)
        case .killProcess: ("SCMP_ACT_KILL_PROCESS", nil)
        case .trap: ("SCMP_ACT_TRAP", nil)
        case .errno(let code): ("SCMP_ACT_ERRNO", code)
        case .trace(let code): ("SCMP_ACT_TRACE", code)
        }
    }
}

/// A condition on one argument of a call.
public struct Condition: Hashable, Sendable {
    /// Which argument, from 0 to 5.
    public var argument: UInt32
    public var comparison: Comparison
    /// What it is compared with; for `maskedEqual` the mask.
    public var value: UInt64
    /// For `maskedEqual`, what the masked argument must equal; else unused.
    public var secondValue: UInt64

    public init(argument: UInt32, _ comparison: Comparison, _ value: UInt64, _ secondValue: UInt64 = 0) {
        self.argument = argument
        self.comparison = comparison
        self.value = value
        self.secondValue = secondValue
    }

    /// Whether it holds for a call with this argument.
    public func holds(for argument: UInt64) -> Bool {
        switch comparison {
        case .notEqual: argument != value
        case .less: argument < value
        case .lessOrEqual: argument <= value
        case .equal: argument == value
        case .greaterOrEqual: argument >= value
        case .greater: argument > value
        case .maskedEqual: argument & value == secondValue
        }
    }
}

/// How an argument is compared; raw values are the OCI specification's names.
public enum Comparison: String, Hashable, Sendable, CaseIterable {
    case notEqual = "SCMP_CMP_NE", less = "SCMP_CMP_LT", lessOrEqual = "SCMP_CMP_LE", equal = "SCMP_CMP_EQ"
    case greaterOrEqual = "SCMP_CMP_GE", greater = "SCMP_CMP_GT", maskedEqual = "SCMP_CMP_MASKED_EQ"
}

/// Flags of seccomp(2); raw values are the OCI specification's names.
public enum Flag: String, Hashable, Sendable, CaseIterable {
    /// All threads of the process, not only the caller.
    case synchronizeThreads = "SECCOMP_FILTER_FLAG_TSYNC"
    /// Log every answer but `allow`.
    case log = "SECCOMP_FILTER_FLAG_LOG"
    /// Leave the mitigation of speculative store bypass as it is (kernels before 5.16 turn it on for filtered processes).
    case allowSpeculation = "SECCOMP_FILTER_FLAG_SPEC_ALLOW"

    /// The bit in seccomp(2)'s flags.
    var bit: UInt32 {
        switch self {
        case .synchronizeThreads: 1
        case .log: 2
        case .allowSpeculation: 4
        }
    }
}

/// What can be wrong with a profile, or with making a program of it.
public enum SeccompError: Error, Hashable, CustomStringConvertible {
    /// A rule names a call that libseccomp has no number for.
    case unknownCall(String)
    /// An architecture that this libseccomp can't filter for.
    case unknownArchitecture(String)
    /// libseccomp refused; `what` says the step and `errno` its reason.
    case library(what: String, errno: Int32)
    /// The program is no sequence of 1 to 4096 eight-byte instructions, which is all that the kernel takes.
    case badLength(bytes: Int)

    public var description: String {
        switch self {
        case .unknownCall(let name): "seccomp: unknown system call \"\(name)\""
        case .unknownArchitecture(let name): "seccomp: unknown architecture \"\(name)\""
        case .library(let what, let errno): "seccomp: \(what): errno \(errno)"
        case .badLength(let bytes): "seccomp: a program of \(bytes) bytes is none: the kernel takes 1 to 4096 instructions of 8 bytes"
        }
    }
}
