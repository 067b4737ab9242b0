// `process` of a bundle's `config.json`: the program, and every attribute that execve(2) carries over to it.
//
// https://github.com/opencontainers/runtime-spec/blob/main/config.md#process · chapter 06

/// The program to run in a container: its first one, or a later one (`exec`).
public struct Process: Codable, Equatable, Sendable {
    /// Whether standard input, output and error are one terminal.
    public var terminal: Bool?
    /// The terminal's size at the start, in characters.
    public var consoleSize: ConsoleSize?
    /// Who it runs as.
    public var user: User
    /// The command and its arguments; `args[0]` is looked up in `PATH` when it has no slash.
    public var args: [String]?
    /// `KEY=value` entries.
    public var env: [String]?
    /// Absolute working directory inside; made if missing.
    public var cwd: String
    /// Capabilities by set; absent means: none is changed.
    public var capabilities: CapabilityLists?
    /// setrlimit(2) entries.
    public var rlimits: [ResourceLimit]?
    /// Whether set-user-id programs stop gaining privileges, prctl(2) PR_SET_NO_NEW_PRIVS.
    public var noNewPrivileges: Bool?
    /// AppArmor profile that execve changes to.
    public var apparmorProfile: String?
    /// SELinux label.
    public var selinuxLabel: String?
    /// How willingly the kernel kills it when memory runs out, -1000 (never) … 1000.
    public var oomScoreAdj: Int?

    /// A process that runs `args` in `cwd`.
    public init(
        args: [String]?, cwd: String = "/", env: [String]? = nil, user: User = User(), terminal: Bool? = nil, consoleSize: ConsoleSize? = nil,
        capabilities: CapabilityLists? = nil, rlimits: [ResourceLimit]? = nil, noNewPrivileges: Bool? = nil, oomScoreAdj: Int? = nil
    ) {
        self.args = args
        self.cwd = cwd
        self.env = env
        self.user = user
        self.terminal = terminal
        self.consoleSize = consoleSize
        self.capabilities = capabilities
        self.rlimits = rlimits
        self.noNewPrivileges = noNewPrivileges
        self.oomScoreAdj = oomScoreAdj
    }
}

/// A terminal's size in characters.
public struct ConsoleSize: Codable, Equatable, Sendable {
    /// Rows.
    public var height: Int
    /// Columns.
    public var width: Int

    /// `height` rows of `width` columns.
    public init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }
}

/// Numeric identity of a process.
public struct User: Codable, Equatable, Sendable {
    /// User id inside the container.
    public var uid: UInt32
    /// Group id inside the container.
    public var gid: UInt32
    /// File-mode creation mask.
    public var umask: UInt32?
    /// Supplementary groups.
    public var additionalGids: [UInt32]?

    /// A user; root unless said otherwise.
    public init(uid: UInt32 = 0, gid: UInt32 = 0, umask: UInt32? = nil, additionalGids: [UInt32]? = nil) {
        self.uid = uid
        self.gid = gid
        self.umask = umask
        self.additionalGids = additionalGids
    }
}

/// Capability names (`CAP_CHOWN`) by set; capabilities(7).
public struct CapabilityLists: Codable, Equatable, Sendable {
    /// The most that any descendant can ever gain.
    public var bounding: [String]?
    /// What the kernel checks now.
    public var effective: [String]?
    /// What set-capability programs may pass on.
    public var inheritable: [String]?
    /// What may be made effective.
    public var permitted: [String]?
    /// What survives execve of an ordinary program for a user that is not root.
    public var ambient: [String]?

    /// Lists per set; absent means empty.
    public init(bounding: [String]? = nil, effective: [String]? = nil, inheritable: [String]? = nil, permitted: [String]? = nil, ambient: [String]? = nil) {
        self.bounding = bounding
        self.effective = effective
        self.inheritable = inheritable
        self.permitted = permitted
        self.ambient = ambient
    }
}

/// One setrlimit(2) entry.
public struct ResourceLimit: Codable, Equatable, Sendable {
    /// `RLIMIT_NOFILE` and the like.
    public var type: String
    /// Ceiling for `soft`.
    public var hard: UInt64
    /// What is enforced.
    public var soft: UInt64

    /// A limit on `type`.
    public init(type: String, hard: UInt64, soft: UInt64) {
        self.type = type
        self.hard = hard
        self.soft = soft
    }
}
