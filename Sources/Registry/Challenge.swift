// What a registry says with 401: which schemes it understands, and for `Bearer`, who gives tokens for which scope.
//
//     WWW-Authenticate: Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/busybox:pull"
//
// One field may hold several challenges, divided by the same commas that divide the parameters of each; a value in quotes may hold commas and
// escaped quotes. RFC 9110 §11.6.1, §5.6.4; distribution's token specification. chapter 08
import HTTP

/// One way of saying who we are, as a server proposes it.
struct Challenge: Sendable, Equatable {
    /// In small letters: `basic`, `bearer`.
    let scheme: String
    /// Names in small letters.
    var parameters: [String: String] = [:]

    subscript(name: String) -> String? { parameters[name] }

    /// Those of a response, in their order. What cannot be read is left out.
    static func all(in headers: Headers) -> [Challenge] {
        headers.all.filter { $0.name.lowercased() == "www-authenticate" }.flatMap { field in
            var reader = ChallengeReader(rest: field.value.unicodeScalars[...])
            return reader.challenges()
        }
    }
}

private struct ChallengeReader {
    var rest: Substring.UnicodeScalarView

    mutating func challenges() -> [Challenge] {
        var found: [Challenge] = []
        while true {
            skip { $0 == "," || isBlank($0) }
            guard !rest.isEmpty else { return found }
            guard let word = token() else {
                rest.removeFirst()
                continue
            }
            skip(isBlank)
            // A word and an equals sign are a parameter of the challenge that is being read; a word alone begins the next one.
            if take("="), !found.isEmpty, let value = value() {
                found[found.count - 1].parameters[word.lowercased()] = value
            } else {
                found.append(Challenge(scheme: word.lowercased()))
            }
        }
    }

    private mutating func value() -> String? {
        skip(isBlank)
        return take("\"") ? quoted() : token()
    }

    private mutating func quoted() -> String {
        var text = ""
        while let scalar = rest.popFirst(), scalar != "\"" { text.unicodeScalars.append(scalar == "\\" ? rest.popFirst() ?? scalar : scalar) }
        return text
    }

    private mutating func token() -> String? {
        let word = rest.prefix { !isBlank($0) && $0 != "," && $0 != "=" && $0 != "\"" }
        rest = rest[word.endIndex...]
        return word.isEmpty ? nil : String(word)
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == scalar else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func skip(_ isSkipped: (Unicode.Scalar) -> Bool) { rest = rest.drop(while: isSkipped) }
}

private func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" }
