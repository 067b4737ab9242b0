// From lexemes to the tree of a template: pipelines, and branches that end at their `end`. chapter 13

struct TemplateParser {
    private var tokens: ArraySlice<Template.Token>

    init(_ tokens: [Template.Token]) { self.tokens = tokens[...] }

    /// Nodes up to one of the words in `stops`, which is taken and returned; with no stops, up to the end.
    mutating func nodes(until stops: Set<String>) throws(TemplateError) -> (nodes: [Template.Node], stop: String?) {
        var all: [Template.Node] = []
        while let token = tokens.popFirst() {
            switch token {
            case .text(let text): all.append(.text(text))
            case .action(let lexemes):
                guard case .word(let first) = lexemes.first else {
                    all.append(.print(try Self.pipeline(lexemes[...])))
                    continue
                }
                if first == "end" || first == "else" {
                    guard stops.contains(first) else { throw TemplateError("unexpected {{\(first)}}") }
                    guard lexemes.count == 1 else { throw TemplateError("{{else if}} and arguments of {{end}} are beyond our templates") }
                    return (all, first)
                }
                if let kind = Template.BranchKind(rawValue: first) {
                    all.append(try branch(kind, lexemes.dropFirst()))
                } else if ["template", "define", "block", "break", "continue"].contains(first) {
                    throw TemplateError("{{\(first)}} is beyond our templates")
                } else {
                    all.append(.print(try Self.pipeline(lexemes[...])))
                }
            }
        }
        guard stops.isEmpty else { throw TemplateError("unexpected EOF: {{end}} is missing") }
        return (all, nil)
    }

    private mutating func branch(_ kind: Template.BranchKind, _ lexemes: ArraySlice<Template.Lexeme>) throws(TemplateError) -> Template.Node {
        var variables: [String] = [], condition = lexemes
        if let assignment = lexemes.firstIndex(of: .symbol("=")) {
            for case .word(let name) in lexemes[..<assignment] { variables.append(name) }
            guard kind == .range, variables.count <= 2, variables.allSatisfy({ $0.hasPrefix("$") }) else {
                throw TemplateError("variables are understood in {{range $key, $value := …}} only")
            }
            condition = lexemes[(assignment + 1)...]
        }
        let pipeline = try Self.pipeline(condition), (then, stop) = try nodes(until: ["else", "end"])
        let otherwise = stop == "else" ? try nodes(until: ["end"]).nodes : []
        return .branch(kind, variables: variables, pipeline, then: then, otherwise: otherwise)
    }

    private static func pipeline(_ lexemes: ArraySlice<Template.Lexeme>) throws(TemplateError) -> [Template.Command] {
        var rest = lexemes
        let commands = try pipeline(&rest)
        guard rest.isEmpty else { throw TemplateError("unexpected \")\"") }
        return commands
    }

    /// Commands up to the end or a closing bracket, which is left.
    private static func pipeline(_ rest: inout ArraySlice<Template.Lexeme>) throws(TemplateError) -> [Template.Command] {
        var commands: [Template.Command] = [], words: [Template.Word] = []
        while let lexeme = rest.first, lexeme != .symbol(")") {
            rest.removeFirst()
            switch lexeme {
            case .symbol("|"):
                guard !words.isEmpty else { throw TemplateError("missing value for command") }
                commands.append(Template.Command(words: words))
                words = []
            case .symbol("("):
                words.append(.group(try pipeline(&rest)))
                guard rest.popFirst() == .symbol(")") else { throw TemplateError("unclosed left paren") }
            case .symbol(let symbol): throw TemplateError("unexpected \"\(symbol)\"")
            case .text(let text): words.append(.text(text))
            case .number(let digits): words.append(.number(digits))
            case .word(let word): words.append(try self.word(word))
            }
        }
        guard !words.isEmpty else { throw TemplateError("missing value for command") }
        return commands + [Template.Command(words: words)]
    }

    private static func word(_ text: String) throws(TemplateError) -> Template.Word {
        guard text.hasPrefix(".") || text.hasPrefix("$") else { return .name(text) }
        let root = text.hasPrefix("$") ? String(text.prefix { $0 != "." }) : nil
        let fields = text.dropFirst(root?.count ?? 0).split(separator: ".", omittingEmptySubsequences: true).map(String.init)
        guard fields.allSatisfy({ $0.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" } }) else { throw TemplateError("bad character in \(text)") }
        return .path(root: root, fields: fields)
    }
}
