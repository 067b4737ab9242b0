// What a learner has done, kept as labs/NN-…/progress.json, which git ignores: exercises passed, hints taken, solutions looked at.
import FoundationEssentials
import Linux

/// The state of one exercise.
public struct ExerciseProgress: Codable, Sendable, Equatable {
    /// Whether all its checks have passed at the last run that reached them.
    public var isPassed = false
    /// How many hints were shown.
    public var hints = 0
    /// Whether the reference was shown before the exercise was passed.
    public var sawSolution = false

    /// Untouched.
    public init() {}
}

/// The state of a lab, by exercise.
public struct Progress: Codable, Sendable, Equatable {
    /// By exercise number; what is missing is untouched.
    public var exercises: [String: ExerciseProgress] = [:]

    /// Nothing done yet.
    public init() {}

    /// What is recorded for `lab`; nothing where there is no record, or one that cannot be read.
    public init(of lab: Lab) {
        let path = FilePath("\(lab.tree)/\(lab.folder)/progress.json")
        let bytes = try? readFile(path)  // no record yet: nothing is done
        self = bytes.flatMap { try? JSONDecoder().decode(Progress.self, from: Data($0)) } ?? Progress()  // a spoilt record counts as none
    }

    /// Records it.
    public func save(for lab: Lab) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try writeDurably(FilePath("\(lab.tree)/\(lab.folder)/progress.json"), Array(try encoder.encode(self)) + [10])
    }

    /// Takes over what a run of the checks found: an exercise is passed when it has checks and all of them pass (or cannot be run here).
    public mutating func note(_ found: [(check: Check, finding: Finding)], of lab: Lab) {
        for exercise in lab.file.exercises {
            let wanted = lab.file.checks.filter { $0.exercise == exercise.id }.map(\.id)
            let good = found.filter { $0.finding == .pass || $0.finding.isUnverified }.map(\.check.id)
            exercises[exercise.id, default: ExerciseProgress()].isPassed = !wanted.isEmpty && wanted.allSatisfy(good.contains)
        }
    }

    /// Counts a hint.
    /// - Returns: the rung to show, from 0; the last one again when all are known.
    public mutating func takeHint(for exercise: Exercise) -> Int {
        let taken = exercises[exercise.id, default: ExerciseProgress()].hints
        exercises[exercise.id, default: ExerciseProgress()].hints = min(taken + 1, exercise.hints.count)
        return min(taken, exercise.hints.count - 1)
    }
}
