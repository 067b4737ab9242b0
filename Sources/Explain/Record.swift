// A record: one line of what `--explain` shows. Records travel as JSON, one object a line, from the process that makes the container through
// the shim and the daemon to the person who asked; each of them may be of another version, so every key but three may be missing. Chapter 06.

/// One thing that happened: a step that began, a kernel call that returned, or a remark.
public struct Record: Codable, Equatable, Sendable {
    /// Who did it: `runtime`, `shim`, `init` (the container's first process before execve) or `exec`.
    public var process: String
    /// When, in nanoseconds since 1970.
    public var time: Int64
    /// What the record is about.
    public var kind: Kind
    /// The step that begins, or in which the call was made.
    public var step: String?
    /// Why the step is done.
    public var because: String?
    /// The chapter that teaches the step.
    public var chapter: Int?
    /// The call's name in section 2 of the manual.
    public var call: String?
    /// What the call was applied to; for a note its text.
    public var subject: String?
    /// What the call returned, -1 if it failed.
    public var result: Int?
    /// The kernel's reason, 0 if the call succeeded; man 3 errno.
    public var errno: Int32?

    /// A record of `kind`; set what belongs to it.
    public init(process: String, time: Int64, kind: Kind) {
        self.process = process
        self.time = time
        self.kind = kind
    }

    /// What a record is about.
    public enum Kind: String, Codable, Sendable {
        /// A step began.
        case step
        /// A kernel call returned.
        case call
        /// A remark, such as whose module is at work.
        case note
    }

    /// The record as one line of JSON, with its newline. Written by hand: it is made some hundred times while a container starts.
    public var line: String {
        var text = "{\"process\":\(quoted(process)),\"time\":\(time),\"kind\":\"\(kind.rawValue)\""
        if let step { text += ",\"step\":\(quoted(step))" }
        if let because { text += ",\"because\":\(quoted(because))" }
        if let chapter { text += ",\"chapter\":\(chapter)" }
        if let call { text += ",\"call\":\(quoted(call))" }
        if let subject { text += ",\"subject\":\(quoted(subject))" }
        if let result { text += ",\"result\":\(result)" }
        if let errno { text += ",\"errno\":\(errno)" }
        return text + "}\n"
    }
}

/// `text` as a JSON string.
private func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\t": result += "\\t"
        case _ where scalar.value < 0x20: result += "\\u00" + (scalar.value < 0x10 ? "0" : "") + String(scalar.value, radix: 16)
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
