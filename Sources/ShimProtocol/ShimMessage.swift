// What a shim tells the daemon: replies and events. See ShimRequest.swift for the wire as a whole. The exit record is durable on disk
// before its event is sent, so a daemon that was away finds it there. Chapter 11.

/// One packet from a shim.
public enum ShimMessage: Codable, Sendable, Equatable {
    case reply(ShimReply)
    case event(ShimEvent)
    /// Something that a newer shim says; to be ignored.
    case unknown

    private enum CodingKeys: String, CodingKey { case reply, event }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let reply = try container.decodeIfPresent(ShimReply.self, forKey: .reply) {
            self = .reply(reply)
        } else if let event = try container.decodeIfPresent(ShimEvent.self, forKey: .event) {
            self = event == .unknown ? .unknown : .event(event)
        } else {
            self = .unknown
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .reply(let reply): try container.encode(reply, forKey: .reply)
        case .event(let event): try container.encode(event, forKey: .event)
        case .unknown: break
        }
    }
}

/// The answer to one request.
public struct ShimReply: Codable, Sendable, Equatable {
    public var sequence: UInt64
    /// Nil where the request was carried out.
    public var error: ShimFailure?
    /// Of `start` and `exec`: the process as the host numbers it.
    public var pid: Int32?
    /// Of `start`.
    public var startedAt: WallTime?
    /// Of `network`.
    public var networkPath: String?
    /// Of `stats`.
    public var stats: ContainerUsage?
    /// Of `update`: limits that this kernel cannot set, in words.
    public var warnings: [String]?

    public init(sequence: UInt64, error: ShimFailure? = nil, pid: Int32? = nil, startedAt: WallTime? = nil) {
        self.sequence = sequence
        self.error = error
        self.pid = pid
        self.startedAt = startedAt
    }
}

/// Why a request was not carried out.
public struct ShimFailure: Error, Codable, Sendable, Equatable, CustomStringConvertible {
    /// What clients tell apart: the exit codes 127 (`notFound`), 126 (`notExecutable`) and 125 hang on it.
    public enum Kind: String, Codable, Sendable {
        case notFound, notExecutable, userNotFound, notRunning, notYet, other

        /// A kind that a newer shim knows reads as `other`.
        public init(from decoder: any Decoder) throws {
            self = Kind(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .other
        }
    }
    public var kind: Kind
    /// The step that failed, by its name; empty where none was running.
    public var step: String
    /// In words, the step not repeated.
    public var message: String

    public init(_ kind: Kind, step: String = "", _ message: String) {
        self.kind = kind
        self.step = step
        self.message = message
    }

    public var description: String { step.isEmpty ? message : "\(step): \(message)" }
}

/// Something that happened.
public enum ShimEvent: Codable, Sendable, Equatable {
    /// The first packet on every connection.
    case hello(Hello)
    case exited(ExitRecord)
    case execExited(ExecExit)
    case logLost(LogLoss)
    /// A client has left a terminal by its detach keys.
    case detached(Detached)
    /// Something that a newer shim says; to be ignored.
    case unknown

    public enum State: String, Codable, Sendable { case parked, running, exited }

    public struct Hello: Codable, Sendable, Equatable {
        /// The wire's version that this shim speaks.
        public var version: Int
        /// The container's id.
        public var id: String
        /// The shim's own process.
        public var pid: Int32
        public var state: State
        /// The container's first process, while it runs.
        public var initPid: Int32?
        public var startedAt: WallTime?
        /// How it ended, once it has.
        public var exit: ExitRecord?
        /// Which build of a chapter's module is inside: `reference`, or a learner's nonce.
        public var modules: [String: String]
        /// The ids of the execs that run.
        public var execs: [String]
        /// Every process of the container is stopped where it is; older shims do not tell.
        public var paused: Bool?
        /// The network namespace that the shim holds, as in `ShimReply.networkPath`; older shims do not tell.
        public var networkPath: String?

        public init(
            version: Int = wireVersion, id: String, pid: Int32, state: State, initPid: Int32? = nil, startedAt: WallTime? = nil,
            exit: ExitRecord? = nil, modules: [String: String] = [:], execs: [String] = []
        ) {
            self.version = version
            self.id = id
            self.pid = pid
            self.state = state
            self.initPid = initPid
            self.startedAt = startedAt
            self.exit = exit
            self.modules = modules
            self.execs = execs
        }
    }

    public struct ExecExit: Codable, Sendable, Equatable {
        public var id: String
        /// 128+n where signal n ended it.
        public var code: Int32
        public var at: WallTime

        public init(id: String, code: Int32, at: WallTime) {
            self.id = id
            self.code = code
            self.at = at
        }
    }

    public struct LogLoss: Codable, Sendable, Equatable {
        /// How many log lines were lost since writing last worked.
        public var lines: Int
        public var reason: String

        public init(lines: Int, reason: String) {
            self.lines = lines
            self.reason = reason
        }
    }

    public struct Detached: Codable, Sendable, Equatable {
        /// Empty for the container's own terminal, else an exec's id.
        public var stream: String

        public init(stream: String) { self.stream = stream }
    }

    private enum CodingKeys: String, CodingKey { case hello, exited, execExited, logLost, detached }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch container.allKeys.first {
        case .hello: self = .hello(try container.decode(Hello.self, forKey: .hello))
        case .exited: self = .exited(try container.decode(ExitRecord.self, forKey: .exited))
        case .execExited: self = .execExited(try container.decode(ExecExit.self, forKey: .execExited))
        case .logLost: self = .logLost(try container.decode(LogLoss.self, forKey: .logLost))
        case .detached: self = .detached(try container.decode(Detached.self, forKey: .detached))
        case nil: self = .unknown
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .hello(let hello): try container.encode(hello, forKey: .hello)
        case .exited(let record): try container.encode(record, forKey: .exited)
        case .execExited(let exit): try container.encode(exit, forKey: .execExited)
        case .logLost(let loss): try container.encode(loss, forKey: .logLost)
        case .detached(let detached): try container.encode(detached, forKey: .detached)
        case .unknown: break
        }
    }
}
