import Linux
import ShimProtocol
import Synchronization
import Testing

/// A directory for one test's log, removed at its end.
final class Scratch {
    let path: FilePath

    init() throws {
        path = FilePath("/tmp/slipway-log-\(currentProcess())-\(monotonicNanoseconds())")
        try makeDirectory(path, mode: 0o700)
    }

    deinit { try? removeTree(path) }  // a test that failed to make it has nothing to remove

    var log: FilePath { path.appending("x-json.log") }

    func settings(maxBytes: Int? = nil, maxFiles: Int = 1) -> ShimConfiguration.Log {
        ShimConfiguration.Log(path: "\(log)", maxBytes: maxBytes, maxFiles: maxFiles)
    }
}

/// Everything that a query finds at present, as texts.
func texts(_ log: FilePath, maxFiles: Int = 1, _ query: LogQuery = LogQuery()) throws -> [String] {
    var found: [String] = []
    try LogReader(log, maxFiles: maxFiles, query: query).readAvailable {
        found.append(String(decoding: $0.text, as: UTF8.self))
        return true
    }
    return found
}

func time(_ second: Int64) -> WallTime { WallTime(nanoseconds: second * 1_000_000_000) }

@Suite("Writing a log")
struct LogWriterTests {
    @Test("joins what comes in pieces to lines, stream by stream")
    func pieces() throws {
        let scratch = try Scratch()
        let writer = try LogWriter(scratch.settings())
        writer.append(Array("one\ntw".utf8)[...], .output, at: time(1))
        writer.append(Array("ERR".utf8)[...], .error, at: time(2))
        writer.append(Array("o\nthr".utf8)[...], .output, at: time(3))
        #expect(try texts(scratch.log) == ["one\n", "two\n"])
        writer.finish(at: time(4))
        #expect(try texts(scratch.log) == ["one\n", "two\n", "thr", "ERR"])
    }

