// `BUNDLE/shim.json`: what a shim must know beyond the OCI bundle. The bundle's config.json says what the container *is*, so that
// any OCI runtime can run it; this file says what Docker adds around it: the overlay under the root, the log, the exit record.
// The daemon writes it before it spawns the shim. Unknown keys are ignored, so an older shim starts from a newer daemon's file.
// Chapter 11.
public import OCI

/// What the daemon asks of one shim.
public struct ShimConfiguration: Codable, Sendable, Equatable {
    /// The wire's version that the writer of this file speaks; see ``wireVersion``.
    public var version: Int
    /// The container's id, 64 hex digits.
    public var id: String
    /// The layers to mount at `BUNDLE/rootfs`, or nil where a root is there already.
    public var overlay: Overlay?
    /// Which network namespace the container gets.
    public var network: Network
    public var log: Log
    /// Where the exit record goes; the directory exists.
    public var exitRecordPath: String
    /// Standard streams are a terminal.
    public var terminal: Bool
    /// Standard input stays open for attached clients; otherwise it is /dev/null.
    public var openStdin: Bool
    /// The first attached client's end of input closes the container's.
    public var stdinOnce: Bool
    /// The terminal's first size.
    public var consoleSize: OCI.ConsoleSize?
    /// An OCI runtime's executable (runc, crun) in place of our own in-process one.
    public var runtime: String?
    /// A directory of root's in which compiled seccomp filters are kept from one container to the next; nil: none are kept.
    public var filterCache: String?

    public init(
        id: String, overlay: Overlay?, network: Network, log: Log, exitRecordPath: String, terminal: Bool = false, openStdin: Bool = false,
        stdinOnce: Bool = false, consoleSize: OCI.ConsoleSize? = nil, runtime: String? = nil, filterCache: String? = nil
    ) {
        self.version = wireVersion
        self.id = id
        self.overlay = overlay
        self.network = network
        self.log = log
        self.exitRecordPath = exitRecordPath
        self.terminal = terminal
        self.openStdin = openStdin
        self.stdinOnce = stdinOnce
        self.consoleSize = consoleSize
        self.runtime = runtime
        self.filterCache = filterCache
    }

    /// The three kinds of directories that overlayfs joins.
    public struct Overlay: Codable, Sendable, Equatable {
        /// Read-only layers, topmost first.
        public var lower: [String]
        public var upper: String
        public var work: String

        public init(lower: [String], upper: String, work: String) {
            self.lower = lower
            self.upper = upper
            self.work = work
        }
    }

    public enum Network: Codable, Sendable, Equatable {
        /// The host's own.
        case host
        /// One that the shim makes (loopback up) and holds.
        case new
        /// An existing one, as of another container.
        case path(path: String)
    }

    public struct Log: Codable, Sendable, Equatable {
        public enum Driver: String, Codable, Sendable { case jsonFile = "json-file", none }
        public var driver: Driver
        /// The json-file; rotated ones lie beside it as `.1`, `.2`, ….
        public var path: String
        /// Rotate when a file has reached this many bytes; nil never.
        public var maxBytes: Int?
        /// How many files are kept, the current one included; at least 1.
        public var maxFiles: Int

        public init(driver: Driver = .jsonFile, path: String, maxBytes: Int? = nil, maxFiles: Int = 1) {
            self.driver = driver
            self.path = path
            self.maxBytes = maxBytes
            self.maxFiles = maxFiles
        }
    }
}
