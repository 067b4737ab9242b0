// When a container is started again by itself. Docker's rules (moby, restartmanager): a delay of 100 ms that doubles with each restart up to a
// minute, and begins anew where a run has lasted ten seconds; whoever stops a container by hand, or sends it the signal that stops it, ends that.
// Pure; `after` in Life.swift applies it, Restarting.swift carries it out. Chapter 12.
public import DockerAPI

/// What is to be done when a container has ended.
public enum RestartRule: Sendable, Equatable {
    case never, always, unlessStopped
    /// So many times at most, after a code other than 0; nil without limit.
    case onFailure(most: Int?)

    /// The rule that a client has asked for; what cannot be is none.
    public init(_ policy: RestartPolicy?) {
        let count = policy?.MaximumRetryCount ?? 0
        self =
            switch policy?.Name ?? "" {
            case "always": .always
            case "unless-stopped": .unlessStopped
            case "on-failure": .onFailure(most: count > 0 ? count : nil)
            default: .never
            }
    }
}

/// What a restart policy remembers of a container.
public struct Restarts: Codable, Sendable, Equatable {
    /// Automatic restarts since it was last started by hand.
    public var count = 0
    /// Somebody has stopped it, or sent it a signal, since it was last started.
    public var isStoppedByHand = false
    /// What it was sent cancels the next automatic restart.
    public var isCancelled = false
    /// It has ended and will be started again.
    public var isPending = false
    /// The last delay in milliseconds; 0 where there was none.
    public var delayMilliseconds = 0

    /// The first delay, the longest one, and how long a run must have lasted for the delays to begin anew.
    public static let firstDelayMilliseconds = 100, longestDelayMilliseconds = 60_000, steadySeconds: Int64 = 10

    public init() {}

    /// Decides at the end of a run; when the answer is yes, count and delay are those of the restart that is due.
    /// - Parameter ranSeconds: how long the run has lasted
    mutating func goesOn(_ rule: RestartRule, exitCode: Int32, ranSeconds: Int64) -> Bool {
        guard rule != .never, !isCancelled else { return false }
        if ranSeconds >= Self.steadySeconds { delayMilliseconds = 0 }
        let isWanted =
            switch rule {
            case .never: false
            case .always: true
            case .unlessStopped: !isStoppedByHand
            case .onFailure(let most): exitCode != 0 && count < most ?? .max
            }
        guard isWanted else { return false }
        delayMilliseconds = delayMilliseconds == 0 ? Self.firstDelayMilliseconds : min(delayMilliseconds * 2, Self.longestDelayMilliseconds)
        (count, isPending) = (count + 1, true)
        return true
    }

    /// Whether one that rests comes back when the engine starts.
    func comesBack(_ rule: RestartRule) -> Bool { rule == .always || rule == .unlessStopped && !isStoppedByHand }
}
