// Running checks. Each runs in a process and a sandbox of its own, under limits set from outside: a mistake that traps, forks without end or
// waits for ever costs that check and nothing else. Exit status 69 is `unfinished`: not written yet, which is no failure.
import Linux

/// What a check found.
public enum Finding: Sendable, Equatable {
    case pass
    /// The sign that the check printed, with its values; or that it said nothing we know.
    case fail(sign: String, values: [String])
    /// The exercise that the check ran into.
    case notWritten(exercise: String)
    /// Not run, because another check has to pass first.
    case waits(for: String)
    /// This machine cannot tell, and why.
    case unverified(reason: String)
}

extension Workshop {
    /// Runs one check.
    public func find(_ check: Check) throws -> Finding {
        let limits = ["--no-compare", "--seconds", "60", "--memory", "\(2 << 30)", "--pids", "256"]
        let command =
            ["\(project)/Tests/Sandbox/run"] + limits + [
                bundle, "--testing-library", "swift-testing", "--filter", "Lab\(lab.file.chapter)Checks.*/\(check.test)\\(\\)"
            ]
        let outcome = try run(command, in: project)
        return reading(outcome)
    }

    private func reading(_ outcome: Outcome) -> Finding {
        let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
        if outcome.code == 71 { return .unverified(reason: String(lines.first { $0.hasPrefix("sandbox: ") }?.dropFirst(9) ?? "no sandbox")) }
        if outcome.code == 69 {
            let line = outcome.output.split(separator: "slipway-lab: exercise ").dropFirst().first ?? ""
            return .notWritten(exercise: String(line.prefix { $0 != " " }))
        }
        if let line = lines.first(where: { $0.contains("slip-lab-sign\t") }) {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).dropFirst().map(String.init)
            return .fail(sign: fields.first ?? "", values: Array(fields.dropFirst()))
        }
        if let line = lines.first(where: { $0.contains("slip-lab-unverified\t") }) {
            return .unverified(reason: line.split(separator: "\t").dropFirst().joined(separator: " "))
        }
        if outcome.code == 0 {
            return outcome.output.contains("Test run with 1 test ") ? .pass : .unverified(reason: "the test program has no such check")
        }
        if outcome.code == 124 { return .fail(sign: "time", values: []) }
        let last = lines.last { !$0.isEmpty } ?? ""
        return .fail(sign: outcome.code > 128 ? "trap" : "unknown", values: ["\(outcome.code)", String(last)])
    }

    /// Runs all checks in order; those that build on one that did not pass wait.
    /// - Parameters:
    ///   - stopping: ends after the first that does not pass
    ///   - heedingNeeds: otherwise every check runs, whatever the others found
    ///   - told: is called with each finding as it is known
    public func findings(stopping: Bool, heedingNeeds: Bool = true, told: (Check, Finding) -> Void = { _, _ in }) throws -> [(check: Check, finding: Finding)] {
        var found: [(check: Check, finding: Finding)] = []
        for check in lab.file.checks {
            let missing = !heedingNeeds ? nil : check.needs.first { need in found.contains { $0.check.id == need && $0.finding != .pass } }
            let finding: Finding = try missing.map { .waits(for: $0) } ?? find(check)
            found.append((check, finding))
            told(check, finding)
            if stopping, finding != .pass, !finding.isUnverified { break }
        }
        return found
    }
}

extension Finding {
    /// Whether this machine could not tell.
    public var isUnverified: Bool { if case .unverified = self { true } else { false } }
}
