// What health checks have said of a container, and the one pure function that a probe's result goes through. Docker's rules: during the start
// period failures do not count while nothing has succeeded yet; so many failures in a row make it unhealthy; one success makes it healthy.
// Chapter 12; moby, daemon/health.go (handleProbeResult).
import DockerAPI
public import ShimProtocol

/// How a container does, in Docker's words.
public enum HealthStatus: String, Codable, Sendable { case starting, healthy, unhealthy }

/// What one probe found.
public struct ProbeResult: Sendable, Equatable {
    public var startedAt: WallTime, endedAt: WallTime
    /// 0: well; -1: it was not over in time, or could not be run.
    public var code: Int
    /// At most 4096 bytes of what it wrote.
    public var output: String
}

/// A container's health as far as it is known.
public struct Health: Sendable, Equatable {
    public var status = HealthStatus.starting
    /// Failures in a row.
    public var failingStreak = 0
    /// The last five, oldest first.
    public var results: [ProbeResult] = []

    /// How many results are kept.
    public static let kept = 5

    public init(status: HealthStatus = .starting) { self.status = status }

    /// Takes a probe's result in.
    /// - Parameters:
    ///   - retries: so many failures in a row make it unhealthy
    ///   - isStarting: the probe began within the start period
    /// - Returns: whether the status has changed.
    mutating func take(_ result: ProbeResult, retries: Int, isStarting: Bool) -> Bool {
        let before = status
        results = (results + [result]).suffix(Self.kept)
        if result.code == 0 {
            (status, failingStreak) = (.healthy, 0)
        } else if !(status == .starting && isStarting) {
            failingStreak += 1
            if failingStreak >= retries { status = .unhealthy }
        }
        return status != before
    }
}

/// A health check with Docker's defaults filled in.
struct HealthCheck: Sendable, Equatable {
    /// The program and its arguments.
    var command: [String]
    var intervalNanoseconds: Int64, timeoutNanoseconds: Int64, startPeriodNanoseconds: Int64, startIntervalNanoseconds: Int64
    var retries: Int

    /// The check of a container; nil where there is none, or where it is switched off.
    init?(_ config: ContainerConfig) {
        guard let asked = config.Healthcheck, let kind = asked.Test?.first else { return nil }
        let words = Array((asked.Test ?? []).dropFirst())
        switch kind {
        case "CMD": command = words
        case "CMD-SHELL": command = (config.Shell.flatMap { $0.isEmpty ? nil : $0 } ?? ["/bin/sh", "-c"]) + words.prefix(1)
        default: return nil
        }
        guard !words.isEmpty else { return nil }
        func orDefault(_ value: Int64?, seconds: Int64) -> Int64 { value.flatMap { $0 > 0 ? $0 : nil } ?? seconds * 1_000_000_000 }
        intervalNanoseconds = orDefault(asked.Interval, seconds: 30)
        timeoutNanoseconds = orDefault(asked.Timeout, seconds: 30)
        startPeriodNanoseconds = orDefault(asked.StartPeriod, seconds: 0)
        startIntervalNanoseconds = orDefault(asked.StartInterval, seconds: 5)
        retries = asked.Retries.flatMap { $0 > 0 ? $0 : nil } ?? 3
    }

    /// How long to wait for the next probe: shorter in the start period, as long as nothing has succeeded.
    func pauseNanoseconds(_ status: HealthStatus, sinceStart: Int64) -> Int64 {
        status == .starting && sinceStart < startPeriodNanoseconds ? min(startIntervalNanoseconds, intervalNanoseconds) : intervalNanoseconds
    }
}
