// Sizes and columns, as people read them.

/// Something that we refuse, in a sentence.
struct Refusal: Error, CustomStringConvertible {
    let description: String
    init(_ text: String) { description = text }
}

/// `1234 B`, `12.3 kB`: decimal units, as Docker has them.
func size(_ bytes: Int64) -> String {
    var value = Double(bytes), unit = 0
    while value >= 1000, unit < 4 { (value, unit) = (value / 1000, unit + 1) }
    guard unit > 0 else { return "\(bytes) B" }
    return "\(decimal(value)) \(["kB", "MB", "GB", "TB"][unit - 1])"
}

/// One digit after the point.
func decimal(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
}

/// A digest's first twelve digits.
func short(_ digest: String) -> String { String(digest.drop { $0 != ":" }.dropFirst().prefix(12)) }

extension String {
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
    func right(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
    /// Control characters, which a stranger's document may hold, would draw on the terminal.
    var harmless: String { String(unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f || (0x80..<0xa0).contains($0.value) ? "?" : Character($0) }) }
    /// Without blanks at its end.
    var trimmed: String { String(reversed().drop { $0 == " " }.reversed()) }
}

/// Columns as wide as their widest word, two blanks between.
func table(_ rows: [[String]]) -> String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in row.enumerated().map { $1.padded(to: widths[$0]) }.joined(separator: "  ").trimmed }.joined(separator: "\n")
}
