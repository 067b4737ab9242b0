// What a learner reads: a line for each check, and five lines for the first failure, always in the same order: EXPECTED of the world,
// OBSERVED, the KERNEL call that is involved, the LIKELY cause (this observation goes with that misconception), the next HINT.

/// Renders findings in one language.
public struct Report: Sendable {
    /// English or Korean.
    public let language: Language

    /// For a reader of this language.
    public init(_ language: Language) { self.language = language }

    /// `PASS  flags-each  …`
    public func line(_ check: Check, _ finding: Finding) -> String {
        "\(padded(word(finding), to: 17)) \(padded(check.exercise, to: 6)) \(padded(check.id, to: 17)) \(language(check.title))\(note(finding))"
    }

    private func word(_ finding: Finding) -> String {
        switch finding {
        case .pass: "PASS"
        case .fail: "FAIL"
        case .notWritten: "NOT WRITTEN YET"
        case .waits: "WAITS"
        case .unverified: "UNVERIFIED HERE"
        }
    }

    private func note(_ finding: Finding) -> String {
        switch finding {
        case .unverified(let reason): " (\(reason))"
        case .waits(let other): language(" (first: \(other))", " (먼저: \(other))")
        default: ""
        }
    }

    private func padded(_ text: String, to width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }

    /// The five lines of a failure.
    public func failure(of check: Check, sign: String, values: [String]) -> [String] {
        let known = check.signs[sign] ?? Report.everywhere[sign]
        let observed =
            known.map { language($0.observed) }
            ?? language("sign `\(sign)`: \(values.joined(separator: ", "))", "표지 `\(sign)`: \(values.joined(separator: ", "))")
        let likely = known.map { language($0.likely) } ?? language("nothing that we have met before", "아직 알려지지 않은 경우입니다")
        return [
            "EXPECTED  \(language(check.expected))", "OBSERVED  \(filled(observed, values))", "KERNEL    \(check.kernel)",
            "LIKELY    \(filled(likely, values))",
            "HINT      make hint N=\(check.exercise)"
        ]
    }

    private func filled(_ text: String, _ values: [String]) -> String {
        values.enumerated().reduce(text) { $0.replacing("{\($1.offset)}", with: $1.element) }
    }

    /// Signs that any check can give.
    private static let everywhere = [
        "trap": Sign(
            observed: Words(en: "the program was stopped (status {0}): {1}", ko: "프로그램이 중단되었습니다(상태 {0}): {1}"),
            likely: Words(
                en: "your code trapped: an index out of range, a force-unwrapped nil, an overflow", ko: "작성한 코드가 트랩을 일으켰습니다: 범위를 벗어난 인덱스, nil 강제 추출, 산술 오버플로")),
        "time": Sign(
            observed: Words(en: "nothing for 60 seconds, then we ended it", ko: "60초 동안 아무 일도 없어 종료했습니다"),
            likely: Words(en: "a loop without an end, or a wait for what never comes", ko: "끝나지 않는 반복문이거나, 오지 않을 것을 기다리고 있습니다")),
        "unknown": Sign(
            observed: Words(en: "the check ended with status {0}: {1}", ko: "검사가 상태 {0}(으)로 끝났습니다: {1}"),
            likely: Words(en: "nothing that we have met before; run it again", ko: "아직 알려지지 않은 경우입니다. 다시 실행해 보십시오"))
    ]

    /// What `make check` shows below the list, for the first finding that is no pass.
    public func conclusion(_ found: [(check: Check, finding: Finding)], of lab: Lab) -> [String] {
        guard let first = found.first(where: { $0.finding != .pass && !$0.finding.isUnverified }) else {
            let unverified = found.count { $0.finding.isUnverified }
            if unverified > 0 {
                return [
                    language(
                        "\(unverified) of \(found.count) checks could not be run on this machine.", "검사 \(found.count)개 중 \(unverified)개는 이 머신에서 실행할 수 없습니다.")
                ]
            }
            return [
                language(
                    "All \(found.count) checks pass. Your module becomes the engine: make final MINE=\(lab.file.chapter)",
                    "검사 \(found.count)개를 모두 통과했습니다. 이제 이 모듈이 엔진이 됩니다: make final MINE=\(lab.file.chapter)")
            ]
        }
        switch first.finding {
        case .fail(let sign, let values): return failure(of: first.check, sign: sign, values: values)
        case .notWritten(let exercise):
            guard let next = lab.file.exercises.first(where: { $0.id == exercise }) else { return [] }
            return [
                language("Exercise \(exercise) is not written yet: \(next.title.en).", "연습 \(exercise)을(를) 아직 작성하지 않았습니다: \(next.title.ko)."),
                language(
                    "Edit \(lab.folder)/mine/\(lab.file.modules[0])/\(next.file); make hint N=\(exercise) helps.",
                    "\(lab.folder)/mine/\(lab.file.modules[0])/\(next.file) 파일을 고치십시오. 힌트: make hint N=\(exercise)")
            ]
        default: return []
        }
    }
}
