// The functions of our templates. chapter 13

internal import JSON

enum TemplateFunctions {
    /// The value of a function for its arguments; a piped value comes last.
    static func apply(_ name: String, _ arguments: [JSONValue]) throws(TemplateError) -> JSONValue {
        func need(_ count: Int) throws(TemplateError) {
            guard arguments.count == count else { throw TemplateError("wrong number of args for \(name): want \(count) got \(arguments.count)") }
        }
        switch name {
        case "and", "or", "eq", "ne", "not": return .bool(try truth(name, arguments))
        case "print": return .string(arguments.map(\.printed).joined())
        case "println": return .string(arguments.map(\.printed).joined(separator: " ") + "\n")
        case "printf": return .string(try formatted(arguments))
        case "index": return try index(arguments)
        case "join", "split", "pad", "truncate": try need(name == "pad" ? 3 : 2)
        default: try need(1)
        }
        switch name {
        case "json": return .string(arguments[0].text())
        case "len": return .number("\(try length(arguments[0]))")
        case "upper": return .string(arguments[0].printed.uppercased())
        case "lower": return .string(arguments[0].printed.lowercased())
        case "title": return .string(arguments[0].printed.split(separator: " ").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: " "))
        case "join": return .string(try arguments[0].entries().map(\.value.printed).joined(separator: arguments[1].printed))
        case "split": return .array(parts(of: arguments[0].printed, at: arguments[1].printed).map(JSONValue.string))
        case "truncate": return .string(String(arguments[0].printed.prefix(Int(arguments[1].printed) ?? 0)))
        default: throw TemplateError("function \"\(name)\" not defined")
        }
    }

    private static func truth(_ name: String, _ arguments: [JSONValue]) throws(TemplateError) -> Bool {
        guard let first = arguments.first else { throw TemplateError("wrong number of args for \(name)") }
        switch name {
        case "and": return arguments.allSatisfy(\.isTrue)
        case "or": return arguments.contains(where: \.isTrue)
        case "not": return !first.isTrue
        default:
            guard arguments.count >= 2 else { throw TemplateError("missing argument for comparison") }
            return name == "eq" ? arguments.dropFirst().contains(first) : arguments[1] != first
        }
    }

    private static func length(_ value: JSONValue) throws(TemplateError) -> Int {
        if case .string(let text) = value { return text.utf8.count }
        if case .null = value { return 0 }
        return try value.entries().count
    }

    private static func index(_ arguments: [JSONValue]) throws(TemplateError) -> JSONValue {
        guard var found = arguments.first else { throw TemplateError("wrong number of args for index") }
        for key in arguments.dropFirst() {
            switch (found, key) {
            case (.object, _): found = found[key.printed] ?? .string("")
            case (.array(let items), .number(let digits)):
                guard let place = Int(digits), items.indices.contains(place) else { throw TemplateError("index out of range: \(digits)") }
                found = items[place]
            case (.null, _): throw TemplateError("index of untyped nil")
            default: throw TemplateError("can't index item of \(found.printed)")
            }
        }
        return found
    }

    private static func parts(of text: String, at separator: String) -> [String] {
        guard !separator.isEmpty else { return text.map(String.init) }
        var all: [String] = [], rest = Substring(text)
        while let range = rest.firstRange(of: separator) {
            all.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return all + [String(rest)]
    }

    /// printf with %s, %v, %d, %q and %%.
    private static func formatted(_ arguments: [JSONValue]) throws(TemplateError) -> String {
        guard let format = arguments.first?.printed else { throw TemplateError("wrong number of args for printf") }
        var all = "", values = arguments.dropFirst(), rest = Substring(format)
        while let character = rest.popFirst() {
            guard character == "%" else {
                all.append(character)
                continue
            }
            let verb = rest.popFirst()
            if verb == "%" {
                all.append("%")
                continue
            }
            guard let value = values.popFirst() else { throw TemplateError("printf: missing argument") }
            switch verb {
            case "s", "v", "d": all += value.printed
            case "q": all += JSONValue.string(value.printed).text()
            default: throw TemplateError("printf: %\(verb.map(String.init) ?? "") is beyond our templates")
            }
        }
        return all
    }
}
