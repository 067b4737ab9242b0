// Instants as Docker writes them in logs and records: RFC 3339 in UTC with nanoseconds (Go's RFC3339Nano). Written here, because a
// Double of seconds cannot hold nanoseconds, and a formatter would bring 45 MB of calendars into every shim.
// The calendar arithmetic is Howard Hinnant's `civil_from_days`: years begin in March, so that the leap day is the last one.
// Chapter 11. https://howardhinnant.github.io/date_algorithms.html
import Linux

/// An instant, in nanoseconds since 1970-01-01T00:00:00Z; holds the years 1678 to 2261.
public struct WallTime: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    public let nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    public static func < (one: WallTime, other: WallTime) -> Bool { one.nanoseconds < other.nanoseconds }

    /// RFC 3339 with as many digits of a second as are needed: `2026-11-21T12:26:36.5Z`.
    public var description: String {
        var bytes: [UInt8] = []
        append(to: &bytes, fixedDigits: false)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the text form. `fixedDigits`: always nine digits of a second, as `docker logs --timestamps` prints.
    public func append(to bytes: inout [UInt8], fixedDigits: Bool) {
        let (seconds, fraction) = Self.divide(nanoseconds, by: 1_000_000_000)
        let (days, second) = Self.divide(seconds, by: 86_400)
        let date = Self.date(ofDay: days)
        Self.append(date.year, digits: 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        Self.append(date.month, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        Self.append(date.day, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        Self.append(second / 3_600, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        Self.append(second / 60 % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        Self.append(second % 60, digits: 2, to: &bytes)
        if fraction > 0 || fixedDigits {
            bytes.append(UInt8(ascii: "."))
            Self.append(fraction, digits: 9, to: &bytes)
            while !fixedDigits, bytes.last == UInt8(ascii: "0") { bytes.removeLast() }
        }
        bytes.append(UInt8(ascii: "Z"))
    }

    /// Parses RFC 3339, any offset, up to nine digits of a second; nil where the text is something else.
    public init?(_ text: String) { self.init(parsing: Array(text.utf8)[...]) }

    /// The same for bytes, as they lie in a log file.
    public init?(parsing bytes: ArraySlice<UInt8>) {
        var rest = bytes
        guard let year = Self.number(&rest, 4, then: "-"), let month = Self.number(&rest, 2, then: "-"), let day = Self.number(&rest, 2, then: "T"),
            let hour = Self.number(&rest, 2, then: ":"), let minute = Self.number(&rest, 2, then: ":"), let second = Self.number(&rest, 2, then: nil),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61, (1700...2200).contains(year),
            let fraction = Self.fraction(&rest), let offset = Self.offset(&rest), rest.isEmpty
        else { return nil }
        let seconds = Self.day(year: year, month: month, day: day) * 86_400 + hour * 3_600 + minute * 60 + second - offset
        nanoseconds = seconds * 1_000_000_000 + fraction
    }

    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let time = WallTime(text) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "not an RFC 3339 time: \(text)"))
        }
        self = time
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

// MARK: Digits and days

extension WallTime {
    /// Quotient rounded towards the past, so that the remainder is never negative.
    private static func divide(_ value: Int64, by divisor: Int64) -> (Int64, Int64) {
        let remainder = value % divisor
        return remainder < 0 ? (value / divisor - 1, remainder + divisor) : (value / divisor, remainder)
    }

    private static func append(_ value: Int64, digits: Int, to bytes: inout [UInt8]) {
        var scale: Int64 = 1
        for _ in 1..<digits { scale *= 10 }
        while scale > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(value / scale % 10))
            scale /= 10
        }
    }

    private static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = divide(day + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    private static func day(year: Int64, month: Int64, day: Int64) -> Int64 {
        let (era, yearOfEra) = divide(month <= 2 ? year - 1 : year, by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func number(_ rest: inout ArraySlice<UInt8>, _ digits: Int, then separator: Character?) -> Int64? {
        guard rest.count >= digits else { return nil }
        var value: Int64 = 0
        for byte in rest.prefix(digits) {
            guard byte >= 48, byte <= 57 else { return nil }
            value = value * 10 + Int64(byte - 48)
        }
        rest = rest.dropFirst(digits)
        guard let separator else { return value }
        guard let next = rest.popFirst(), Character(UnicodeScalar(next)) == separator else { return nil }
        return value
    }

    private static func fraction(_ rest: inout ArraySlice<UInt8>) -> Int64? {
        guard rest.first == UInt8(ascii: ".") else { return 0 }
        rest.removeFirst()
        var value: Int64 = 0, digits = 0
        while let byte = rest.first, byte >= 48, byte <= 57 {
            guard digits < 9 else { return nil }
            value = value * 10 + Int64(byte - 48)
            digits += 1
            rest.removeFirst()
        }
        guard digits > 0 else { return nil }
        for _ in digits..<9 { value *= 10 }
        return value
    }

    /// Seconds east of Greenwich.
    private static func offset(_ rest: inout ArraySlice<UInt8>) -> Int64? {
        guard let sign = rest.popFirst() else { return nil }
        if sign == UInt8(ascii: "Z") { return 0 }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), let hours = number(&rest, 2, then: ":"), let minutes = number(&rest, 2, then: nil)
        else { return nil }
        return (hours * 60 + minutes) * (sign == UInt8(ascii: "-") ? -60 : 60)
    }
}

extension WallTime {
    /// The time of the system's clock.
    public static var now: WallTime {
        let clock = wallClock()
        return WallTime(nanoseconds: clock.seconds * 1_000_000_000 + clock.nanoseconds)
    }
}
