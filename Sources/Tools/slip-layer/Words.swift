// Numbers, times and modes as people read them.
import Linux

/// `1234 B`, `12.3 kB`: decimal units, as Docker has them.
func size(_ bytes: Int64) -> String {
    var value = Double(bytes), unit = 0
    while value >= 1000, unit < 4 { (value, unit) = (value / 1000, unit + 1) }
    guard unit > 0 else { return "\(bytes) B" }
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10) \(["kB", "MB", "GB", "TB"][unit - 1])"
}

/// `drwxr-xr-x`, with setuid, setgid and sticky.
func mode(_ bits: UInt32, _ kind: Character) -> String {
    var text = String(kind)
    for (shift, special, letter) in [(6, 0o4000, "s"), (3, 0o2000, "s"), (0, 0o1000, "t")] {
        let three = Int(bits) >> shift & 7, isSpecial = Int(bits) & special != 0, runs = three & 1 != 0
        text += (three & 4 != 0 ? "r" : "-") + (three & 2 != 0 ? "w" : "-")
        text += isSpecial ? (runs ? letter : letter.uppercased()) : (runs ? "x" : "-")
    }
    return text
}

/// `2026-01-31 12:00`, in UTC. Days to a date after Howard Hinnant's "days_from_civil", backwards.
func date(_ seconds: Int64) -> String {
    let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400, second = seconds - days * 86_400
    let shifted = days + 719_468, era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097, dayOfEra = shifted - era * 146_097
    let year = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365, dayOfYear = dayOfEra - (365 * year + year / 4 - year / 100)
    let part = (5 * dayOfYear + 2) / 153, day = dayOfYear - (153 * part + 2) / 5 + 1, month = part < 10 ? part + 3 : part - 9
    return "\(year + era * 400 + (month <= 2 ? 1 : 0))-\(two(month))-\(two(day)) \(two(second / 3600)):\(two(second / 60 % 60))"
}

private func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

extension String {
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
    func right(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
    /// Control characters, which an archive's names may hold, would draw on the terminal.
    var harmless: String { String(unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? "?" : Character($0) }) }
}
