// What can go wrong between us and the user's secrets. No message ever holds one. Chapter 08.
public import Linux

/// A configuration file or a credential helper that doesn't do what it should.
public enum CredentialsError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kernel refused: while doing what, and its reason.
    case kernel(String, KernelError)
    /// A file that is no configuration: its path, and what is wrong.
    case malformed(file: String, what: String)
    /// A helper program that failed: which, while doing what (`getting`, `storing`, `erasing`), and what it said, in Docker's words.
    case helper(name: String, doing: String, reason: String, output: String)

    public var description: String {
        switch self {
        case .kernel(let step, let error): "\(step): \(error)"
        case .malformed(let file, let what): "\(file): \(what)"
        case .helper(_, let doing, let reason, let output): "error \(doing) credentials - err: \(reason), out: `\(output)`"
        }
    }
}
