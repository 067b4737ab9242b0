// Times and sizes in words, as Docker prints them: "2 hours ago", "1.24MB". The wording and the rounding are go-units'; scripts match on them.
// Calendar arithmetic is a dozen lines of our own: Foundation's would triple the program. chapter 13

internal import Linux

enum Words {
    /// A duration in seconds: `Less than a second`, `About a minute`, `3 weeks`.
    static func duration(seconds: Int64) -> String {
        let hours = (seconds + 1800) / 3600
        switch seconds {
        case ..<1: return "Less than a second"
        case 1: return "1 second"
        case ..<60: return "\(seconds) seconds"
        case ..<120: return "About a minute"
        case ..<3600: return "\(seconds / 60) minutes"
        default: break
        }
        switch hours {
        case 1: return "About an hour"
        case ..<48: return "\(hours) hours"
        case ..<(24 * 14): return "\(hours / 24) days"
        case ..<(24 * 60): return "\(hours / 24 / 7) weeks"
        case ..<(24 * 730): return "\(hours / 24 / 30) months"
        default: return "\(seconds / 3600 / 24 / 365) years"
        }
    }

    /// How long ago a moment in Unix seconds was.
    static func ago(_ moment: Int64) -> String { duration(seconds: wallClock().seconds - moment) + " ago" }

    /// Bytes in powers of 1000: `1.24MB`, `72.8kB`, `0B`.
    ///
    /// - Parameter digits: how many count: 3 in lists, 4 in progress, as Docker has it
    static func size(_ bytes: Int64, digits: Int = 3) -> String {
        scaled(bytes, by: 1000, ["B", "kB", "MB", "GB", "TB", "PB", "EB"], digits)
    }

