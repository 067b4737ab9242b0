// One line of Docker's json-file log, byte for byte as Docker writes it:
//
//     {"log":"hello\n","stream":"stdout","time":"2026-11-21T12:26:36.123456789Z"}
//
// The escaping is Go's: `<`, `>` and `&` as \u003c \u003e \u0026 (safe inside HTML), control characters as \u00XX but for \n and \r, the two
// Unicode line separators, and U+FFFD for every byte that is not UTF-8. A JSON encoder costs a microsecond a line and would escape
// otherwise; this one copies runs of plain bytes. Chapter 11. https://docs.docker.com/engine/logging/drivers/json-file/

/// Which of the two output streams a line came from.
public enum LogStream: UInt8, Sendable, CaseIterable {
    /// The values are the stream numbers of stdcopy frames.
    case output = 1, error = 2

    /// As the log file names it.
    public var name: String { self == .output ? "stdout" : "stderr" }
}

/// The log file's lines, written and read back.
public enum LogLine {
    /// The longest piece of a line, in bytes; a longer line becomes several entries, and only the last ends with a newline.
    public static let limit = 16_384

    static let prefix = Array(#"{"log":""#.utf8)

    /// What follows the text: the same for all lines of one read, so it is made once for each.
    static func suffix(_ stream: LogStream, _ time: WallTime) -> [UInt8] {
        var bytes = Array("\",\"stream\":\"\(stream.name)\",\"time\":\"".utf8)
        time.append(to: &bytes, fixedDigits: false)
        bytes += Array("\"}\n".utf8)
        return bytes
    }

    /// Appends a whole line.
    public static func append(_ text: ArraySlice<UInt8>, _ stream: LogStream, _ time: WallTime, to file: inout [UInt8]) {
        file += prefix
        escape(text, into: &file)
        file += suffix(stream, time)
    }

    static func escape(_ text: ArraySlice<UInt8>, into line: inout [UInt8]) {
        var start = text.startIndex, index = start
        while index < text.endIndex {
            let byte = text[index]
            if isPlain(byte) {
                index += 1
            } else if byte >= 0x80, let length = sequenceLength(text[index...]) {
                index += length
            } else {
                line += text[start..<index]
                index += append(escapeOf: text[index...], byte, to: &line)
                start = index
            }
        }
        line += text[start...]
    }

    @inline(__always)
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x80 && byte != 0x22 && byte != 0x5c && byte != 0x3c && byte != 0x3e && byte != 0x26
    }

    /// Returns how many bytes of the text the escape stands for.
    private static func append(escapeOf text: ArraySlice<UInt8>, _ byte: UInt8, to line: inout [UInt8]) -> Int {
        switch byte {
        case UInt8(ascii: "\n"): line += Array("\\n".utf8)
        case UInt8(ascii: "\r"): line += Array("\\r".utf8)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): line += [UInt8(ascii: "\\"), byte]
        case 0..<0x80: line += Array("\\u00".utf8) + [digit(byte >> 4), digit(byte & 15)]
        default:
            guard text.starts(with: [0xe2, 0x80]), let last = text.dropFirst(2).first, last == 0xa8 || last == 0xa9 else {
                line += Array("\\ufffd".utf8)
                return 1
            }
            line += Array("\\u202".utf8) + [digit(last & 15)]
            return 3
        }
        return 1
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }

    /// Length of the UTF-8 sequence that the text begins with; nil where it is broken, or a line separator that wants an escape.
    /// Table 3-7 of the Unicode standard: the second byte's range excludes overlong forms and surrogates.
    private static func sequenceLength(_ text: ArraySlice<UInt8>) -> Int? {
        let first = text[text.startIndex]
        let length: Int, second: ClosedRange<UInt8>
        switch first {
        case 0xc2...0xdf: (length, second) = (2, 0x80...0xbf)
        case 0xe0: (length, second) = (3, 0xa0...0xbf)
        case 0xed: (length, second) = (3, 0x80...0x9f)
        case 0xe1...0xef: (length, second) = (3, 0x80...0xbf)
        case 0xf0: (length, second) = (4, 0x90...0xbf)
        case 0xf1...0xf3: (length, second) = (4, 0x80...0xbf)
        case 0xf4: (length, second) = (4, 0x80...0x8f)
        default: return nil
        }
        guard text.count >= length, second.contains(text[text.startIndex + 1]) else { return nil }
        for offset in 2..<max(length, 2) where text[text.startIndex + offset] & 0xc0 != 0x80 { return nil }
        let isSeparator = first == 0xe2 && text[text.startIndex + 1] == 0x80 && text[text.startIndex + 2] & 0xfe == 0xa8
        return isSeparator ? nil : length
    }
}
