// The keys that leave a terminal without ending what runs on it: ctrl-p ctrl-q, unless somebody says otherwise. They are looked for in what is
// typed, byte by byte, by the client and by the supervisor alike. A sequence that has begun is held back: if it goes on wrong, or the input
// ends, it is passed on whole, late by as many keys; only what can still become the sequence waits. Docker's words for the keys are of
// moby/term, ascii.go. Chapter 06.

/// Watches typed bytes for the detach sequence.
public struct DetachKeys: Sendable {
    /// The bytes of the sequence; empty where there is none.
    public let sequence: [UInt8]
    private var matched = 0

    /// What Docker's users are used to.
    public static let usual = "ctrl-p,ctrl-q"

    /// The sequence of `text`: keys separated by commas, each a character, `DEL`, or `ctrl-` and one of `a`–`z @ [ ] \ ^ _`. Empty text: none.
    ///
    /// - Throws: `DetachKeysError` naming the key, in Docker's words.
    public init(_ text: String = usual) throws(DetachKeysError) {
        var bytes: [UInt8] = []
        for key in text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let byte = Self.byte(of: key) else { throw DetachKeysError(text: text, key: String(key)) }
            bytes.append(byte)
        }
        sequence = bytes
    }

    private static func byte(of key: Substring) -> UInt8? {
        if key.utf8.count == 1 { return key.utf8.first }
        if key == "DEL" { return 127 }
        guard key.hasPrefix("ctrl-"), key.utf8.count == 6, let last = key.utf8.last else { return nil }
        switch last {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): return last - UInt8(ascii: "a") + 1
        case UInt8(ascii: "@"), UInt8(ascii: "["), UInt8(ascii: "\\"), UInt8(ascii: "]"), UInt8(ascii: "^"), UInt8(ascii: "_"): return last - 64
        default: return nil
        }
    }

    /// What of `typed` is to be passed on, and whether the sequence was completed: what was typed behind it is dropped then.
    public mutating func filter(_ typed: some Sequence<UInt8>) -> (passed: [UInt8], detach: Bool) {
        guard let first = sequence.first else { return (Array(typed), false) }
        var passed: [UInt8] = []
        for byte in typed {
            if matched == 0, byte != first {
                passed.append(byte)
                continue
            }
            let held = sequence[..<matched] + [byte]
            matched = longestBeginning(held)
            if matched == sequence.count { return (passed, true) }
            passed += held.dropLast(matched)
        }
        return (passed, false)
    }

    /// The input has ended: what was held back after all.
    public mutating func flush() -> [UInt8] {
        defer { matched = 0 }
        return Array(sequence[..<matched])
    }

    /// How many bytes at the end of `held` are the sequence's beginning: after `a a` of `a,a,b`, another `a` leaves two of them standing.
    private func longestBeginning(_ held: some BidirectionalCollection<UInt8>) -> Int {
        (0...min(held.count, sequence.count)).reversed().first { held.suffix($0).elementsEqual(sequence.prefix($0)) } ?? 0
    }
}

/// A text that names no keys.
public struct DetachKeysError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The whole text.
    public let text: String
    /// The key in it that there is not.
    public let key: String

    public var description: String { "invalid detach keys (\(text)): Unknown character: '\(key)'" }
}
