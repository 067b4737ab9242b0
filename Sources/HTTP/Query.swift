// The part of a request's target behind the question mark, as Docker's server reads it: repeated keys, percent escapes, `+` for a blank,
// and its many words for false. RFC 3986 §3.4. Chapter 12.

/// Decodes percent escapes; nil where one is broken or the result is no UTF-8.
public func percentDecoded(_ text: some StringProtocol, plusIsBlank: Bool = false) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        switch byte {
        case UInt8(ascii: "%"):
            let digits = rest.prefix(2).compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
            guard digits.count == 2 else { return nil }
            bytes.append(UInt8(digits[0] << 4 | digits[1]))
            rest = rest.dropFirst(2)
        case UInt8(ascii: "+") where plusIsBlank: bytes.append(UInt8(ascii: " "))
        default: bytes.append(byte)
        }
    }
    return String(validating: bytes, as: UTF8.self)
}

/// Encodes everything but letters, digits and `-._~` as percent escapes.
public func percentEncoded(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
        let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte)
        if isPlain {
            result.unicodeScalars.append(Unicode.Scalar(byte))
        } else {
            result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
    }
    return result
}

/// A request's parameters in the order in which they came.
public struct Query: Sendable, Equatable {
    /// Keys and values, decoded.
    public private(set) var items: [(key: String, value: String)] = []

    /// Reads `a=1&b=2`; a broken escape leaves its part as it stands.
    public init(_ text: some StringProtocol) {
        for part in text.split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let words = pair.map { percentDecoded($0, plusIsBlank: true) ?? String($0) }
            items.append((words[0], words.count > 1 ? words[1] : ""))
        }
    }

    public static func == (one: Query, other: Query) -> Bool { one.items.elementsEqual(other.items) { $0 == $1 } }

    /// The first value of a key, or nil.
    public subscript(key: String) -> String? { items.first { $0.key == key }?.value }

    /// All values of a repeated key.
    public func all(_ key: String) -> [String] { items.filter { $0.key == key }.map(\.value) }

    /// A boolean as Docker reads it: absent, empty, `0`, `no`, `false` and `none` are false, all else is true.
    public func flag(_ key: String, default absent: Bool = false) -> Bool {
        guard let value = self[key] else { return absent }
        return !["", "0", "no", "false", "none"].contains(value.lowercased().filter { !$0.isWhitespace })
    }
}
