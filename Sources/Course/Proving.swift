// Who checks the checks. A lab is proven when its starter compiles and every check says "not written yet", the reference passes twice, and
// every planted mistake is caught by exactly the check that it names. All of it happens in a throw-away copy of the tree whose folders are
// links, except for `mine`; the reference's files are never written to, and that is checked too.
import Linux

/// A planted mistake: a patch against the copy, whose first line says `check: ID` and the misconception.
public struct Mutant: Sendable {
    /// The patch's file.
    public let path: String
    /// The check that has to catch it.
    public let check: String
    /// What a learner thought who wrote it.
    public let misconception: String

    /// Reads the first line of a patch.
    init(_ path: String) throws {
        self.path = path
        let line = try readText(FilePath(path)).prefix { $0 != "\n" }
        let words = line.split(separator: " ", maxSplits: 2)
        guard words.count == 3, words[0] == "check:" else { throw CourseError("\(path): the first line must say `check: ID misconception`") }
        (check, misconception) = (String(words[1]), String(words[2]))
    }
}

/// The proof of one lab.
public struct Proof {
    let original: Lab
    let place: String
    let say: (String) -> Void

    /// - Parameters:
    ///   - place: a folder that is ours, for the copy and its build; the build is kept from one proof to the next
    ///   - say: gets a line for every step
    public init(of lab: Lab, in place: String, say: @escaping (String) -> Void) {
        (original, self.place, self.say) = (lab, place, say)
    }

    /// Proves the lab.
    /// - Returns: how many statements did not hold.
    public func run() throws -> Int {
        let before = try fingerprint()
        let workshop = try prepare()
        var wrong = try consistency()
        wrong += try state("starter", workshop, .starter) { checks in checks.filter { !$0.finding.isNotWritten }.map { "\($0.check.id) says \($0.finding)" } }
        for round in ["reference", "reference again"] {
            wrong += try state(round, workshop, .solution) { checks in
                checks.filter { $0.finding != .pass && !$0.finding.isUnverified }.map { "\($0.check.id) says \($0.finding)" }
            }
        }
        for mutant in try mutants() {
            let name = mutant.path.split(separator: "/").last.map(String.init) ?? mutant.path
            wrong += try state("mutant \(name)", workshop, .solution, patch: mutant) { checks in
                let caught = checks.filter { if case .fail = $0.finding { true } else { false } }
                let known = caught.allSatisfy { if case .fail(let sign, _) = $0.finding { $0.check.signs[sign] != nil } else { false } }
                return caught.map(\.check.id) == [mutant.check]
                    ? (known ? [] : ["\(mutant.check) has no words for what it saw: \(caught.map(\.finding))"])
                    : ["caught by \(caught.map(\.check.id)), not by \(mutant.check) alone"]
            }
        }
        if try fingerprint() != before {
            say("  WRONG the reference was written to")
            wrong += 1
        }
        return wrong
    }

    private func state(
        _ name: String, _ workshop: Workshop, _ filling: Filling, patch: Mutant? = nil, _ judge: ([(check: Check, finding: Finding)]) -> [String]
    ) throws -> Int {
        let begin = monotonicNanoseconds()
        let mine = workshop.lab.mine, next = "\(mine)-next"
        try removeTree(FilePath(next))
        try workshop.lab.generate(filling, base: "proof", in: next, word: "mine-00000000")
        if let patch {
            let outcome = try Course.run(["git", "apply", "-p1", patch.path], in: next, with: ["GIT_CEILING_DIRECTORIES=\(next)/.."])
            guard outcome.code == 0 else { return told(name, begin, ["the patch does not apply: \(outcome.output)"]) }
        }
        try replace(FilePath(mine), with: FilePath(next))
        if let complaint = try workshop.build() { return told(name, begin, ["does not compile:\n\(complaint)"]) }
        let build = "built in \((monotonicNanoseconds() - begin) / 1_000_000_000) s, "
        return told(name, begin, note: build, judge(try workshop.findings(stopping: false, heedingNeeds: patch != nil)))
    }

