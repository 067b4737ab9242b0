// The smaller requests and replies of the Engine API: errors, waits, execs and events. Members are named as the JSON's keys are, which
// is why some begin with a capital letter and some do not. Engine API v1.43. Chapter 12.

/// Every refusal.
public struct ErrorReply: Codable, Sendable {
    public var message: String
    public init(_ message: String) { self.message = message }
}

/// The end of a wait.
public struct WaitReply: Codable, Sendable {
    public var StatusCode: Int
    @Null public var Error: WaitFailure?
    public init(_ code: Int, error: String? = nil) { (StatusCode, Error) = (code, error.map(WaitFailure.init)) }
    public struct WaitFailure: Codable, Sendable {
        public var Message: String
        public init(_ message: String) { Message = message }
    }
}

/// A created thing's id.
public struct IdentifierReply: Codable, Sendable {
    public var Id: String
    public init(_ id: String) { Id = id }
}

/// The body of `POST /containers/{id}/exec`.
public struct ExecRequest: Codable, Sendable {
    public var AttachStdin: Bool?, AttachStdout: Bool?, AttachStderr: Bool?, Detach: Bool?, Tty: Bool?, Privileged: Bool?
    public var DetachKeys: String?, User: String?, WorkingDir: String?
    public var Env: [String]?, Cmd: [String]?
    public var ConsoleSize: [Int]?

    public init() {}
}

/// The body of `POST /exec/{id}/start`.
public struct ExecStart: Codable, Sendable {
    public var Detach: Bool?, Tty: Bool?, ConsoleSize: [Int]?
}

/// What `GET /exec/{id}/json` tells.
public struct ExecInspect: Codable, Sendable {
    public var ID: String, Running: Bool
    @Null public var ExitCode: Int?
    public var ProcessConfig: Process
    public var OpenStdin: Bool, OpenStderr: Bool, OpenStdout: Bool, CanRemove: Bool
    public var ContainerID: String, DetachKeys: String, Pid: Int

    public struct Process: Codable, Sendable {
        public var tty: Bool, entrypoint: String, arguments: [String], privileged: Bool, user: String?
        public init(tty: Bool, entrypoint: String, arguments: [String], privileged: Bool, user: String?) {
            (self.tty, self.entrypoint, self.arguments, self.privileged, self.user) = (tty, entrypoint, arguments, privileged, user)
        }
    }

    public init(id: String, running: Bool, exitCode: Int?, process: Process, stdin: Bool, stdout: Bool, stderr: Bool, container: String, pid: Int) {
        (ID, Running, ExitCode, ProcessConfig, OpenStdin, OpenStderr, OpenStdout) = (id, running, exitCode, process, stdin, stderr, stdout)
        (CanRemove, ContainerID, DetachKeys, Pid) = (false, container, "", pid)
    }
}

/// One event.
public struct EventMessage: Codable, Sendable {
    public var status: String?, id: String?, from: String?
    public var `Type`: String, Action: String, Actor: EventActor
    public var scope = "local"
    /// Seconds, and nanoseconds, since 1970.
    public var time: Int64, timeNano: Int64

    public init(type: String, action: String, actor: String, attributes: [String: String], nanoseconds: Int64) {
        (Type, Action, Actor, time, timeNano) = (type, action, EventActor(ID: actor, Attributes: attributes), nanoseconds / 1_000_000_000, nanoseconds)
        if type == "container" { (status, id, from) = (action, actor, attributes["image"]) }
        if type == "image" { (status, id) = (action, actor) }
    }

    public struct EventActor: Codable, Sendable {
        public var ID: String, Attributes: [String: String]
    }
}
