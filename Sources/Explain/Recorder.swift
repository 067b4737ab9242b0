// The recorder: sees every kernel call through Linux's choke-point and every step through `run`, and writes a record of each to a
// descriptor. It is installed once, in programs with one thread; a cloned child inherits it and only changes the name it writes under.
//
// A reader that is slow or gone costs records, never the container: they are counted, and the next one that gets through says how many are
// missing. Chapter 06.

public import Linux

/// How records are written.
public enum RecordFormat: Sendable {
    /// A JSON object a line, for programs.
    case jsonLines
    /// Indented text, for people.
    case text
}

/// Writes a record of every kernel call.
public struct RecordingWitness: Witness {
    let recorder: Recorder

    /// Every call happens.
    public mutating func willCall(_ call: StaticString) -> CInt? { nil }

    /// Writes the record of a call.
    public mutating func didCall(_ call: StaticString, _ subject: String, result: Int, errno: CInt) {
        recorder.write(call: "\(call)", subject, result: result, errno: errno)
    }
}

/// Begins to record.
/// - Parameters:
///   - descriptor: where to; it must stay open, and is not closed by the recorder.
///   - process: who we are, see `Record.process`.
///   - notes: remarks to begin with, such as `Namespaces: reference`.
public func startRecording(to descriptor: FileDescriptor, as process: String, format: RecordFormat = .jsonLines, notes: [String] = []) {
    let recorder = Recorder(descriptor: descriptor, process: process, format: format)
    unsafe current = recorder
    for text in notes { note(text) }
    setWitness(RecordingWitness(recorder: recorder))
}

/// Ends recording in this process.
public func stopRecording() {
    setWitness(nil)
    unsafe current = nil
}

/// Stops writing for a while, without forgetting where to.
public func pauseRecording() { setWitness(nil) }

/// Goes on writing after `pauseRecording`.
public func resumeRecording() {
    if let recorder = unsafe current { setWitness(RecordingWitness(recorder: recorder)) }
}

/// Where records go; nil while none are written.
public var recordingDescriptor: FileDescriptor? { unsafe current?.descriptor }

/// Says that we are another process now; a cloned child's first act.
public func continueRecording(as process: String) {
    unsafe current?.process = process
    unsafe current?.step = nil
}

/// Records a remark.
public func note(_ text: String) { unsafe current?.write(note: text) }

/// Records that a step begins.
func record(step: String, because: String, chapter: Int) { unsafe current?.write(step: step, because: because, chapter: chapter) }

/// The process's recorder. Only programs with one thread install one, as `setWitness` checks.
nonisolated(unsafe) private var current: Recorder?

/// Where records go, and what they have in common.
final class Recorder {
    let descriptor: FileDescriptor
    private let format: RecordFormat
    private let printer = RecordPrinter()
    private var lost = 0
    var process: String
    var step: String?

    init(descriptor: FileDescriptor, process: String, format: RecordFormat) {
        self.descriptor = descriptor
        self.process = process
        self.format = format
    }

    func write(step: String, because: String, chapter: Int) {
        self.step = step
        var record = new(.step)
        record.because = because
        record.chapter = chapter
        write(record)
    }

    func write(call: String, _ subject: String, result: Int, errno: CInt) {
        var record = new(.call)
        record.call = call
        record.subject = shortened(subject)
        record.result = errno == 0 ? result : -1
        record.errno = errno
        write(record)
    }

    func write(note text: String) {
        var record = new(.note)
        record.subject = text
        write(record)
    }

    private func new(_ kind: Record.Kind) -> Record {
        let now = wallClock()
        var record = Record(process: process, time: now.seconds * 1_000_000_000 + now.nanoseconds, kind: kind)
        record.step = step
        return record
    }

    private func write(_ record: Record) {
        if lost > 0 {
            var missing = new(.note)
            missing.subject = "\(lost) records are missing: the reader was too slow"
            guard send(missing) else { return lost += 1 }
            lost = 0
        }
        if !send(record) { lost += 1 }
    }

    private func send(_ record: Record) -> Bool {
        let text = format == .jsonLines ? record.line : printer.print(record)
        return writeUnseen(descriptor, [UInt8](text.utf8))
    }
}

/// At most 1,000 bytes: a write to a pipe is indivisible only up to 4,096, and two processes write.
private func shortened(_ subject: String) -> String {
    subject.utf8.count <= 1000 ? subject : String(subject.prefix(250)) + "…"
}
