// A name and a password as they go into a request: `Basic`, and both behind it in base64, which hides nothing from anybody. RFC 7617. chapter 08

/// The value of `Authorization` for a name and a password.
public func basicAuthorization(_ username: String, _ password: String) -> String { "Basic " + base64(Array("\(username):\(password)".utf8)) }

/// RFC 4648 §4.
func base64(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var text = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let three = bytes[start..<min(start + 3, bytes.count)]
        let number = three.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
        for place in 0..<4 { text.append(place <= three.count ? digits[number >> (18 - 6 * place) & 63] : "=") }
    }
    return text
}
