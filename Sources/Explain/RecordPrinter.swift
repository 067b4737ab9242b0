// Turns records into what a person reads: a heading per step with its reason and chapter, and a line per kernel call below it. Several processes
// write at once (the child mounts while its parent waits for it), each with a printer of its own, so every line begins with its speaker.
// Chapter 06.

import Linux

/// Prints records.
public struct RecordPrinter: Sendable {
    /// A printer.
    public init() {}

    /// The text for one record, with its newlines.
    public func print(_ record: Record) -> String {
        let speaker = padded(record.process, to: 9)
        switch record.kind {
        case .note: return "\(speaker)# \(record.subject ?? "")\n"
        case .step:
            let chapter = record.chapter.map { ", chapter \($0 < 10 ? "0" : "")\($0)" } ?? ""
            return "\(speaker)\(record.step ?? "?")\(chapter): \(record.because ?? "it is asked for")\n"
        case .call:
            let errno = record.errno ?? 0
            let outcome = errno == 0 ? "\(record.result ?? 0)" : KernelError(call: "", subject: "", errno: errno).reason
            return "\(speaker)  \(padded("\(record.call ?? "?") \(record.subject ?? "")", to: 76)) = \(outcome)\n"
        }
    }
}

private func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}
