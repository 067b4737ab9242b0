// JSON as it came: members in their order, numbers with their own digits. `inspect` prints what the engine said, of whatever version it
// is; a decoder into types would drop what it doesn't know and turn 9007199254740993 into …992. RFC 8259 · chapters 08 and 13

/// A JSON value that keeps order and spelling.
public enum JSONValue: Equatable, Sendable {
    case null, bool(Bool), number(String), string(String), array([JSONValue]), object([Member])

    /// A name and its value.
    public struct Member: Equatable, Sendable {
        public var name: String, value: JSONValue

        public init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// Reads one value that fills `bytes`; nil if they are no JSON, or nest more than 200 deep.
    public init?(_ bytes: [UInt8]) {
        var reader = JSONReader(bytes: bytes)
        guard let value = reader.value(depth: 0) else { return nil }
        reader.skipBlanks()
        guard reader.position == bytes.count else { return nil }
        self = value
    }

    /// The member called `name`, if this is an object that has it.
    public subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// This object with `name` meaning `value`, at its old place or at the end; nil takes the member away. What is no object becomes one.
    public func setting(_ name: String, to value: JSONValue?) -> JSONValue {
        var all = members
        let place = all.firstIndex { $0.name == name }
        switch (place, value) {
        case (let place?, let value?): all[place] = Member(name: name, value: value)
        case (nil, let value?): all.append(Member(name: name, value: value))
        case (_, nil): all.removeAll { $0.name == name }
        }
        return .object(all)
    }

    /// The text of a string; nil for anything else.
    public var string: String? { if case .string(let text) = self { text } else { nil } }

    /// The value of a whole number; nil for anything else.
    public var integer: Int64? { if case .number(let digits) = self { Int64(digits) } else { nil } }

    /// The value of a truth; nil for anything else.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// The items of a list; empty for anything else, `null` above all.
    public var items: [JSONValue] { if case .array(let items) = self { items } else { [] } }

    /// The members of an object; empty for anything else.
    public var members: [Member] { if case .object(let members) = self { members } else { [] } }

    /// As text: compact if `indent` is nil, else each level indented by so many blanks, as Go's json.Indent does.
    public func text(indent: Int? = nil) -> String { text(step: indent.map { String(repeating: " ", count: $0) }, outer: "\n") }

    /// As text, each level indented by one more `step`: blanks, or a tab as Docker's config.json has it.
    public func text(indentedBy step: String) -> String { text(step: step, outer: "\n") }

    /// - Parameter outer: the line break and indentation of the line that this value begins on
    private func text(step: String?, outer: String) -> String {
        let inner = outer + (step ?? "")
        return switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let digits): digits
        case .string(let text): Self.quoted(text)
        case .array(let items): Self.list("[", items.map { $0.text(step: step, outer: inner) }, "]", step == nil ? nil : (outer, inner))
        case .object(let members):
            Self.list(
                "{", members.map { "\(Self.quoted($0.name)):\(step == nil ? "" : " ")\($0.value.text(step: step, outer: inner))" }, "}",
                step == nil ? nil : (outer, inner))
        }
    }

    private static func list(_ open: String, _ items: [String], _ close: String, _ breaks: (outer: String, inner: String)?) -> String {
        guard let breaks, !items.isEmpty else { return open + items.joined(separator: ",") + close }
        return open + breaks.inner + items.joined(separator: "," + breaks.inner) + breaks.outer + close
    }

    private static func quoted(_ text: String) -> String {
        var all = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": all += "\\\""
            case "\\": all += "\\\\"
            case "\n": all += "\\n"
            case "\r": all += "\\r"
            case "\t": all += "\\t"
            case "\u{8}": all += "\\b"
            case "\u{c}": all += "\\f"
            case ..<" ", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                all += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: all.unicodeScalars.append(scalar)
            }
        }
        return all + "\""
    }
}
