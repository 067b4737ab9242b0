// Docker's words for times and sizes, which clients show and people and scripts read. docker/go-units. Chapter 12.

/// A span of time in words: `3 seconds`, `About an hour`, `2 weeks`. The steps are Docker's.
public func humanDuration(seconds: Int64) -> String {
    let minutes = seconds / 60, hours = (seconds + 1800) / 3600
    switch seconds {
    case ..<1: return "Less than a second"
    case 1: return "1 second"
    case ..<60: return "\(seconds) seconds"
    default: break
    }
    if minutes == 1 { return "About a minute" }
    if minutes < 60 { return "\(minutes) minutes" }
    if hours == 1 { return "About an hour" }
    if hours < 48 { return "\(hours) hours" }
    let days = seconds / 86_400
    if days < 14 { return "\(days) days" }
    if days < 60 { return "\(days / 7) weeks" }
    if days < 730 { return "\(days / 30) months" }
    return "\(days / 365) years"
}

/// A size in decimal units with four significant digits at most, as `docker images` prints it: `1.234MB`.
public func humanSize(_ bytes: Int64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB"]
    var value = Double(bytes), unit = 0
    while value >= 1000, unit < units.count - 1 {
        value /= 1000
        unit += 1
    }
    let digits = value >= 100 ? 1.0 : value >= 10 ? 100.0 : 1000.0
    let rounded = unit == 0 ? value : (value * (value >= 100 ? 1 : digits)).rounded() / (value >= 100 ? 1 : digits)
    let text = rounded == rounded.rounded() ? "\(Int64(rounded))" : "\(rounded)"
    return text + units[unit]
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
