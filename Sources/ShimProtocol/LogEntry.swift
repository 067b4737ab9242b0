// Reads one line of the json-file log back. A line has one layout, ours and Docker's, so this is a scan and no JSON parser; a line that
// was torn by a full disk or a power failure does not match it and is passed over. `attrs`, which Docker adds on request, is skipped.
// Chapter 11. https://www.rfc-editor.org/rfc/rfc8259 section 7 for the escapes.

/// One entry of a log: a line, or a piece of a long one.
public struct LogEntry: Sendable, Equatable {
    /// What the container wrote, its newline included.
    public var text: [UInt8]
    public var stream: LogStream
    public var time: WallTime

    public init(text: [UInt8], stream: LogStream, time: WallTime) {
        self.text = text
        self.stream = stream
        self.time = time
    }

    /// Parses a line of the file (its final newline may be missing); nil where it is none.
    public init?(line: ArraySlice<UInt8>) {
        var rest = line
        if rest.last == UInt8(ascii: "\n") { rest.removeLast() }
        text = []
        guard Self.skip(&rest, Self.opening), Self.unescape(&rest, into: &text), Self.skip(&rest, Self.streamKey) else { return nil }
        if Self.skip(&rest, Self.outputName) { stream = .output } else if Self.skip(&rest, Self.errorName) { stream = .error } else { return nil }
        if Self.skip(&rest, Self.attributesKey) {
            guard Self.skipAttributes(&rest) else { return nil }
        }
        guard Self.skip(&rest, Self.timeKey), let end = rest.firstIndex(of: UInt8(ascii: "\"")), let time = WallTime(parsing: rest[..<end]),
            rest[end...].elementsEqual(Self.closing)
        else { return nil }
        self.time = time
    }

    private static let opening = LogLine.prefix
    private static let streamKey = Array(#","stream":""#.utf8), outputName = Array(#"stdout""#.utf8), errorName = Array(#"stderr""#.utf8)
    private static let attributesKey = Array(#","attrs":{"#.utf8), timeKey = Array(#","time":""#.utf8), closing = Array(#""}"#.utf8)

    private static func skip(_ rest: inout ArraySlice<UInt8>, _ word: [UInt8]) -> Bool {
        guard rest.starts(with: word) else { return false }
        rest = rest.dropFirst(word.count)
        return true
    }

    /// Skips to behind the object's closing brace; its values are strings only.
    private static func skipAttributes(_ rest: inout ArraySlice<UInt8>) -> Bool {
        var ignored: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "}") { return true }
            if byte == UInt8(ascii: "\""), !unescape(&rest, into: &ignored) { return false }
        }
        return false
    }

    /// Reads a string's inside and its closing quote.
    private static func unescape(_ rest: inout ArraySlice<UInt8>, into text: inout [UInt8]) -> Bool {
        while true {
            guard let special = rest.firstIndex(where: { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\"") }) else { return false }
            text += rest[..<special]
            let isEnd = rest[special] == UInt8(ascii: "\"")
            rest = rest[(special + 1)...]
            if isEnd { return true }
            guard let letter = rest.popFirst(), append(letter, &rest, to: &text) else { return false }
        }
    }

    private static func append(_ letter: UInt8, _ rest: inout ArraySlice<UInt8>, to text: inout [UInt8]) -> Bool {
        switch letter {
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "u"):
            guard let scalar = scalar(&rest) else { return false }
            text += Array(String(Character(scalar)).utf8)
        default: return false
        }
        return true
    }

    /// Four hexadecimal digits, or a pair of surrogates; a lone surrogate reads as U+FFFD.
    private static func scalar(_ rest: inout ArraySlice<UInt8>) -> UnicodeScalar? {
        guard let high = hexadecimal(&rest) else { return nil }
        guard (0xd800..<0xdc00).contains(high) else { return UnicodeScalar(high) ?? "\u{fffd}" }
        var ahead = rest
        guard skip(&ahead, Array("\\u".utf8)), let low = hexadecimal(&ahead), (0xdc00..<0xe000).contains(low) else { return "\u{fffd}" }
        rest = ahead
        return UnicodeScalar(0x10000 + (high - 0xd800) << 10 + (low - 0xdc00))
    }

    private static func hexadecimal(_ rest: inout ArraySlice<UInt8>) -> UInt32? {
        guard rest.count >= 4, let value = UInt32(String(decoding: rest.prefix(4), as: UTF8.self), radix: 16) else { return nil }
        rest = rest.dropFirst(4)
        return value
    }
}
