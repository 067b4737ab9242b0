// What users write for sizes, shares of a CPU and limits, read as Docker's command line reads it. Numbers are parsed exactly, not through
// floating point: `--cpus 0.1` must be 100,000,000 billionths. chapter 13

/// A value that can't be read; worded as the flag's parser words it.
struct ValueError: Error, Equatable, CustomStringConvertible {
    let description: String
}

enum Values {
    /// A size in bytes: `64m`, `1.5GiB`, `512`; units are powers of 1024, any case, with or without `b` or `ib`.
    static func bytes(_ text: String) throws(ValueError) -> Int64 {
        let wrong = ValueError(description: "invalid size: '\(text)'")
        var rest = Substring(text.lowercased()).trimmed
        if rest.hasSuffix("b") { rest.removeLast() }
        if rest.hasSuffix("i") { rest.removeLast() }
        var exponent: Int64 = 0
        if let last = rest.last, let place = "kmgtp".firstIndex(of: last) {
            exponent = Int64("kmgtp".distance(from: "kmgtp".startIndex, to: place)) + 1
            rest.removeLast()
        }
        guard let (digits, decimals) = decimal(rest.trimmed) else { throw wrong }
        var value = digits, scaled = false
        for _ in 0..<exponent {
            (value, scaled) = value.multipliedReportingOverflow(by: 1024)
            if scaled { throw wrong }
        }
        for _ in 0..<decimals { value /= 10 }
        return value
    }

    /// Like `bytes`, but -1 means "no limit".
    static func bytesOrUnlimited(_ text: String) throws(ValueError) -> Int64 { text == "-1" ? -1 : try bytes(text) }

    /// CPUs in billionths: `0.5`, `2`.
    static func billionths(_ text: String) throws(ValueError) -> Int64 {
        guard let (digits, decimals) = decimal(Substring(text)) else { throw ValueError(description: "failed to parse \(text) as a rational number") }
        guard decimals <= 9 else { throw ValueError(description: "value is too precise") }
        var value = digits, over = false
        for _ in decimals..<9 {
            (value, over) = value.multipliedReportingOverflow(by: 10)
            if over { throw ValueError(description: "value is too large") }
        }
        return value
    }

    /// A limit: `nofile=1024`, `nofile=1024:2048`; -1 means none.
    static func limit(_ text: String) throws(ValueError) -> (name: String, soft: Int64, hard: Int64) {
        let names: Set = [
            "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack"
        ]
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw ValueError(description: "invalid ulimit argument: \(text)") }
        guard names.contains(String(parts[0])) else { throw ValueError(description: "invalid ulimit type: \(parts[0])") }
        let numbers = parts[1].split(separator: ":", omittingEmptySubsequences: false)
        guard numbers.count <= 2, let soft = Int64(numbers[0]), let hard = Int64(numbers[numbers.count - 1]) else {
            throw ValueError(description: "invalid ulimit argument: \(text)")
        }
        guard hard == -1 || (soft != -1 && soft <= hard) else {
            throw ValueError(description: "ulimit soft limit must be less than or equal to hard limit: \(soft) > \(hard)")
        }
        return (String(parts[0]), soft, hard)
    }

    /// `12.50` as 1250 and 2 decimals; nil where it is no plain decimal number.
    private static func decimal(_ text: Substring) -> (digits: Int64, decimals: Int)? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !text.isEmpty, parts.allSatisfy({ $0.allSatisfy { ("0"..."9").contains($0) } }) else { return nil }
        let fraction = parts.count == 2 ? parts[1] : ""
        guard !whole.isEmpty || !fraction.isEmpty, parts.count == 1 || !fraction.isEmpty, let digits = Int64(whole + fraction) else { return nil }
        return (digits, fraction.count)
    }
}

extension Substring {
    /// Without blanks at either end.
    var trimmed: Substring {
        let start = drop { $0 == " " || $0 == "\t" }
        return start.prefix(start.count - start.reversed().prefix { $0 == " " || $0 == "\t" }.count)
    }
}
