// The keys that leave a container's terminal without ending it: ctrl-p ctrl-q, unless the user says otherwise. They are looked for in what
// is typed, byte by byte; a sequence that begins right and goes on wrong is passed on whole, late by as many keys. chapter 13

/// Watches typed bytes for the detach sequence.
struct DetachKeys {
    private let sequence: [UInt8]
    private var matched = 0

    /// The sequence of `text`: keys separated by commas, each a character or `ctrl-` and one of `a`–`z @ [ ] \ ^ _`. Empty text: none.
    ///
    /// - Throws: `ValueError` in Docker's words.
    init(_ text: String = "ctrl-p,ctrl-q") throws(ValueError) {
        var bytes: [UInt8] = []
        for key in text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let byte = Self.byte(of: key) else { throw ValueError(description: "invalid detach keys (\(text)): Unknown character: '\(key)'") }
            bytes.append(byte)
        }
        sequence = bytes
    }

    private static func byte(of key: Substring) -> UInt8? {
        if key.utf8.count == 1 { return key.utf8.first }
        guard key.hasPrefix("ctrl-"), key.utf8.count == 6, let last = key.utf8.last else { return nil }
        switch last {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): return last - UInt8(ascii: "a") + 1
        case UInt8(ascii: "@"): return 0
        case UInt8(ascii: "["), UInt8(ascii: "\\"), UInt8(ascii: "]"), UInt8(ascii: "^"), UInt8(ascii: "_"): return last - 64
        default: return nil
        }
    }

    /// What of `typed` is to be passed on, and whether the sequence was completed (the rest is dropped then).
    mutating func filter(_ typed: [UInt8]) -> (passed: [UInt8], detach: Bool) {
        guard !sequence.isEmpty else { return (typed, false) }
        var passed: [UInt8] = []
        for byte in typed {
            if byte == sequence[matched] {
                matched += 1
                if matched == sequence.count { return (passed, true) }
                continue
            }
            passed += sequence[..<matched]
            matched = byte == sequence[0] ? 1 : 0
            if matched == 0 { passed.append(byte) }
            if matched == sequence.count { return (passed, true) }
        }
        return (passed, false)
    }
}
