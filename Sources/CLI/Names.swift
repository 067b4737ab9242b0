// Commands that do one thing to each of several names: each success is printed, each failure told, the rest goes on. chapter 13

internal import JSON

extension Session {
    /// Does `work` for each name; prints what it returns.
    ///
    /// - Returns: the exit code: 1 if any failed.
    func forEach(_ names: [String], _ work: (String) throws(Failure) -> String?) -> Int32 {
        var code: Int32 = 0
        for name in names {
            do throws(Failure) {
                if let line = try work(name) { Output.line(line) }
            } catch {
                if let message = error.message { Output.complain(message + "\n") }
                code = error.code
            }
        }
        return code
    }

    /// Filters as the API wants them: a map of sets.
    static func filters(_ words: [String]) throws(Failure) -> (name: String, value: String)? {
        guard !words.isEmpty else { return nil }
        var members: [JSONValue.Member] = []
        for word in words {
            guard let equals = word.firstIndex(of: "="), equals != word.startIndex else {
                throw Failure("invalid argument \"\(word)\" for \"-f, --filter\" flag: bad format of filter (expected name=value)", code: 125)
            }
            let name = word[..<equals].lowercased(), value = String(word[word.index(after: equals)...])
            let place = members.firstIndex { $0.name == name } ?? members.endIndex
            if place == members.endIndex { members.append(.object(name, [])) }
            members[place] = .object(name, members[place].value.members + [.bool(value, true)])
        }
        return ("filters", JSONValue.object(members).text())
    }
}
