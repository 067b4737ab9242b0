// Go templates, as far as `--format` needs them: fields, `json`, `range`, `if`, `with`, `index`, `len`, `join`, `split`, `upper`, `lower`,
// `title`, `println`, `printf` with %s %d %v %q, `eq`, `ne`, `and`, `or`, `not`, pipes, variables of `range`. Anything beyond is refused
// with the word that was not understood, never printed as if it meant nothing.
//
//     text {{ pipeline }} text {{ range $k, $v := pipeline }} … {{ else }} … {{ end }}
//
// https://pkg.go.dev/text/template, https://docs.docker.com/engine/cli/formatting/ · chapter 13

/// A parsed template.
struct Template {
    let parts: [Node]

    indirect enum Node {
        case text(String)
        case print([Command])
        case branch(BranchKind, variables: [String], [Command], then: [Node], otherwise: [Node])
    }

    enum BranchKind: String { case `if`, range, with }

    /// A function or value with its arguments: `index .Labels "a"`.
    struct Command { var words: [Word] }

    /// A word of a command.
    indirect enum Word {
        case name(String), text(String), number(String)
        case path(root: String?, fields: [String])
        case group([Command])
    }

    /// Reads a template; `\t` and `\n` typed with a backslash mean tab and line break, as in Docker's tables.
    init(_ source: String) throws(TemplateError) {
        var parser = TemplateParser(try Self.tokens(of: source))
        parts = try parser.nodes(until: []).nodes
    }

    enum Token: Equatable { case text(String), action([Lexeme]) }
    enum Lexeme: Equatable { case word(String), text(String), number(String), symbol(Character) }

    private static func tokens(of source: String) throws(TemplateError) -> [Token] {
        var tokens: [Token] = [], rest = Substring(source)
        while let open = rest.firstRange(of: "{{") {
            var before = String(rest[..<open.lowerBound])
            rest = rest[open.upperBound...]
            guard let close = rest.firstRange(of: "}}") else { throw TemplateError("unclosed action") }
            var inside = rest[..<close.lowerBound]
            rest = rest[close.upperBound...]
            if inside.hasPrefix("- ") {
                inside.removeFirst()
                while before.last?.isWhitespace == true { before.removeLast() }
            }
            if inside.hasSuffix(" -") {
                inside.removeLast()
                rest = rest.drop(while: \.isWhitespace)
            }
            if !before.isEmpty { tokens.append(.text(before)) }
            if !inside.hasPrefix("/*") { tokens.append(.action(try lexemes(of: inside))) }
        }
        if !rest.isEmpty { tokens.append(.text(String(rest))) }
        return tokens
    }

    private static func lexemes(of text: Substring) throws(TemplateError) -> [Lexeme] {
        var all: [Lexeme] = [], rest = text
        while let first = rest.first {
            if first.isWhitespace {
                rest.removeFirst()
            } else if first == "\"" || first == "`" {
                all.append(.text(try literal(&rest, quote: first)))
            } else if "|(),".contains(first) {
                all.append(.symbol(first))
                rest.removeFirst()
            } else if rest.hasPrefix(":=") {
                all.append(.symbol("="))
                rest = rest.dropFirst(2)
            } else {
                let word = rest.prefix { !$0.isWhitespace && !"|(),\"`:".contains($0) }
                guard !word.isEmpty else { throw TemplateError("unexpected \"\(first)\" in \(text)") }
                all.append(first.isNumber || (first == "-" && word.count > 1) ? .number(String(word)) : .word(String(word)))
                rest = rest.dropFirst(word.count)
            }
        }
        return all
    }

    private static func literal(_ rest: inout Substring, quote: Character) throws(TemplateError) -> String {
        rest.removeFirst()
        var text = ""
        while let character = rest.popFirst() {
            if character == quote { return text }
            guard character == "\\", quote == "\"" else {
                text.append(character)
                continue
            }
            switch rest.popFirst() {
            case "n": text.append("\n")
            case "t": text.append("\t")
            case "\"": text.append("\"")
            case "\\": text.append("\\")
            case let other: throw TemplateError("unknown escape \\\(other.map(String.init) ?? "") in a string")
            }
        }
        throw TemplateError("unterminated quoted string")
    }
}

/// A template that can't be read or filled.
struct TemplateError: Error, Equatable, CustomStringConvertible {
    let reason: String

    init(_ reason: String) { self.reason = reason }

    var description: String { "template parsing error: template: :1: \(reason)" }
}
