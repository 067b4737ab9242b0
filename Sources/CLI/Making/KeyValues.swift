// `-e`, `--env-file` and `-l`: variables and labels as users write them. A variable without `=` takes its value from our own environment;
// a file has one a line, comments begin with `#`. The rules and the wording of errors are Docker's. chapter 13

enum KeyValues {
    /// The variables of `--env-file` texts, then those of `-e`, in the order given.
    ///
    /// - Parameters:
    ///   - files: name and text of each file
    ///   - words: what `-e` was given
    ///   - environment: our own variables
    static func variables(files: [(name: String, text: String)], words: [String], environment: [String: String]) throws(ValueError) -> [String] {
        var all: [String] = []
        for file in files { all += try lines(of: file.text, named: file.name, environment: environment) }
        for word in words {
            guard !word.isEmpty, !word.hasPrefix("=") else { throw ValueError(description: "invalid environment variable: \(word)") }
            // Without a value and without one here either, the name alone tells the engine to take the image's variable away.
            all.append(word.contains("=") ? word : environment[word].map { "\(word)=\($0)" } ?? word)
        }
        return all
    }

    private static func lines(of text: String, named name: String, environment: [String: String]) throws(ValueError) -> [String] {
        var all: [String] = []
        for raw in text.split(whereSeparator: \.isNewline) {
            let line = raw.drop { $0 == " " || $0 == "\t" }
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false), key = parts[0]
            guard !key.isEmpty else { throw ValueError(description: "invalid environment file \(name): no variable name on line '\(line)'") }
            guard !key.contains(where: \.isWhitespace) else {
                throw ValueError(description: "invalid environment file \(name): variable '\(key)' contains whitespaces")
            }
            if parts.count == 2 {
                all.append(String(line))
            } else if let value = environment[String(key)] {
                all.append("\(key)=\(value)")
            }
        }
        return all
    }

    /// Labels as a map; one without `=` has an empty value, and the last of a name counts.
    static func labels(_ words: [String]) -> [String: String] {
        Dictionary(
            words.map { word in
                let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), parts.count == 2 ? String(parts[1]) : "")
            }, uniquingKeysWith: { $1 })
    }
}
