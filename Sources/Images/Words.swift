// A Dockerfile's words: blanks separate, quotes hold together, a backslash takes the next character as it is, `$NAME` and `${NAME}` stand for
// a variable except between single quotes.

/// Splits a line into words.
/// - Throws: `.invalid` for an open quote or a `${` that is not a plain name.
func split(_ text: String, lookUp: (String) -> String) throws(ImagesError) -> [String] {
    var words: [String] = [], word: String?
    var quote: Character?
    var rest = Substring(text)
    while let character = rest.popFirst() {
        switch character {
        case "\\" where quote != "'":
            let next = rest.popFirst() ?? "\\"
            // Between double quotes only these are special after a backslash.
            word = (word ?? "") + (quote == "\"" && !"\"\\$".contains(next) ? "\\\(next)" : String(next))
        case "$" where quote != "'": word = (word ?? "") + (try variable(&rest, lookUp))
        case quote: quote = nil
        case "\"" where quote == nil, "'" where quote == nil:
            quote = character
            word = word ?? ""
        case _ where character.isWhitespace && quote == nil:
            if let done = word { words.append(done) }
            word = nil
        default: word = (word ?? "") + String(character)
        }
    }
    guard quote == nil else { throw .invalid("unexpected end of statement while looking for matching quote in \(text)") }
    if let done = word { words.append(done) }
    return words
}

/// The value of the variable whose name begins here; a lone `$` is itself.
private func variable(_ rest: inout Substring, _ lookUp: (String) -> String) throws(ImagesError) -> String {
    let isBraced = rest.first == "{"
    if isBraced { rest.removeFirst() }
    let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    rest = rest.dropFirst(name.count)
    if isBraced {
        guard !name.isEmpty, rest.popFirst() == "}" else { throw .invalid("unsupported modifier in substitution") }
    }
    return name.isEmpty ? "$" : lookUp(String(name))
}