    /// Makes a folder the same as another, which goes. A file that is the same already stays what it was, so that a build has little to do.
    private func replace(_ folder: FilePath, with next: FilePath) throws {
        try makeDirectories(folder)
        for name in try entries(folder) where !exists(next.appending(name)) { try removeTree(folder.appending(name)) }
        for name in try entries(next) {
            let (old, new) = (folder.appending(name), next.appending(name))
            if try status(new, followLinks: false).kind == .directory {
                try replace(old, with: new)
            } else if try !isSame(old, new) {
                try rename(new, to: old)
            }
        }
        try removeTree(next)
    }

    private func isSame(_ one: FilePath, _ other: FilePath) throws -> Bool {
        guard exists(one) else { return false }
        let (first, second) = (try status(one, followLinks: false).kind, try status(other, followLinks: false).kind)
        guard first == second else { return false }
        return first == .symbolicLink ? try readLink(one) == readLink(other) : try readFile(one) == readFile(other)
    }

    private func told(_ name: String, _ begin: UInt64, note: String = "", _ complaints: [String]) -> Int {
        say("  \(complaints.isEmpty ? "holds" : "WRONG") \(name) (\(note)all in \((monotonicNanoseconds() - begin) / 1_000_000_000) s)")
        for complaint in complaints { say("        \(complaint)") }
        return complaints.count
    }

    /// The planted mistakes, in order of name.
    private func mutants() throws -> [Mutant] {
        let folder = "\(original.tree)/\(original.folder)/mutants"
        return try entries(FilePath(folder)).sorted().filter { $0.hasSuffix(".patch") }.map { try Mutant("\(folder)/\($0)") }
    }

    /// What can be said of LAB.json without running anything.
    private func consistency() throws -> Int {
        var complaints: [String] = []
        let file = original.file
        for exercise in file.exercises {
            if try original.region(of: exercise).body.isEmpty { complaints.append("region \(exercise.id) is empty") }
            if exercise.hints.count != 3 { complaints.append("\(exercise.id) has \(exercise.hints.count) hints, not three") }
            if !file.checks.contains(where: { $0.exercise == exercise.id }) { complaints.append("\(exercise.id) has no check") }
            for words in exercise.hints + [exercise.title, exercise.brief, exercise.why] where words.en.isEmpty || words.ko.isEmpty {
                complaints.append("\(exercise.id) lacks a language")
            }
        }
        let (ids, planted) = (Set(file.checks.map(\.id)), try mutants())
        for mutant in planted where !ids.contains(mutant.check) { complaints.append("\(mutant.path) names no check: \(mutant.check)") }
        for check in file.checks where !Set(check.needs).isSubset(of: ids) { complaints.append("\(check.id) needs what there is not: \(check.needs)") }
        if planted.count < 2 { complaints.append("fewer than two mutants") }
        return told("LAB.json", monotonicNanoseconds(), complaints)
    }

    /// A tree whose folders are links to the project's, with a `mine` of its own.
    private func prepare() throws -> Workshop {
        let tree = "\(place)/tree"
        if exists(FilePath(tree)) { try removeTree(FilePath(tree)) }
        try makeDirectories(FilePath("\(tree)/\(original.folder)"))
        for name in ["Sources", "Tests"] { try symbolicLink("\(original.tree)/\(name)", at: FilePath("\(tree)/\(name)")) }
        for name in ["Package.swift", "Package.resolved"] where exists(FilePath("\(original.tree)/\(name)")) {
            try writeFile(FilePath("\(tree)/\(name)"), try readFile(FilePath("\(original.tree)/\(name)")))
        }
        for name in ["LAB.json", "Checks"] {
            try symbolicLink("\(original.tree)/\(original.folder)/\(name)", at: FilePath("\(tree)/\(original.folder)/\(name)"))
        }
        let copy = try Lab(original.file.chapter, in: tree)
        try makeDirectories(FilePath(copy.mine))
        // One folder for all labs: what they share (and that is most of it) is built once.
        return Workshop(copy, scratch: "\(place)/build", project: original.tree)
    }

    /// The reference's files with their contents, as one text.
    private func fingerprint() throws -> [[UInt8]] {
        try original.file.modules.flatMap { module in
            try entries(FilePath("\(original.tree)/Sources/\(module)")).sorted().map {
                try Array($0.utf8) + readFile(FilePath("\(original.tree)/Sources/\(module)/\($0)"))
            }
        }
    }
}

extension Finding {
    var isNotWritten: Bool { if case .notWritten = self { true } else { false } }
}
