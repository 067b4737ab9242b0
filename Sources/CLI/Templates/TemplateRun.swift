// Filling a template from a JSON value. Values print as Go prints them: `map[a:1]`, `[a b]`, `true`, and `<no value>` for nothing. A field
// that isn't there is an error, for a script that misspells one should hear of it. chapter 13

internal import JSON

extension Template {
    /// The template's text for `value`.
    func text(for value: JSONValue) throws(TemplateError) -> String {
        try Scope(root: value, here: value).text(of: parts)
    }
}

/// What `.` and the variables mean at one place.
private struct Scope {
    let root: JSONValue
    var here: JSONValue
    var variables: [String: JSONValue] = [:]

    func text(of nodes: [Template.Node]) throws(TemplateError) -> String {
        var all = ""
        for node in nodes {
            switch node {
            case .text(let text): all += text
            case .print(let pipeline): all += try value(of: pipeline).printed
            case .branch(let kind, let names, let pipeline, let then, let otherwise):
                all += try branch(kind, names, value(of: pipeline), then, otherwise)
            }
        }
        return all
    }

    private func branch(_ kind: Template.BranchKind, _ names: [String], _ value: JSONValue, _ then: [Template.Node], _ otherwise: [Template.Node])
        throws(TemplateError) -> String
    {
        guard value.isTrue else { return try text(of: otherwise) }
        var inner = self
        switch kind {
        case .if: return try text(of: then)
        case .with:
            inner.here = value
            return try inner.text(of: then)
        case .range:
            var all = ""
            for (key, item) in try value.entries() {
                inner.here = item
                if let last = names.last { inner.variables[last] = item }
                if names.count == 2 { inner.variables[names[0]] = key }
                all += try inner.text(of: then)
            }
            return all
        }
    }

    private func value(of pipeline: [Template.Command]) throws(TemplateError) -> JSONValue {
        var piped: JSONValue?
        for command in pipeline { piped = try value(of: command, piped) }
        return piped ?? .null
    }

    private func value(of command: Template.Command, _ piped: JSONValue?) throws(TemplateError) -> JSONValue {
        guard let first = command.words.first else { throw TemplateError("empty command") }
        if case .name(let name) = first, !["true", "false", "nil"].contains(name) {
            var arguments: [JSONValue] = []
            for word in command.words.dropFirst() { arguments.append(try value(of: word)) }
            return try TemplateFunctions.apply(name, arguments + (piped.map { [$0] } ?? []))
        }
        // `.Label "name"` is Docker's one method with an argument, in tables of containers and images.
        if case .path(nil, let fields) = first, fields == ["Label"], command.words.count == 2 {
            let name = try value(of: command.words[1]).printed
            return here["Label"]?[name] ?? .string("")
        }
        guard command.words.count == 1, piped == nil else { throw TemplateError("\(first) is no function") }
        return try value(of: first)
    }

    private func value(of word: Template.Word) throws(TemplateError) -> JSONValue {
        switch word {
        case .name("true"): return .bool(true)
        case .name("false"): return .bool(false)
        case .name("nil"): return .null
        case .name(let name): throw TemplateError("function \"\(name)\" needs brackets here")
        case .text(let text): return .string(text)
        case .number(let digits): return .number(digits)
        case .group(let pipeline): return try value(of: pipeline)
        case .path(let name, let fields):
            let start = name == nil ? here : name == "$" ? root : variables[name ?? ""]
            guard var found = start else { throw TemplateError("undefined variable \"\(name ?? "")\"") }
            for field in fields {
                guard let next = found[field] else {
                    throw TemplateError("executing \"\" at <.\(fields.joined(separator: "."))>: map has no entry for key \"\(field)\"")
                }
                found = next
            }
            return found
        }
    }
}

extension JSONValue {
    /// Whether Go counts it as true: not empty, not zero, not nothing.
    var isTrue: Bool {
        switch self {
        case .null: false
        case .bool(let value): value
        case .number(let digits): Double(digits) != 0
        case .string(let text): !text.isEmpty
        case .array(let items): !items.isEmpty
        case .object(let members): !members.isEmpty
        }
    }

    /// As Go's `%v` prints it.
    var printed: String {
        switch self {
        case .null: "<no value>"
        case .bool(let value): "\(value)"
        case .number(let digits): digits
        case .string(let text): text
        case .array(let items): "[\(items.map(\.printed).joined(separator: " "))]"
        case .object(let members): "map[\(members.sorted { $0.name < $1.name }.map { "\($0.name):\($0.value.printed)" }.joined(separator: " "))]"
        }
    }

    /// What `range` goes through; an object in the order of its names, as Go does.
    func entries() throws(TemplateError) -> [(key: JSONValue, value: JSONValue)] {
        switch self {
        case .array(let items): return items.enumerated().map { (.number("\($0.offset)"), $0.element) }
        case .object(let members): return members.sorted { $0.name < $1.name }.map { (.string($0.name), $0.value) }
        default: throw TemplateError("range can't iterate over \(printed)")
        }
    }
}