    @Test("cuts a long line into pieces of 16 KiB, of which the last ends it", arguments: [1, 700, 16_384, 16_385, 65_536])
    func longLines(chunk: Int) throws {
        let scratch = try Scratch()
        let writer = try LogWriter(scratch.settings())
        var bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 40_000) + [10]
        bytes += [UInt8](repeating: UInt8(ascii: "y"), count: 16_384) + [10]
        bytes += [UInt8](repeating: UInt8(ascii: "z"), count: 16_383) + [10]
        for start in stride(from: 0, to: bytes.count, by: chunk) { writer.append(bytes[start..<min(start + chunk, bytes.count)], .output, at: time(1)) }
        let found = try texts(scratch.log)
        #expect(found.map(\.utf8.count) == [16_384, 16_384, 7_233, 16_384, 1, 16_384])
        #expect(found.joined().utf8.elementsEqual(bytes))
    }

    @Test("keeps as many files as asked for, newest lines first to stay", arguments: [1, 2, 5])
    func rotation(maxFiles: Int) throws {
        let scratch = try Scratch()
        let writer = try LogWriter(scratch.settings(maxBytes: 1_000, maxFiles: maxFiles))
        for number in 0..<200 { writer.append(Array("line \(number)\n".utf8)[...], .output, at: time(Int64(number))) }
        let names = try entries(scratch.path).sorted()
        #expect(names == ["x-json.log"] + (1..<maxFiles).map { "x-json.log.\($0)" })
        for name in names { #expect(try status(scratch.path.appending(name)).bytes < 1_100) }
        let found = try texts(scratch.log, maxFiles: maxFiles)
        #expect(found.last == "line 199\n")
        #expect(found == (200 - found.count..<200).map { "line \($0)\n" }, "without a gap")
        #expect(found.count >= (maxFiles - 1) * 12)
    }

    @Test("rotates within one big chunk, too")
    func rotationInChunk() throws {
        let scratch = try Scratch()
        let writer = try LogWriter(scratch.settings(maxBytes: 1_000, maxFiles: 3))
        writer.append(Array((0..<200).map { "line \($0)\n" }.joined().utf8)[...], .output, at: time(1))
        #expect(try entries(scratch.path).count == 3)
        #expect(try texts(scratch.log, maxFiles: 3).last == "line 199\n")
    }

    @Test("goes on behind an earlier run's lines, and cuts off half a line that a crash has left")
    func goesOn() throws {
        let scratch = try Scratch()
        try LogWriter(scratch.settings()).append(Array("first\n".utf8)[...], .output, at: time(1))
        try writeFile(scratch.log, readText(scratch.log) + #"{"log":"torn"#)
        try LogWriter(scratch.settings()).append(Array("second\n".utf8)[...], .output, at: time(2))
        #expect(try texts(scratch.log) == ["first\n", "second\n"])
    }
}

@Suite("Reading a log")
struct LogReaderTests {
    private func filled(_ count: Int, maxBytes: Int? = nil, maxFiles: Int = 1) throws -> Scratch {
        let scratch = try Scratch()
        let writer = try LogWriter(scratch.settings(maxBytes: maxBytes, maxFiles: maxFiles))
        for number in 0..<count { writer.append(Array("\(number)\n".utf8)[...], number % 2 == 0 ? .output : .error, at: time(Int64(number))) }
        return scratch
    }

    @Test("finds nothing where there is no log yet")
    func missing() throws {
        #expect(try texts(try Scratch().log) == [])
    }

    @Test("begins so many lines before the end, over as many files as that takes", arguments: [0, 1, 2, 59, 60, 61, 999, 1_000, 5_000])
    func tail(count: Int) throws {
        let scratch = try filled(1_000, maxBytes: 4_000, maxFiles: 40)
        let all = (0..<1_000).map { "\($0)\n" }
        #expect(try texts(scratch.log, maxFiles: 40, LogQuery(tail: count)) == Array(all.suffix(count)))
    }

    @Test("reads backwards through blocks of any length", arguments: [1, 3, 700, 701])
    func tailOfLongLines(count: Int) throws {
        let scratch = try Scratch()
        let writer = try LogWriter(scratch.settings())
        let lines = (0..<701).map { String(repeating: "x", count: $0 * 23) + "\n" }
        for line in lines { writer.append(Array(line.utf8)[...], .output, at: time(1)) }
        #expect(try texts(scratch.log, LogQuery(tail: count)) == Array(lines.suffix(count)))
    }

    @Test("chooses by time, both ends included")
    func times() throws {
        let scratch = try filled(100)
        #expect(try texts(scratch.log, LogQuery(since: time(97))) == ["97\n", "98\n", "99\n"])
        #expect(try texts(scratch.log, LogQuery(until: time(2))) == ["0\n", "1\n", "2\n"])
        #expect(try texts(scratch.log, LogQuery(since: time(5), until: time(6))) == ["5\n", "6\n"])
    }

    @Test("chooses by stream, after the tail has counted both")
    func streams() throws {
        let scratch = try filled(10)
        #expect(try texts(scratch.log, LogQuery(tail: 4, error: false)) == ["6\n", "8\n"])
        #expect(try texts(scratch.log, LogQuery(output: false)) == ["1\n", "3\n", "5\n", "7\n", "9\n"])
    }

    @Test("passes over lines that are none")
    func garbage() throws {
        let scratch = try filled(2)
        try writeFile(scratch.log, "garbage\n\n" + readText(scratch.log) + "{}\n\u{0}\u{0}\n")
        #expect(try texts(scratch.log) == ["0\n", "1\n"])
    }

    @Test("hands entries on as stdcopy frames, with times where asked")
    func frames() throws {
        let scratch = try filled(2)
        var output: [UInt8] = []
        let reader = try LogReader(scratch.log, query: LogQuery())
        #expect(try reader.next(into: &output, as: LogRendering(framed: true, timestamps: true), hasEnded: { true }))
        let text = "1970-01-01T00:00:00.000000000Z 0\n", second = "1970-01-01T00:00:01.000000000Z 1\n"
        #expect(output == [1, 0, 0, 0, 0, 0, 0, 33] + Array(text.utf8) + [2, 0, 0, 0, 0, 0, 0, 33] + Array(second.utf8))
        #expect(try !reader.next(into: &output, as: LogRendering(framed: true), hasEnded: { true }))
    }

    @Test("follows a log that is written and rotated, without losing or repeating a line")
    func follow() async throws {
        let scratch = try Scratch()
        let path = scratch.log, settings = scratch.settings(maxBytes: 20_000, maxFiles: 4)
        let ended = Ended()
        let reading = Task.detached {
            let reader = try LogReader(path, maxFiles: 4, query: LogQuery(follow: true))
            var output: [UInt8] = []
            while try reader.next(into: &output, as: LogRendering(framed: false), patienceMilliseconds: 20, hasEnded: { ended.value }) {}
            return String(decoding: output, as: UTF8.self)
        }
        let writer = try LogWriter(settings)
        for number in 0..<5_000 {
            writer.append(Array("\(number)\n".utf8)[...], .output, at: .now)
            if number % 100 == 0 { try await Task.sleep(for: .milliseconds(4)) }
        }
        writer.append(Array("no newline".utf8)[...], .output, at: .now)
        writer.finish(at: .now)
        ended.value = true
        #expect(try await reading.value == (0..<5_000).map { "\($0)\n" }.joined() + "no newline")
    }

    @Test("ends a follow when its time is over, or nobody wants it any more")
    func followEnds() throws {
        let scratch = try filled(3)
        var output: [UInt8] = []
        let past = try LogReader(scratch.log, query: LogQuery(until: time(1), follow: true))
        #expect(try past.next(into: &output, as: LogRendering(framed: false), hasEnded: { false }))
        #expect(try !past.next(into: &output, as: LogRendering(framed: false), hasEnded: { false }))
        let unwanted = try LogReader(scratch.log, query: LogQuery(tail: 0, follow: true))
        #expect(try !unwanted.next(into: &output, as: LogRendering(framed: false), hasEnded: { false }, isCancelled: { true }))
        #expect(String(decoding: output, as: UTF8.self) == "0\n1\n")
    }
}

/// A flag between two threads.
final class Ended: @unchecked Sendable {
    private let lock = Mutex(false)
    var value: Bool {
        get { lock.withLock { $0 } }
        set { lock.withLock { $0 = newValue } }
    }
}
