// What a reader of a log asks for, and in which form it wants the entries: the words of `GET /containers/ID/logs`. Chapter 11.

/// Which entries of a log are wanted.
public struct LogQuery: Sendable, Equatable {
    /// Entries at or after this time.
    public var since: WallTime?
    /// Entries up to this time; a reader that follows ends when it has passed.
    public var until: WallTime?
    /// Only so many entries from the end (before `since`, `until` and the streams choose among them); nil for all.
    public var tail: Int?
    /// Wait for more until the container has ended.
    public var follow: Bool
    public var output: Bool
    public var error: Bool

    public init(since: WallTime? = nil, until: WallTime? = nil, tail: Int? = nil, follow: Bool = false, output: Bool = true, error: Bool = true) {
        self.since = since
        self.until = until
        self.tail = tail
        self.follow = follow
        self.output = output
        self.error = error
    }

    func wants(_ entry: LogEntry) -> Bool {
        guard entry.stream == .output ? output : error else { return false }
        return since.map { entry.time >= $0 } ?? true
    }
}

/// The form in which entries are handed on.
public struct LogRendering: Sendable, Equatable {
    /// Each entry as one stdcopy frame, for containers without a terminal; otherwise bare text.
    public var framed: Bool
    /// Each entry begins with its time, nine digits of a second, and a blank.
    public var timestamps: Bool

    public init(framed: Bool, timestamps: Bool = false) {
        self.framed = framed
        self.timestamps = timestamps
    }

    /// Appends an entry in this form.
    public func append(_ entry: LogEntry, to output: inout [UInt8]) {
        let start = output.count
        if framed { output += Frame.header(entry.stream, count: 0) }
        if timestamps {
            entry.time.append(to: &output, fixedDigits: true)
            output.append(UInt8(ascii: " "))
        }
        output += entry.text
        if framed { Frame.setCount(output.count - start - Frame.headerBytes, at: start, in: &output) }
    }
}

/// A frame of Docker's multiplexed streams (stdcopy): eight bytes of header, then the payload.
///
///     ┌────────┬───┬───┬───┬───────────────────────┬─────────
///     │ stream │ 0 │ 0 │ 0 │ count, big endian      │ payload
///     └────────┴───┴───┴───┴───────────────────────┴─────────
public enum Frame {
    public static let headerBytes = 8

    /// The header of a frame with `count` bytes of payload.
    public static func header(_ stream: LogStream, count: Int) -> [UInt8] {
        var bytes: [UInt8] = [stream.rawValue, 0, 0, 0, 0, 0, 0, 0]
        setCount(count, at: 0, in: &bytes)
        return bytes
    }

    static func setCount(_ count: Int, at start: Int, in bytes: inout [UInt8]) {
        for index in 0..<4 { bytes[start + 4 + index] = UInt8(truncatingIfNeeded: count >> (24 - 8 * index)) }
    }
}
