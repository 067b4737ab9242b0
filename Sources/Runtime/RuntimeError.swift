// What can go wrong between a bundle and a running process: the step's name, and the kernel's or our own reason. The kind decides which exit
// code a client shows (127, 126, 125), so it travels with the error instead of being guessed from its words. Chapter 06.

public import Explain

/// A container that could not be made.
public struct RuntimeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The step that failed.
    public let step: String
    /// Why.
    public let cause: StepError
    /// Whose fault it is.
    public let kind: Kind

    /// The failure of `step`.
    public init(step: String, cause: StepError, kind: Kind = .other) {
        self.step = step
        self.cause = cause
        self.kind = kind
    }

    /// The failure of a step that ran.
    public init(_ failure: StepFailure) { self.init(step: failure.step, cause: failure.error, kind: Kind(failure)) }

    /// A plan that could not be made.
    init(planning error: StepError) { self.init(step: "plan", cause: error, kind: CommandProblem.isMissing(error) ? .commandNotFound : .other) }

    /// `step: call subject: reason`, and for the command Docker's words: `exec: "nosuch": executable file not found in $PATH`.
    public var description: String { "\(step): \(cause)" }

    /// The error's words without the step.
    public var reason: String { "\(cause)" }

    /// What kind of error it is; the raw value travels between processes.
    public enum Kind: String, Codable, Sendable {
        /// There is no such program: 127.
        case commandNotFound
        /// There is one, but it can't be run: 126.
        case commandNotExecutable
        /// The container knows no such user: 125.
        case userNotFound
        /// Anything else: 125.
        case other
    }
}

extension RuntimeError.Kind {
    /// The kind by the step that failed and its reason.
    init(_ failure: StepFailure) {
        switch failure.step {
        case StepName.findCommand, StepName.execute: self = CommandProblem.isMissing(failure.error) ? .commandNotFound : .commandNotExecutable
        case StepName.findUser: self = .userNotFound
        default: self = .other
        }
    }
}

/// Names of steps whose failure means something to clients.
enum StepName {
    static let findCommand = "find the command"
    static let findUser = "find the user"
    static let execute = "become the command"
}

/// What can be wrong with a command, in the words that Docker's clients look for.
enum CommandProblem {
    static let notFound = "executable file not found in $PATH"

    static func isMissing(_ error: StepError) -> Bool {
        let words = "\(error)".lowercased()
        return words.hasSuffix(notFound.lowercased()) || words.hasSuffix("no such file or directory") || words.hasSuffix("not a directory")
    }
}
