// RFC 3339 times, as image configurations hold them, to and from nanoseconds since 1970 (good until 2262). Our own few lines, because full
// Foundation's formatter adds 45 MB to a static program. The calendar is Howard Hinnant's `days_from_civil`: years begin in March, so that the
// leap day is the last one. RFC 3339 §5.6.

import Linux

/// Now, in nanoseconds since 1970.
func nowNanoseconds() -> Int64 {
    let now = wallClock()
    return now.seconds * 1_000_000_000 + now.nanoseconds
}

/// `2026-11-21T12:24:47.123456789Z`.
func timestamp(ofNanoseconds time: Int64) -> String {
    let seconds = floorDivide(time, 1_000_000_000), fraction = time - seconds * 1_000_000_000
    let days = floorDivide(seconds, 86_400), second = seconds - days * 86_400
    let date = civil(fromDays: days)
    let day = "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
    return "\(day)T\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2)).\(padded(fraction, 9))Z"
}

/// Reads `2026-11-21T12:24:47[.fraction](Z|+hh:mm|-hh:mm)`; nil for anything else, and for years that nanoseconds cannot hold.
public func nanoseconds(ofTimestamp text: String) -> Int64? {
    let bytes = Array(text.utf8)
    guard bytes.count >= 20, bytes[4] == hyphen, bytes[7] == hyphen, bytes[10] == UInt8(ascii: "T"), bytes[13] == colon, bytes[16] == colon,
        let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]), let hour = number(bytes[11..<13]),
        let minute = number(bytes[14..<16]), let second = number(bytes[17..<19]), (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60,
        second < 61, (1678...2261).contains(year)
    else { return nil }
    var rest = bytes[19...]
    var fraction: Int64 = 0
    if rest.first == UInt8(ascii: ".") {
        let digits = rest.dropFirst().prefix { (0x30...0x39).contains($0) }
        guard !digits.isEmpty, let value = number((digits + [UInt8](repeating: 0x30, count: 9)).prefix(9)) else { return nil }
        fraction = value
        rest = rest.dropFirst(digits.count + 1)
    }
    guard let offset = zone(Array(rest)) else { return nil }
    let seconds = days(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60 + second - offset
    return seconds * 1_000_000_000 + fraction
}

/// Seconds east of Greenwich.
private func zone(_ bytes: [UInt8]) -> Int64? {
    if bytes == [UInt8(ascii: "Z")] || bytes == [UInt8(ascii: "z")] { return 0 }
    guard bytes.count == 6, bytes[3] == colon, let hours = number(bytes[1..<3]), let minutes = number(bytes[4..<6]) else { return nil }
    switch bytes[0] {
    case UInt8(ascii: "+"): return hours * 3600 + minutes * 60
    case hyphen: return -(hours * 3600 + minutes * 60)
    default: return nil
    }
}

private func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let year = month <= 2 ? year - 1 : year
    let era = floorDivide(year, 400), yearOfEra = year - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}

private func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468, era = floorDivide(shifted, 146_097), dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153, month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
}

private func floorDivide(_ value: Int64, _ by: Int64) -> Int64 { (value - (value % by + by) % by) / by }

private func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

private func number(_ digits: some Sequence<UInt8>) -> Int64? {
    var value: Int64 = 0
    for digit in digits {
        guard (0x30...0x39).contains(digit) else { return nil }
        value = value * 10 + Int64(digit - 0x30)
    }
    return value
}

private let hyphen = UInt8(ascii: "-"), colon = UInt8(ascii: ":")
