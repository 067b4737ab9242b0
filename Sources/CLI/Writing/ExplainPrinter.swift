// What `--explain` shows: a heading for each step with its reason and chapter, and below it every kernel call with its result and the time since
// the first. Two processes make a container together, so a heading comes again when the other one speaks. Records arrive as JSON, one a
// line, from engines of any version: what is missing is left out, what is unknown is passed over. chapter 06, 13

internal import JSON
internal import Linux

/// Turns records into text, and counts them.
struct ExplainPrinter {
    let isColored: Bool
    private var partial: [UInt8] = [], last = ("", ""), firstTime: Int64?, lastTime: Int64 = 0
    private var steps: Set<String> = [], calls: [String: Int] = [:], failed = 0

    init(isColored: Bool) { self.isColored = isColored }

    /// The text for bytes of the stream; a line that isn't whole yet waits for its rest.
    mutating func text(for bytes: [UInt8]) -> String {
        partial += bytes
        var all = ""
        while let end = partial.firstIndex(of: 0x0a) {
            if let record = JSONValue(Array(partial[..<end])) { all += text(for: record) }
            partial.removeSubrange(...end)
        }
        return all
    }

    /// The last line: how many calls, in how many steps, how long.
    func summary() -> String {
        let total = calls.values.reduce(0, +)
        guard total > 0, let firstTime else { return "" }
        let most = calls.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(6).map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let refused = failed == 0 ? "" : "; \(failed) answered with an error"
        return bold("── \(total) kernel calls in \(steps.count) steps, \(milliseconds(lastTime - firstTime)) ms") + ": \(most)\(refused)\n"
    }

    private mutating func text(for record: JSONValue) -> String {
        let time = record["time"]?.integer ?? lastTime
        if firstTime == nil { firstTime = time }
        lastTime = max(lastTime, time)
        let speaker = (record["process"]?.string ?? "?", record["step"]?.string ?? "")
        switch record["kind"]?.string {
        case "note": return dim("── \(record["subject"]?.string ?? "")") + "\n"
        case "step":
            last = speaker
            steps.insert(speaker.0 + "/" + speaker.1)
            return heading(record, speaker) + (record["because"]?.string).map { dim("   because \($0)") + "\n" }.orEmpty
        case "call":
            let isNew = speaker != last
            last = speaker
            if !speaker.1.isEmpty { steps.insert(speaker.0 + "/" + speaker.1) }
            return (isNew ? heading(record, speaker) : "") + call(record, time)
        default: return ""
        }
    }

    private func heading(_ record: JSONValue, _ speaker: (String, String)) -> String {
        let title = speaker.1.isEmpty ? "between the steps" : speaker.1
        let chapter = record["chapter"]?.integer.map { " · chapter \($0 < 10 ? "0" : "")\($0)" } ?? ""
        return "\n" + bold("── \(title)") + dim("  (\(speaker.0)\(chapter))") + "\n"
    }

    private mutating func call(_ record: JSONValue, _ time: Int64) -> String {
        let name = record["call"]?.string ?? "?", code = record["errno"]?.integer ?? 0
        calls[name, default: 0] += 1
        if code != 0 { failed += 1 }
        let text = "\(name) \(Self.shortened(record["subject"]?.string ?? ""))", stamp = milliseconds(time - (firstTime ?? time))
        let outcome =
            code == 0 ? "= \(record["result"]?.integer ?? 0)" : red("= \(KernelError(call: name, subject: "", errno: Int32(truncatingIfNeeded: code)).reason)")
        return dim(String(repeating: " ", count: max(0, 9 - stamp.count)) + stamp)
            + "  \(text)\(String(repeating: " ", count: max(1, 84 - text.count)))\(outcome)\n"
    }

    /// IDs of 64 digits shortened to their first twelve, as everywhere: the lines of a container would else be two screens wide.
    static func shortened(_ text: String) -> String {
        var all = "", digits = ""
        for character in text + "/" {
            if character.isHexDigit {
                digits.append(character)
                continue
            }
            all += digits.count == 64 ? digits.prefix(12) + "…" : digits
            all.append(character)
            digits = ""
        }
        return String(all.dropLast())
    }

    /// Nanoseconds as milliseconds with two decimals.
    private func milliseconds(_ nanoseconds: Int64) -> String {
        let hundredths = max(0, nanoseconds) / 10_000
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }

    private func bold(_ text: String) -> String { isColored ? "\u{1b}[1m\(text)\u{1b}[0m" : text }
    private func dim(_ text: String) -> String { isColored ? "\u{1b}[2m\(text)\u{1b}[0m" : text }
    private func red(_ text: String) -> String { isColored ? "\u{1b}[31m\(text)\u{1b}[0m" : text }
}

extension String? {
    /// The text, or none.
    var orEmpty: String { self ?? "" }
}
