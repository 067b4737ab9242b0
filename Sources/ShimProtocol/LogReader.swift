// Reads a container's log from its files, also while the shim writes and rotates them, also when the shim is gone. For a thread that may
// wait: `next` blocks while it follows, and ends when the container has ended and everything is read.
//
//     files:   x.log.2 ──► x.log.1 ──► x.log       oldest first; at the end of one, the next newer by inode
//
// The end is decided in this order: ask whether the container has ended, *then* read to the end of the file. The other way round a last
// line could slip in between. Chapter 11. man 7 inotify.
public import Linux

/// A reader of one log, at some place of it.
public final class LogReader {
    private let path: FilePath
    private let maxFiles: Int
    private let query: LogQuery
    /// Files to read, oldest first; the first is being read.
    private var files: [LogFile]
    private var isPastUntil = false
    private let watch: FileWatch
    private let poll: Poll

    /// Opens a log.
    /// - Parameters:
    ///   - path: the file that is written; it need not exist yet
    ///   - maxFiles: how many files the writer keeps, as configured
    /// - Throws: `kernel` where a file is there and cannot be read.
    public init(_ path: FilePath, maxFiles: Int = 1, query: LogQuery) throws(KernelError) {
        self.path = path
        self.maxFiles = maxFiles
        self.query = query
        files = try LogFile.openAll(path, maxFiles: maxFiles)
        watch = try FileWatch()
        poll = try Poll()
        if query.follow {
            try watch.add(path.removingLastComponent())
            try poll.add(FileDescriptor(rawValue: watch.number), .readable, token: 0)
        }
        if let tail = query.tail { try skip(to: tail) }
    }

    private func skip(to tail: Int) throws(KernelError) {
        var wanted = max(0, tail), index = files.count
        while index > 0, wanted > 0 {
            index -= 1
            wanted -= try files[index].skipToLast(wanted)
        }
        files.removeFirst(min(index, max(0, files.count - 1)))
        if tail <= 0 { _ = try files.last?.skipToLast(0) }
    }

    /// Appends the next entries to `output`, waiting for some where the query follows.
    /// - Parameters:
    ///   - mostBytes: stop soon after so many bytes
    ///   - hasEnded: whether the container has ended (its log is complete); asked before each look at the files
    ///   - isCancelled: whether nobody wants the entries any more; asked at least every `patienceMilliseconds`
    /// - Returns: false when all is read (or cancelled) and nothing was appended.
    public func next(
        into output: inout [UInt8], as rendering: LogRendering, mostBytes: Int = 65_536, patienceMilliseconds: CInt = 250,
        hasEnded: () -> Bool, isCancelled: () -> Bool = { false }
    ) throws(KernelError) -> Bool {
        while true {
            let isLastLook = !query.follow || hasEnded() || query.until.map { $0 < .now } ?? false
            let before = output.count
            try readAvailable { (entry) in
                rendering.append(entry, to: &output)
                return output.count - before < mostBytes
            }
            if output.count > before { return true }
            if isPastUntil || isLastLook || isCancelled() { return false }
            watch.drain()
            if try hasMore() { continue }
            _ = try poll.wait(milliseconds: patienceMilliseconds)
        }
    }

    /// Hands on the entries that are there, until `body` returns false or there is no more at present.
    public func readAvailable(_ body: (LogEntry) -> Bool) throws(KernelError) {
        while !isPastUntil {
            guard let file = files.first else {
                files = try LogFile.openAll(path, maxFiles: maxFiles)
                if files.isEmpty { return }
                continue
            }
            guard let line = try file.nextLine() else {
                guard try advance(from: file) else { return }
                continue
            }
            guard let entry = LogEntry(line: line) else { continue }
            if let until = query.until, entry.time > until { isPastUntil = true }
            if !isPastUntil, query.wants(entry), !body(entry) { return }
        }
    }

    /// At the end of a file: goes on to the next newer one, if there is one. What was written to this one before it was rotated away is
    /// read first: a file is left only when its end was seen after another had become the current one.
    private func advance(from file: LogFile) throws(KernelError) -> Bool {
        if files.count == 1 {
            let all = try LogFile.openAll(path, maxFiles: maxFiles)
            let newer = all.lastIndex { $0.inode == file.inode }.map { Array(all[($0 + 1)...]) } ?? all
            guard !newer.isEmpty else { return false }
            files += newer
            if try file.bytes > file.offset { return true }
        }
        files.removeFirst()
        return true
    }

    /// Whether something came while we were not watching.
    private func hasMore() throws(KernelError) -> Bool {
        guard let file = files.last else { return exists(path) }
        if try file.bytes > file.offset { return true }
        do throws(KernelError) {
            return try status(path).inode != file.inode
        } catch {
            guard error.means(.missing) else { throw error }
            return false
        }
    }
}
