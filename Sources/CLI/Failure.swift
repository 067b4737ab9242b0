// How a command ends when it can't do what it was asked: a sentence on standard error and an exit code that scripts know. The codes are
// Docker's: 1 for a command that failed, 125 for `run`, `create` and bad flags, 126 and 127 for a command that can't be run or found in the
// container, else what the container's process said. chapter 13

/// The end of a command: a message, if there is one to print, and the exit code.
struct Failure: Error, Equatable {
    /// Printed on standard error, followed by a line break; nil where the code says all.
    var message: String?
    var code: Int32

    init(_ message: String?, code: Int32 = 1) {
        self.message = message
        self.code = code
    }
}

extension Failure {
    /// A failure of `run`, `create`, `exec` and their like, in the form that Docker's users know: who, what, and where to read on.
    static func ofCommand(_ command: String, _ message: String, code: Int32 = 125) -> Failure {
        Failure("\(message.hasPrefix("slipway: ") ? "" : "slipway: ")\(message)\n\nRun 'slipway \(command) --help' for more information", code: code)
    }
}

extension Failure {
    /// Too few, or too many, operands: how it is used, in Docker's words.
    static func usage(_ command: String, _ need: String, _ operands: String) -> Failure { refusal(command, "requires \(need)", operands) }

    /// The same, where the sentence is another one.
    static func refusal(_ command: String, _ sentence: String, _ operands: String) -> Failure {
        Failure("slipway: 'slipway \(command)' \(sentence)\n\nUsage:  slipway \(command) \(operands)\n\nRun 'slipway \(command) --help' for more information")
    }
}

extension Failure {
    /// A flag's value that turned out to be wrong when it was used, told as if the flags' parser had seen it; nil for any other failure.
    func ofFlag(usage: String, _ command: String) -> Failure? {
        let text = message ?? "", own = text.hasPrefix("slipway: ") ? text.dropFirst(9) : Substring(text)
        guard code == 125, own.hasPrefix("invalid argument \""), let line = own.split(separator: "\n").first, line.contains("\" flag: ") else { return nil }
        return Failure("\(line)\n\nUsage:  \(usage)\n\nRun 'slipway \(command) --help' for more information", code: code)
    }
}
