// What the filters of `GET /images/json` mean: patterns of names, Go's words for true and false, and moments. Chapter 12; Engine API, ImageList.
import Images
import OCI
import ShimProtocol

/// Docker's `reference` filter: patterns over the short name, with or without its tag; `*` and `?` stop at slashes.
func matches(_ name: Reference, _ patterns: [String]) -> Bool {
    patterns.contains { glob($0, name.familiar) || glob($0, name.familiarName) }
}

/// Go's words for true and false.
func truth(_ text: String, of filter: String) throws(EngineError) -> Bool {
    switch text.lowercased() {
    case "1", "t", "true": return true
    case "0", "f", "false": return false
    default: throw EngineError(.invalid, "invalid filter '\(filter)=[\(text)]'")
    }
}

/// `path.Match` without character classes.
func glob(_ pattern: some StringProtocol, _ text: some StringProtocol) -> Bool {
    guard let first = pattern.first else { return text.isEmpty }
    let rest = pattern.dropFirst()
    switch first {
    case "*":
        var tail = text[...]
        while true {
            if glob(rest, tail) { return true }
            guard let next = tail.first, next != "/" else { return false }
            tail = tail.dropFirst()
        }
    case "?": return text.first.map { $0 != "/" && glob(rest, text.dropFirst()) } ?? false
    default: return text.first == first && glob(rest, text.dropFirst())
    }
}

/// `until`: seconds since 1970, an RFC 3339 time, or how long ago in Go's words (`24h`, `1h30m`); in nanoseconds since 1970.
func filterMoment(_ text: String) throws(EngineError) -> Int64 {
    if let seconds = Double(text), seconds >= 0, seconds < 9e9 { return Int64(seconds * 1e9) }
    if let time = nanoseconds(ofTimestamp: text) { return time }
    let units: [String: Double] = ["ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9]
    var total = 0.0, rest = text[...]
    while !rest.isEmpty {
        let number = rest.prefix { $0.isNumber || $0 == "." }
        let unit = rest.dropFirst(number.count).prefix { $0.isLetter }
        guard let value = Double(number), let scale = units[String(unit)] else { throw EngineError(.invalid, "invalid filter 'until=[\(text)]'") }
        total += value * scale
        rest = rest.dropFirst(number.count + unit.count)
    }
    guard !text.isEmpty, total < 9e18 else { throw EngineError(.invalid, "invalid filter 'until=[\(text)]'") }
    return WallTime.now.nanoseconds - Int64(total)
}
