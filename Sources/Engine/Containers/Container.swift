// A container in memory: its record, and behind a lock what of it changes. Reading never waits; what changes it goes through its mailbox, one
// after the other, and through the pure function of Life.swift, whose effects `Engine+Life` carries out. Chapter 12.
import DockerAPI
import Linux
import ShimProtocol
import Synchronization

/// What clients wait for.
public enum WaitCondition: String, Sendable {
    case notRunning = "not-running"
    case nextExit = "next-exit"
    case removed
}

/// A stream socket that waits for its container's next run: our end of a pair whose other end is joined with a client.
final class Attachment: Sendable {
    let socket: Descriptor
    let input: Bool, output: Bool, error: Bool, detachKeys: String?

    init(_ socket: consuming Descriptor, input: Bool, output: Bool, error: Bool, detachKeys: String? = nil) {
        (self.input, self.output, self.error, self.detachKeys) = (input, output, error, detachKeys)
        self.socket = socket
    }

    var request: ShimRequest { .attach(input: input, output: output, error: error, detachKeys: detachKeys) }
    var descriptor: FileDescriptor { FileDescriptor(rawValue: socket.number) }
}

/// A terminal's size in characters, told before there was a terminal.
struct Window: Sendable, Equatable {
    var rows: UInt16, columns: UInt16
}

/// A container.
public final class Container: Sendable {
    struct State: Sendable {
        var record: ContainerRecord
        var name: String
        var life: Life<ShimLink> = .resting(parked: nil)
        var past: Past
        var attachments: [ObjectIdentifier: Attachment] = [:]
        var nextExit = Promise<Int32>()
        /// Where the record of the next start goes.
        var explain: Attachment?
        var execs: [String] = []
        /// The terminal's size where it was told before the first start.
        var window: Window?
        /// A removal is under way.
        var isLeaving = false
        /// It runs, and does not move (Pausing.swift).
        var isPaused = false
        /// `restart` is under way: the end that comes is not its last, and `--rm` waits for the next.
        var isRestartedByHand = false
        /// What its health check says; nil where it has none, or has never run.
        var health: Health?
        /// The task that looks how it does.
        var healthTask: Task<Void, Never>?
        /// Which of its timers for the next automatic restart counts.
        var restartTicket = 0
    }
    public let id: String
    let mailbox = Mailbox()
    let removed = Promise<Int32>()
    let state: Mutex<State>

    init(_ record: ContainerRecord, name: String, past: Past = Past()) {
        id = record.id
        state = Mutex(State(record: record, name: name, past: past))
    }

    public var record: ContainerRecord { state.withLock { $0.record } }
    public var name: String { state.withLock { $0.name } }
    var past: Past { state.withLock { $0.past } }
    var autoRemove: Bool { record.host.AutoRemove ?? false }
    public var hasTerminal: Bool { record.config.Tty ?? false }

    /// The shim and the first process, while it runs.
    var run: (shim: ShimLink, pid: Int32)? {
        state.withLock { state in if case .running(let shim, let pid) = state.life { (shim, pid) } else { nil } }
    }

    /// It has a first process, which may be paused.
    public var isRunning: Bool { run != nil }

    /// It runs and does not move.
    public var isPaused: Bool { state.withLock { $0.isPaused } }

    /// It has ended and waits for being started again by its policy.
    public var isRestarting: Bool { state.withLock { state in if case .restarting = state.life { true } else { false } } }

    /// What Docker calls running: with a process, or between two.
    public var isUp: Bool { isRunning || isRestarting }

    /// What its restart policy demands. Who changes the policy changes the record: it is asked at each end anew.
    public var restartRule: RestartRule { RestartRule(record.host.RestartPolicy) }

    /// The state as `ps` names it.
    public var status: String {
        state.withLock { state in
            switch state.life {
            case .running: state.isPaused ? "paused" : "running"
            case .restarting: "restarting"
            case .removing: state.isLeaving ? "removing" : "dead"
            case .resting: state.isLeaving ? "removing" : state.past.startedAt == nil ? "created" : "exited"
            }
        }
    }

    /// Applies an event and hands back what is to be done.
    func apply(_ event: LifeEvent<ShimLink>) -> [LifeEffect<ShimLink>] {
        state.withLock { state in
            let rules = EndRules(
                removesItself: state.record.host.AutoRemove == true && !state.isRestartedByHand, restart: RestartRule(state.record.host.RestartPolicy))
            let next = after(event, in: state.life, state.past, rules)
            (state.life, state.past) = (next.life, next.past)
            if case .running = next.life {} else { state.isPaused = false }
            return next.effects
        }
    }

    /// What a `wait` waits for, taken now; the code comes with the promise.
    public func wait(for condition: WaitCondition) -> Promise<Int32> {
        if condition == .removed { return removed }
        return state.withLock { state in
            if condition == .notRunning {
                switch state.life {
                case .running, .restarting: return state.nextExit
                case .resting, .removing: break
                }
                return Promise(fulfilled: state.past.exitCode)
            }
            return state.nextExit
        }
    }

    /// Tells those who wait for an end, and begins a new promise for the next.
    func tellEnd(_ code: Int32) {
        let promise = state.withLock { state in
            defer { state.nextExit = Promise() }
            return state.nextExit
        }
        promise.fulfil(code)
    }

    /// Drops the streams that wait for a next run; their clients see the end.
    func closeAttachments() {
        state.withLock { state in
            state.attachments = [:]
            state.explain = nil
        }
    }
}
