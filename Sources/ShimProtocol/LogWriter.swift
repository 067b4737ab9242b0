// Writes a container's log: cuts what the container writes into lines, encodes them, rotates the files.
//
//     chunk of a pipe ──► lines (a rest waits for its end) ──► JSON in a buffer ──► one write(2) per chunk
//
// A disk that is full must not stop the container. Lines that could not be written are counted and gone; the file never keeps half a line;
// and as soon as writing works again, a line of our own says how many are missing. Chapter 11.
public import Linux

/// The writing end of one container's log.
public final class LogWriter {
    private let settings: ShimConfiguration.Log
    private let path: FilePath
    private var file: Descriptor
    private var bytes: Int64
    private var buffer: [UInt8] = []
    private var rests: [LogStream: [UInt8]] = [:]

    /// Lines lost since writing last worked, and why.
    public private(set) var loss: ShimEvent.LogLoss?

    /// Opens the log for appending, and makes it where it is missing, mode 0640.
    public init(_ settings: ShimConfiguration.Log) throws(KernelError) {
        self.settings = settings
        path = FilePath(settings.path)
        file = try open(path, [.writeOnly, .create, .append], mode: 0o640)
        bytes = try status(FileDescriptor(rawValue: file.number)).bytes
        try repairEnd()
    }

    /// A shim that was killed, or a machine that lost power, may have left half a line: it is cut off, so that the next one is whole.
    private func repairEnd() throws(KernelError) {
        guard bytes > 0 else { return }
        let reader = try open(path, .readOnly)
        let start = max(0, bytes - 262_144)
        let tail = try reader.borrow { (descriptor) throws(KernelError) in
            try seek(descriptor, to: start)
            return try readAll(descriptor)
        }
        guard tail.last != UInt8(ascii: "\n") else { return }
        bytes = start + Int64(tail.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0)
        try truncate(FileDescriptor(rawValue: file.number), to: bytes)
    }

    /// Logs what the container wrote. Returns when it is in the file, or counted as lost.
    public func append(_ chunk: ArraySlice<UInt8>, _ stream: LogStream, at time: WallTime) {
        let suffix = LogLine.suffix(stream, time)
        var rest = chunk
        if var waiting = rests[stream], !waiting.isEmpty {
            rests[stream] = []
            // Completed by what the newcomer has up to its first newline, or to the limit.
            let most = rest.prefix(LogLine.limit - waiting.count)
            let end = most.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? most.endIndex
            waiting += rest[..<end]
            rest = rest[end...]
            guard waiting.last == UInt8(ascii: "\n") || waiting.count == LogLine.limit else {
                rests[stream] = waiting
                return
            }
            encode(waiting[...], suffix)
        }
        while !rest.isEmpty {
            let most = rest.prefix(LogLine.limit)
            if let newline = most.firstIndex(of: UInt8(ascii: "\n")) {
                encode(rest[...newline], suffix)
                rest = rest[(newline + 1)...]
            } else if most.count == LogLine.limit {
                encode(most, suffix)
                rest = rest[most.endIndex...]
            } else {
                rests[stream] = Array(rest)
                break
            }
        }
        flush(at: time)
    }

    /// Logs what waits for the end of its line, which will not come any more.
    public func finish(at time: WallTime) {
        for stream in LogStream.allCases {
            guard let rest = rests.removeValue(forKey: stream), !rest.isEmpty else { continue }
            encode(rest[...], LogLine.suffix(stream, time))
        }
        flush(at: time)
    }

    private func encode(_ text: ArraySlice<UInt8>, _ suffix: [UInt8]) {
        if let most = settings.maxBytes, bytes + Int64(buffer.count) >= Int64(most) {
            flush(at: .now)
            rotate()
        }
        buffer += LogLine.prefix
        LogLine.escape(text, into: &buffer)
        buffer += suffix
    }

    // MARK: The file

    /// Writes the buffer: whole lines, or none of a line.
    private func flush(at time: WallTime) {
        guard !buffer.isEmpty else { return }
        defer { buffer.removeAll(keepingCapacity: true) }
        if let loss {
            let note = "slipway: \(loss.lines) log lines were lost here: \(loss.reason)\n"
            var line: [UInt8] = []
            LogLine.append(Array(note.utf8)[...], .error, time, to: &line)
            guard write(line) == line.count else { return lose(buffer[...], loss.reason) }
            self.loss = nil
        }
        let written = write(buffer)
        if written < buffer.count { lose(buffer[written...], failure.map(\.reason) ?? "short write") }
    }

    private var failure: KernelError?

    /// Returns how many bytes are in the file for good: all, or up to the end of a line.
    private func write(_ lines: [UInt8]) -> Int {
        let number = FileDescriptor(rawValue: file.number)
        var done = 0
        do throws(KernelError) {
            while done < lines.count { done += try writeSome(number, lines[done...]) }
        } catch {
            failure = error
            let whole = lines[..<done].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            if whole < done {
                try? truncate(number, to: bytes + Int64(whole))  // the reader passes over half a line; the next start repairs it
            }
            done = whole
        }
        bytes += Int64(done)
        return done
    }

    private func lose(_ lines: ArraySlice<UInt8>, _ reason: String) {
        let count = lines.count { $0 == UInt8(ascii: "\n") }
        loss = ShimEvent.LogLoss(lines: (loss?.lines ?? 0) + count, reason: reason)
    }

    /// `x` becomes `x.1`, `x.1` becomes `x.2`, …; the oldest goes. The new file is made first: where that fails, the old one goes on.
    private func rotate() {
        let fresh = FilePath("\(path).new")
        do throws(KernelError) {
            let new = try open(fresh, [.writeOnly, .create, .truncate, .append], mode: 0o640)
            for index in stride(from: settings.maxFiles - 1, to: 0, by: -1) {
                do throws(KernelError) {
                    try rename(LogFile.name(path, index - 1), to: LogFile.name(path, index))
                } catch {
                    guard error.means(.missing) else { throw error }
                }
            }
            try rename(fresh, to: path)
            file = new
            bytes = 0
        } catch {
            failure = error  // told with the next loss; nothing is lost by a file that is too long
        }
    }
}
