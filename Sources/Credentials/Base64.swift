// Three bytes as four letters, so that secrets with any bytes in them fit into JSON and HTTP headers. Two alphabets: the usual one, and one
// without `+` and `/` for URLs, which X-Registry-Auth uses. By hand, because Foundation's would triple the command line. RFC 4648 · chapter 08
//
//     bytes   aaaaaaaa bbbbbbbb cccccccc
//     letters aaaaaa aabbbb bbbbcc cccccc        one byte left over: 2 letters and ==, two: 3 letters and =

/// Text for bytes, and back.
public enum Base64 {
    private static let common = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
    private static let usual = common + Array("+/".utf8), forURLs = common + Array("-_".utf8)

    /// Letters for `bytes`, padded with `=`.
    public static func encoded(_ bytes: some Sequence<UInt8>, forURL: Bool = false) -> String {
        let alphabet = forURL ? forURLs : usual
        var letters: [UInt8] = [], held: UInt32 = 0, count = 0
        for byte in bytes {
            (held, count) = (held << 8 | UInt32(byte), count + 8)
            while count >= 6 {
                count -= 6
                letters.append(alphabet[Int(held >> UInt32(count) & 63)])
            }
        }
        if count > 0 { letters.append(alphabet[Int(held << UInt32(6 - count) & 63)]) }
        while !letters.count.isMultiple(of: 4) { letters.append(UInt8(ascii: "=")) }
        return String(decoding: letters, as: UTF8.self)
    }

    /// The bytes of a text in either alphabet; line breaks are skipped and padding may be missing. nil where it is no such text.
    public static func decoded(_ text: String) -> [UInt8]? {
        var letters = text.utf8.filter { $0 != 0x0a && $0 != 0x0d }[...]
        let whole = letters.count
        while letters.last == UInt8(ascii: "="), whole - letters.count < 2 { letters = letters.dropLast() }
        guard letters.count % 4 != 1, letters.count == whole || whole.isMultiple(of: 4) else { return nil }
        var bytes: [UInt8] = [], held: UInt32 = 0, count = 0
        for letter in letters {
            guard let value = value(of: letter) else { return nil }
            (held, count) = (held << 6 | value, count + 6)
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: held >> UInt32(count)))
        }
        return bytes
    }

    private static func value(of letter: UInt8) -> UInt32? {
        switch letter {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(letter - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(letter - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(letter - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
