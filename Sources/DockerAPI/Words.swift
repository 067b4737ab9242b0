// Docker's words for times and states, which clients show and people and scripts read. docker/go-units. Chapter 12.

/// A span of time in words: `3 seconds`, `About an hour`, `2 weeks`. The steps are Docker's: from hours on it rounds to the nearest hour.
///
/// - SeeAlso: https://github.com/docker/go-units/blob/master/duration.go
public func humanDuration(seconds: Int64) -> String {
    let minutes = seconds / 60, hours = (seconds + 1_800) / 3_600
    return switch (seconds, minutes, hours) {
    case (..<1, _, _): "Less than a second"
    case (1, _, _): "1 second"
    case (..<60, _, _): "\(seconds) seconds"
    case (_, 1, _): "About a minute"
    case (_, ..<60, _): "\(minutes) minutes"
    case (_, _, 1): "About an hour"
    case (_, _, ..<48): "\(hours) hours"
    case (_, _, ..<(14 * 24)): "\(hours / 24) days"
    case (_, _, ..<(60 * 24)): "\(hours / 24 / 7) weeks"
    case (_, _, ..<(730 * 24)): "\(hours / 24 / 30) months"
    default: "\(seconds / 3_600 / 24 / 365) years"
    }
}

/// The status column of `docker ps`.
/// - Parameters:
///   - state: as in `ContainerState.Status`
///   - since: seconds since it started or ended, as the state has it
public func statusText(_ state: String, exitCode: Int, since: Int64) -> String {
    switch state {
    case "running": "Up \(humanDuration(seconds: since))"
    case "paused": "Up \(humanDuration(seconds: since)) (Paused)"
    case "restarting": "Restarting (\(exitCode)) \(humanDuration(seconds: since)) ago"
    case "exited": "Exited (\(exitCode)) \(humanDuration(seconds: since)) ago"
    case "removing": "Removal In Progress"
    case "dead": "Dead"
    default: "Created"
    }
}
