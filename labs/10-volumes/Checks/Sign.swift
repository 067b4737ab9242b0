// How a check says what it saw: one line for slip-lab, which knows from LAB.json what that sign means in both languages, and an issue for
// the test runner. Values are separated by tabs.
import Glibc
import Testing

/// What a check has seen instead of what it expected. A check throws it, and sees nothing more.
struct Sign: Error, CustomStringConvertible {
    let description: String

    /// - Parameters:
    ///   - name: a key of the check's `signs` in LAB.json
    ///   - values: what stands for `{0}`, `{1}` in its text
    init(_ name: String, _ values: String...) {
        description = values.isEmpty ? name : "\(name) (\(values.joined(separator: "; ")))"
        print("slip-lab-sign\t" + ([name] + values).joined(separator: "\t"))
        fflush(nil)
    }
}

/// This machine cannot tell. slip-lab then says UNVERIFIED HERE, with the reason.
struct Unverified: Error, CustomStringConvertible {
    let description: String

    init(_ reason: String) {
        description = "unverified here: \(reason)"
        print("slip-lab-unverified\t\(reason)")
        fflush(nil)
    }
}
