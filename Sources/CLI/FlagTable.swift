// How users write flags, and how ArgumentParser wants them. Docker's users type what Go's pflag takes: `-itd`, `-eA=1`, `-m=64m`,
// `--rm=false`, `--memory-swap -1`, flags after operands, or none after the image. This table turns all that into one plain form,
// `--name=value` or `--name`, flags first and operands after `--`, so that the commands themselves are ordinary ArgumentParser ones.
// https://pkg.go.dev/github.com/spf13/pflag · chapter 13

/// The flags of a command, each as `name` or `name/s` with its one-letter form.
struct FlagTable {
    /// Long names by letter.
    private var letters: [Character: String] = [:]
    /// Names that take a value.
    private(set) var valued: Set<String> = []
    /// Names that are on or off, with what they are when not given.
    private(set) var switches: [String: Bool] = ["help": false]
    /// Whether everything from the first operand on is an operand: `run IMAGE ls -l`.
    let stopsAtOperand: Bool

    /// - Parameters:
    ///   - valued: flags with a value, separated by blanks: `env/e label/l`
    ///   - switches: flags without; one that is on by default is written `+name`
    init(valued: String = "", switches: String = "", stopsAtOperand: Bool = false) {
        self.stopsAtOperand = stopsAtOperand
        for name in valued.split(separator: " ") { self.valued.insert(enter(name)) }
        for name in switches.split(separator: " ") { self.switches[enter(name.drop { $0 == "+" })] = name.hasPrefix("+") }
    }

    private mutating func enter(_ text: Substring) -> String {
        let parts = text.split(separator: "/")
        if parts.count == 2, let letter = parts[1].first { letters[letter] = String(parts[0]) }
        return String(parts[0])
    }

    /// The words in plain form.
    ///
    /// - Returns: `flags` for ArgumentParser, and `operands` that follow.
    /// - Throws: `Failure` with code 125, in pflag's words.
    func plain(_ words: [String]) throws(Failure) -> (flags: [String], operands: [String]) {
        var flags: [String] = [], operands: [String] = [], rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                operands += rest
                break
            }
            if word.hasPrefix("--") {
                try long(word, &rest, &flags)
            } else if word.hasPrefix("-"), word != "-" {
                try cluster(word, &rest, &flags)
            } else {
                operands.append(word)
                guard stopsAtOperand else { continue }
                operands += rest
                break
            }
        }
        return (flags, operands)
    }

    private func long(_ word: String, _ rest: inout ArraySlice<String>, _ flags: inout [String]) throws(Failure) {
        let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false), name = String(parts[0])
        if valued.contains(name) {
            guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else { throw Failure("flag needs an argument: --\(name)", code: 125) }
            flags += Self.option(name, value)
        } else if switches[name] != nil {
            try turn(name, parts.count == 2 ? String(parts[1]) : nil, &flags)
        } else {
            throw Failure("unknown flag: --\(name)", code: 125)
        }
    }

    /// In one word, for a value may begin with a dash; an empty one (`--entrypoint ""`) is a word of its own, or it would count as missing.
    private static func option(_ name: String, _ value: String) -> [String] { value.isEmpty ? ["--\(name)", ""] : ["--\(name)=\(value)"] }

    private func cluster(_ word: String, _ rest: inout ArraySlice<String>, _ flags: inout [String]) throws(Failure) {
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            guard let name = self.letters[letter] else { throw Failure("unknown shorthand flag: '\(letter)' in \(word)", code: 125) }
            let equals = letters.hasPrefix("=")
            guard valued.contains(name) else {
                try turn(name, equals ? String(letters.dropFirst()) : nil, &flags)
                if equals { return }
                continue
            }
            guard let value = letters.isEmpty ? rest.popFirst() : String(equals ? letters.dropFirst() : letters) else {
                throw Failure("flag needs an argument: '\(letter)' in \(word)", code: 125)
            }
            flags += Self.option(name, value)
            return
        }
    }

    /// A switch given, perhaps with a value; the last of several counts.
    private func turn(_ name: String, _ value: String?, _ flags: inout [String]) throws(Failure) {
        let on = ["1", "t", "T", "true", "TRUE", "True"], off = ["0", "f", "F", "false", "FALSE", "False"]
        guard value.map({ on.contains($0) || off.contains($0) }) ?? true else {
            throw Failure(
                "invalid argument \"\(value ?? "")\" for \"--\(name)\" flag: strconv.ParseBool: parsing \"\(value ?? "")\": invalid syntax", code: 125)
        }
        let isOn = value.map(on.contains) ?? true
        flags.removeAll { $0 == "--\(name)" || $0 == "--no-\(name)" }
        if isOn != switches[name] { flags.append(isOn ? "--\(name)" : "--no-\(name)") }
    }
}