    /// Bytes in powers of 1024, four digits: `1.5MiB`.
    static func binarySize(_ bytes: Int64) -> String { scaled(bytes, by: 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"], 4) }

    private static func scaled(_ bytes: Int64, by base: Double, _ units: [String], _ digits: Int) -> String {
        var value = Double(bytes), unit = 0
        while value >= base, unit < units.count - 1 {
            value /= base
            unit += 1
        }
        return significant(value, digits) + units[unit]
    }

    /// Go's `%.3g` for 0 ≤ value < 1000, or `%.4g` up to 9,999.
    private static func significant(_ value: Double, _ digits: Int) -> String {
        let decimals = digits - (value >= 1000 ? 4 : value >= 100 ? 3 : value >= 10 ? 2 : 1), scale = (0..<decimals).reduce(1) { scale, _ in scale * 10 }
        let rounded = Int((value * Double(scale)).rounded(.toNearestOrEven)), whole = rounded / scale, rest = rounded % scale
        if whole >= 1000, digits < 4 { return "1e+03" }
        guard rest > 0 else { return "\(whole)" }
        var fraction = "\(rest)"
        while fraction.count < decimals { fraction = "0" + fraction }
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return "\(whole).\(fraction)"
    }

    /// A moment in Unix seconds: `2026-11-21 12:00:00 +0000 UTC`.
    static func date(_ moment: Int64) -> String {
        let (days, seconds) = (moment >= 0 ? moment / 86_400 : (moment - 86_399) / 86_400, ((moment % 86_400) + 86_400) % 86_400)
        let (year, month, day) = civil(days)
        return "\(year)-\(two(month))-\(two(day)) \(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60)) +0000 UTC"
    }

    /// A moment in Unix seconds by RFC 3339: `2026-11-21T12:00:00Z`.
    static func stamp(_ moment: Int64) -> String {
        let words = date(moment).split(separator: " ")
        return "\(words[0])T\(words[1])Z"
    }

    /// An RFC 3339 moment as `version` shows it: `Thu May  7 21:09:36 2026`; other text stays as it is.
    static func built(_ text: String) -> String {
        let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
            weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        guard text.contains("T"), let moment = try? moment(text),  // what is no time is shown as it came
            let seconds = Int64(moment.prefix { $0 != "." })
        else { return text }
        let days = (seconds >= 0 ? seconds : seconds - 86_399) / 86_400, (year, month, day) = civil(days), clock = date(seconds).split(separator: " ")[1]
        return "\(weekdays[Int((days % 7 + 7) % 7)]) \(names[Int(month) - 1]) \(day < 10 ? " " : "")\(day) \(clock) \(year)"
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// Year, month and day of a day counted from 1970-01-01; years begin in March, so that the leap day is the last.
    private static func civil(_ days: Int64) -> (Int64, Int64, Int64) {
        let shifted = days + 719_468, era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097, ofEra = shifted - era * 146_097
        let year = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * year + year / 4 - year / 100), march = (5 * ofYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        return (year + era * 400 + (month <= 2 ? 1 : 0), month, ofYear - (153 * march + 2) / 5 + 1)
    }

    /// Days from 1970-01-01 to a date.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year, era = (year >= 0 ? year : year - 399) / 400, ofEra = year - era * 400
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }

    /// A moment as `--since` and `--until` take it: `10m` and `1h30m` before now, Unix seconds, a date, or RFC 3339; as seconds and perhaps
    /// nanoseconds for the API.
    static func moment(_ text: String, now: Int64 = wallClock().seconds) throws(ValueError) -> String {
        let wrong = ValueError(description: "invalid value for a time: \"\(text)\"")
        if !text.isEmpty, text.split(separator: ".", omittingEmptySubsequences: false).count <= 2, text.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") })
        {
            return text
        }
        if let seconds = span(text) { return "\(now - seconds)" }
        let parts = text.split(separator: text.contains("T") ? "T" : " ", maxSplits: 1, omittingEmptySubsequences: false),
            date = parts.first?.split(separator: "-") ?? []
        guard date.count == 3, let year = Int64(date[0]), let month = Int64(date[1]), let day = Int64(date[2]), (1...12).contains(month), (1...31).contains(day)
        else { throw wrong }
        guard parts.count == 2 else { return "\(days(year, month, day) * 86_400)" }
        guard let (seconds, fraction) = clock(parts[1]) else { throw wrong }
        return "\(days(year, month, day) * 86_400 + seconds)\(fraction)"
    }

    /// `1h30m10s` in seconds; nil where it is none.
    private static func span(_ text: String) -> Int64? {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600]
        var total: Int64 = 0, digits = ""
        for character in text {
            if character.isASCII, character.isNumber {
                digits.append(character)
            } else {
                guard let unit = units[character], let number = Int64(digits) else { return nil }
                total += number * unit
                digits = ""
            }
        }
        return digits.isEmpty && !text.isEmpty ? total : nil
    }

    /// `15:04:05.123Z` or with `+02:00`: seconds of the day in UTC, and `.123`.
    private static func clock(_ text: Substring) -> (seconds: Int64, fraction: String)? {
        let zone = text.lastIndex { "+-Z".contains($0) }, time = zone.map { text[..<$0] } ?? text
        let parts = time.split(separator: ".", maxSplits: 1), numbers = (parts.first ?? "").split(separator: ":").map { Int64($0) }
        guard (2...3).contains(numbers.count), let hours = numbers[0], let minutes = numbers[1] else { return nil }
        guard numbers.count == 2 || numbers[2] != nil, parts.count == 1 || parts[1].allSatisfy(\.isNumber) else { return nil }
        var seconds = hours * 3600 + minutes * 60 + (numbers.count == 3 ? numbers[2] ?? 0 : 0)
        if let zone, text[zone] != "Z" {
            let offset = text[text.index(after: zone)...].split(separator: ":").map { Int64($0) }
            guard offset.count == 2, let hours = offset[0], let minutes = offset[1] else { return nil }
            seconds += (text[zone] == "+" ? -1 : 1) * (hours * 3600 + minutes * 60)
        }
        return (seconds, parts.count == 2 ? ".\(parts[1])" : "")
    }
}
