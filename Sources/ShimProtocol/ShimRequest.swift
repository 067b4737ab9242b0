// What the daemon asks of a shim. One packet (SOCK_SEQPACKET) is one JSON object, descriptors travel beside it by SCM_RIGHTS:
//
//     daemon → shim   {"sequence":7,"request":{"signal":{"number":15,"all":false}}}
//     shim → daemon   {"reply":{"sequence":7}}                        exactly one for each request, in any order
//                     {"event":{"exited":{"code":143,…}}}             to every connected daemon, whenever it happens
//
// A new key is ignored by old readers; a new kind of request is answered with an error. So the version changes only when the meaning of
// something old changes, and a newer daemon must understand every older shim: Tests/Corpus/ShimProtocol keeps it honest.
// Chapter 11. man 7 unix.
public import OCI

/// The version of the wire that this code speaks, told in the hello.
public let wireVersion = 1

/// The largest packet in bytes; a larger request is refused by the sender. An unconfigured socket buffer takes 212,992.
public let wireLimit = 160_000

/// One request. The order of a life: any `attach`es and `explain`, `start`, then what may come, at last `release`.
public enum ShimRequest: Codable, Sendable {
    /// Joins the stream socket that comes along to the container's streams. Attach before `start`, and byte 0 is not lost.
    /// Shim to daemon: stdcopy frames, or raw bytes where the container has a terminal. Daemon to shim: bytes for standard input.
    /// `detachKeys`: the keys (`ctrl-p,ctrl-q`) that end the attachment; nil, or without a terminal: none do.
    case attach(input: Bool, output: Bool, error: Bool, detachKeys: String? = nil)
    /// Writes a record of every step and kernel call of the coming `start` to the descriptor that comes along, one JSON object a line.
    case explain
    /// Makes the container's network namespace, loopback up, before the start, so that somebody can lay wires into it; with a path, that one is to
    /// be joined instead (refused where it is none). The reply's `networkPath` leads to it for as long as the shim holds it: until the run ends, or
    /// the start fails. A second request before the start replaces the first. It goes before the `network` of `shim.json`.
    case network(path: String?)
    /// Keeps the descriptors that come along (at most 16 a packet; sockets that hold published ports) until the run ends, or the start fails.
    case hold
    /// Runs the container's process. The reply comes when it runs (`pid`, `startedAt`) or has failed to.
    case start
    /// Sends a signal to the container's first process, or to `all` of them.
    case signal(number: Int32, all: Bool)
    /// Sets a terminal's size. `stream` is empty for the container's own, else an exec's id. Before `start` it is kept: the process finds its
    /// terminal so from the first moment.
    case resize(stream: String, rows: UInt16, columns: UInt16)
    /// Runs another process inside. A stream socket may come along, framed as for `attach`; without one its output is discarded.
    /// `input`: the socket's bytes are its standard input, and end of input closes it; otherwise that is /dev/null.
    /// `output`, `error`: whether these go to the socket; nil: they do. `detachKeys` as for `attach`.
    /// `user`: Docker's `name|uid[:group|gid]`, looked up in the container's files; nil takes the process's own numbers.
    case exec(
        id: String, process: OCI.Process, user: String?, groups: [String]?, input: Bool, output: Bool? = nil, error: Bool? = nil, detachKeys: String? = nil)
    /// Stops every process of the container where it is; told when the last one stands still. Refused (`notRunning`) where it does not run. One that
    /// is paused stays so.
    case pause
    /// Lets them go on. Refused (`notRunning`) where the container does not run; one that is not paused runs on.
    case unpause
    /// Changes the limits of the running container, all or none: keys that are missing or zero stay as they are; a pids limit below one is none. The
    /// reply has `warnings`.
    case update(resources: OCI.Resources)
    /// What the container has used until now: the reply's `stats`. Refused (`notRunning`) where it does not run.
    case stats
    /// Ends a shim that is parked or has told its exit.
    case release
}

/// A request with the number by which its reply is known.
public struct ShimEnvelope: Codable, Sendable {
    /// Chosen by the daemon, unique on its connection.
    public var sequence: UInt64
    public var request: ShimRequest

    public init(sequence: UInt64, request: ShimRequest) {
        self.sequence = sequence
        self.request = request
    }
}
