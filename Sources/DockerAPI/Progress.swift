// The lines that a pull, push, import or build sends while it works: moby's jsonmessage. New clients draw a bar from the numbers of
// `progressDetail`; old ones print `progress`, a bar drawn by the engine for a terminal of 200 columns. Engine API v1.43; moby,
// pkg/jsonmessage and docker/go-units. Chapter 12.

/// A line of an image's import, pull or push.
public struct ProgressLine: Codable, Sendable, Equatable {
    public var status: String?, id: String?, stream: String?
    public var progressDetail: Detail?
    public var progress: String?
    public var errorDetail: Failure?, error: String?

    public init(status: String) { self.status = status }
    public init(failure: String) { (errorDetail, error) = (Failure(message: failure), failure) }

    /// What happens to one part, such as a layer; `detail` is empty where there is nothing to measure.
    public init(status: String, id: String, detail: Detail = Detail()) {
        (self.status, self.id, progressDetail) = (status, id, detail)
        progress = detail.bar
    }

    public struct Detail: Codable, Sendable, Equatable {
        /// Bytes.
        public var current: Int64?, total: Int64?
        public init(current: Int64? = nil, total: Int64? = nil) { (self.current, self.total) = (current, total) }
    }
    public struct Failure: Codable, Sendable, Equatable { public var message: String }
}

extension ProgressLine.Detail {
    /// `[====>      ]  1.2MB/3MB`; nil where nothing is known.
    var bar: String? {
        let current = current ?? 0, total = total ?? 0
        guard current > 0 || total > 0 else { return nil }
        let now = humanSize(current), padded = String(repeating: " ", count: max(0, 8 - now.count)) + now
        guard total > 0 else { return padded }
        let drawn = max(0, min(50, Int(Double(current) / Double(total) * 100) / 2))
        let box = "[" + String(repeating: "=", count: drawn) + ">" + String(repeating: " ", count: 50 - drawn) + "] "
        return box + padded + (current > total ? "" : "/\(humanSize(total))")
    }
}

/// Bytes as Docker writes them, with four digits that count: `1.296MB`, `512B`. Steps of 1000.
public func humanSize(_ bytes: Int64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
    var value = Double(bytes), unit = 0
    while value >= 1000, unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
    let decimals = value >= 1000 ? 0 : value >= 100 ? 1 : value >= 10 ? 2 : 3
    let scale = [1, 10, 100, 1000][decimals], rounded = Int64((value * Double(scale)).rounded())
    var digits = String(rounded % Int64(scale) + Int64(scale)).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return "\(rounded / Int64(scale))\(digits.isEmpty ? "" : ".\(digits)")\(units[unit])"
}
