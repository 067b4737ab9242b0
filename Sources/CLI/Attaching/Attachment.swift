// What happens while a container runs in front of a user: which connections there are, what is done with signals, and how it may end. The
// loop that lives on this is AttachmentLoop. chapter 13

internal import DockerClient
internal import JSON
internal import Linux
internal import Terminals

/// What the loop is about.
struct Attachment {
    /// The taken-over connection.
    var stream: Connection?
    /// Whether the container has a terminal: bytes as they are, else frames.
    var hasTerminal = false
    /// Pass standard input on.
    var passesInput = false
    var keys: DetachKeys
    /// Sends a signal on to the container; nil: signals end us.
    var forward: ((Signal) -> Void)?
    /// Where the engine takes the terminal's size; nil: there is no terminal.
    var sizePath: [String]?
    /// The size is told at once, and not only when the process has started.
    var tellsSizeAtOnce = false
    /// Before the true size one that is a little off is told: a program that runs already draws itself anew then.
    var redraws = false
    /// The stream of records of `--explain`.
    var explain: Connection?
    /// The request `start`, sent but not answered.
    var start: Connection?
    /// The request `wait`, of which the body is to come.
    var wait: Connection?
}

/// How it ended.
enum AttachmentEnd {
    /// The output has ended; with the reply of `wait` if there was one to wait for.
    case finished(JSONValue?)
    case detached
    case startFailed(ClientError)
    case interrupted(Signal)
    case broken(ClientError)
}
