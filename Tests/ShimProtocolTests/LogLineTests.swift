import ShimProtocol
import Testing

@Suite("A line of the json-file log")
struct LogLineTests {
    private func line(_ text: [UInt8], _ stream: LogStream = .output) -> String {
        var file: [UInt8] = []
        LogLine.append(text[...], stream, WallTime(nanoseconds: 1_000_000), to: &file)
        return String(decoding: file, as: UTF8.self)
    }

    private func logText(of text: [UInt8]) -> Substring {
        line(text).dropFirst(#"{"log":""#.count).dropLast(#"","stream":"stdout","time":"1970-01-01T00:00:00.001Z"}"#.count + 1)
    }

    @Test("has Docker's keys in Docker's order")
    func layout() {
        #expect(line(Array("hi\n".utf8)) == #"{"log":"hi\n","stream":"stdout","time":"1970-01-01T00:00:00.001Z"}"# + "\n")
        #expect(line(Array("no end".utf8), .error) == #"{"log":"no end","stream":"stderr","time":"1970-01-01T00:00:00.001Z"}"# + "\n")
    }

    @Test(
        "escapes what Go's encoder escapes, and nothing else",
        arguments: [
            ("a\"b\\c", #"a\"b\\c"#),
            ("<a href='x'>&", #"\u003ca href='x'\u003e\u0026"#), ("\t\r\n\u{1b}[0m\u{0}\u{7f}", #"\u0009\r\n\u001b[0m\u0000"# + "\u{7f}"),
            ("한글 ñ 🐳", "한글 ñ 🐳"), ("\u{2028}\u{2029}\u{2027}", #"\u2028\u2029"# + "\u{2027}"), ("/", "/")
        ])
    func escapes(text: String, escaped: String) {
        #expect(logText(of: Array(text.utf8)) == escaped)
    }

    @Test(
        "replaces each byte that is not UTF-8",
        arguments: [
            ([0xff], 1), ([0xc3], 1), ([0xc3, 0x41], 1), ([0xe2, 0x80], 2), ([0xed, 0xa0, 0x80], 3), ([0xc0, 0xaf], 2), ([0xf5, 0x80, 0x80, 0x80], 4),
            ([0xf0, 0x8f, 0x80, 0x80], 4), ([0x80], 1)
        ] as [([UInt8], Int)])
    func broken(bytes: [UInt8], replacements: Int) {
        #expect(logText(of: bytes).components("\\ufffd") == replacements)
    }

    @Test("reads back as what was written, for every Unicode scalar")
    func everyScalar() throws {
        var text: [UInt8] = []
        for number in UInt32(0)...0x10ffff {
            guard let scalar = UnicodeScalar(number) else { continue }
            text += Array(String(Character(scalar)).utf8)
        }
        var file: [UInt8] = []
        LogLine.append(text[...], .error, WallTime(nanoseconds: 7), to: &file)
        let entry = try #require(LogEntry(line: file[...]))
        #expect(entry == LogEntry(text: text, stream: .error, time: WallTime(nanoseconds: 7)))
        #expect(!file.dropLast().contains(UInt8(ascii: "\n")), "a line is one line")
    }

    @Test("reads Docker's own lines, attributes and foreign escapes included")
    func foreign() throws {
        let docker = #"{"log":"\ud83d\udc33\/\b\f\t \udc33\n","stream":"stderr","attrs":{"a":"}\"","b":""},"time":"2026-11-21T12:26:36.34520651Z"}"#
        let entry = try #require(LogEntry(line: Array(docker.utf8)[...]))
        #expect(String(decoding: entry.text, as: UTF8.self) == "🐳/\u{8}\u{c}\t \u{fffd}\n")
        #expect(entry.stream == .error)
        #expect(entry.time.description == "2026-11-21T12:26:36.34520651Z")
    }

    @Test("is no entry when torn at any byte, and never crashes the reader")
    func torn() {
        let whole = Array(#"{"log":"a\u00e9\n","stream":"stdout","attrs":{"k":"v"},"time":"2026-11-21T12:26:36Z"}"#.utf8)
        #expect(LogEntry(line: whole[...]) != nil)
        for length in 0..<whole.count {
            #expect(LogEntry(line: whole[..<length]) == nil)
            var damaged = whole
            damaged[length] = 0
            _ = LogEntry(line: damaged[...])
        }
    }
}

extension Substring {
    /// How often a word occurs; the text must consist of it only, but for ASCII that stayed.
    fileprivate func components(_ word: String) -> Int {
        var rest = self, count = 0
        while let start = rest.firstIndex(of: "\\") {
            if rest[start...].hasPrefix(word) { count += 1 }
            rest = rest[rest.index(after: start)...]
        }
        return count
    }
}
