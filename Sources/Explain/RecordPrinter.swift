// Turns records into what a person reads: a heading per step with its reason and chapter, and a line per kernel call below it. Several
// processes write at once (the child mounts while its parent waits for the cgroup), so a heading is repeated when the speaker changes.
// Chapter 06.

import Linux

/// Prints records; remembers who spoke last.
public struct RecordPrinter: Sendable {
    private var last: (process: String, step: String?) = ("", nil)

    /// Begins with nobody.
    public init() {}

    /// The text for one record, with its newlines.
    public mutating func print(_ record: Record) -> String {
        switch record.kind {
        case .note: return "# \(record.subject ?? "")\n"
        case .step:
            last = (record.process, record.step)
            return heading(record) + "    because \(record.because ?? "it is asked for")\n"
        case .call:
            let isSame = last == (record.process, record.step)
            last = (record.process, record.step)
            return (isSame ? "" : heading(record)) + call(record)
        }
    }

    private func heading(_ record: Record) -> String {
        let chapter = record.chapter.map { " (chapter \($0 < 10 ? "0" : "")\($0))" } ?? ""
        return "[\(record.process)] \(record.step ?? "outside any step")\(chapter)\n"
    }

    private func call(_ record: Record) -> String {
        let text = "    \(record.call ?? "?") \(record.subject ?? "")"
        let padding = String(repeating: " ", count: max(1, 76 - text.count))
        let errno = record.errno ?? 0
        let outcome = errno == 0 ? "\(record.result ?? 0)" : KernelError(call: "", subject: "", errno: errno).reason
        return "\(text)\(padding)= \(outcome)\n"
    }
}
