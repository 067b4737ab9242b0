// LAB.json: what a lab is, in both languages, as data: exercises with three hints each, checks with what they expect, and the table that
// leads from an observation (a sign that a check prints) to the misconception behind it. Unknown keys are ignored.
import FoundationEssentials
import Linux

/// A text in both languages.
public struct Words: Codable, Sendable, Equatable {
    /// English.
    public let en: String
    /// Korean.
    public let ko: String
}

/// The languages of the course; the second where LC_ALL, LC_MESSAGES or LANG begins with `ko`.
public enum Language: Sendable {
    case english, korean

    /// Reads the environment.
    public init(environment: [String]) {
        let values = ["LC_ALL", "LC_MESSAGES", "LANG"].compactMap { name in
            environment.first { $0.hasPrefix("\(name)=") && $0.count > name.count + 1 }?.dropFirst(name.count + 1)
        }
        self = values.first?.hasPrefix("ko") == true ? .korean : .english
    }

    /// The words in this language.
    public func callAsFunction(_ words: Words) -> String { self == .korean ? words.ko : words.en }
    /// Chooses between two words of the program itself.
    public func callAsFunction(_ english: String, _ korean: String) -> String { self == .korean ? korean : english }
}

/// One exercise: a region in the reference.
public struct Exercise: Codable, Sendable {
    /// Such as `03.1`.
    public let id: String
    /// The file of the module that holds the region.
    public let file: String
    /// A line for lists.
    public let title: Words
    /// What to do, before the first try.
    public let brief: Words
    /// A question, a pointer, nearly the answer.
    public let hints: [Words]
    /// Why the reference does it so; shown with the solution.
    public let why: Words
}

/// A sign that a check prints when it fails, and what it means.
public struct Sign: Codable, Sendable {
    /// What was seen; `{0}`, `{1}` stand for the values that the check printed.
    public let observed: Words
    /// The misconception that goes with it.
    public let likely: Words
}

/// One check: a test of the lab's test target, run in a process and a sandbox of its own.
public struct Check: Codable, Sendable {
    /// Such as `flags-union`.
    public let id: String
    /// The exercise that it judges.
    public let exercise: String
    /// pure, world, trace, sweep, leak or differential.
    public let kind: String
    /// P, U, R or V: what the machine has to offer.
    public let tier: String
    /// The test's function.
    public let test: String
    /// Checks without which this one says nothing.
    public let needs: [String]
    /// A line for lists.
    public let title: Words
    /// What should be true of the world.
    public let expected: Words
    /// The kernel call that is at stake.
    public let kernel: String
    /// By the sign that is printed.
    public let signs: [String: Sign]
}

/// A whole lab.
public struct LabFile: Codable, Sendable {
    /// The chapter's number, such as `03`.
    public let chapter: String
    /// Its name.
    public let title: Words
    /// About how long it takes.
    public let minutes: Int
    /// About how long the first build takes on two cores, measured; later ones take seconds.
    public let firstBuildSeconds: Int
    /// The highest tier among its checks.
    public let tier: String
    /// What is to be built, and how to begin.
    public let brief: Words
    /// The modules that a learner writes.
    public let modules: [String]
    /// In the order in which they are done.
    public let exercises: [Exercise]
    /// In the order in which they are run.
    public let checks: [Check]
    /// Commonly believed, and not so.
    public let misconceptions: [Words]

    /// Decodes the text of a LAB.json.
    public init(json: [UInt8]) throws {
        self = try JSONDecoder().decode(LabFile.self, from: Data(json))
    }
}
