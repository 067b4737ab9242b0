// A newer reference meets a learner's copy: what has changed outside the regions is merged into the files that the learner writes, by
// git merge-file, from the starter of the commit that the copy was made from to the starter of today. Everything else is a link and current.
import Linux

extension Lab {
    /// The project's commit, or `unknown` outside a repository.
    public func currentCommit() throws -> String {
        let outcome = try run(["git", "rev-parse", "HEAD"], in: tree)
        return outcome.code == 0 ? outcome.output.filter { $0 != "\n" } : "unknown"
    }

    /// Merges. New files of the reference are linked, or copied where they hold exercises; links to files that are gone are removed.
    /// - Returns: a line for each file that changed.
    public func update() throws -> [String] {
        let base = try readText(FilePath("\(mine)/base")).filter { $0 != "\n" }
        var told: [String] = []
        for path in try writtenFiles() where !path.hasSuffix("Provenance.swift") && exists(FilePath("\(tree)/Sources/\(path)")) {
            let old = try run(["git", "show", "\(base):Sources/\(path)"], in: tree)
            guard old.code == 0 else { throw CourseError("commit \(base), from which your copy was made, is not in this repository") }
            let source = FilePath("\(tree)/Sources/\(path)")
            let (before, now) = (try starter(from: old.output), try starter(from: readText(source)))
            if before != now { told.append(try merge(path, before, now)) }
        }
        told += try followLinks()
        try writeFile(FilePath("\(mine)/base"), try currentCommit() + "\n")
        return told
    }

    /// Brings the files that a learner does not write up to date: a reference that gained or lost a file still builds with an old copy.
    /// - Returns: a line for each file that changed.
    public func followLinks() throws -> [String] { try file.modules.flatMap(follow) }

    private func follow(_ module: String) throws -> [String] {
        let (own, reference) = ("\(mine)/\(module)", "\(tree)/Sources/\(module)")
        var told: [String] = []
        for name in try entries(FilePath(own)) where try isLink("\(own)/\(name)") {
            let isGone = !exists(FilePath("\(reference)/\(name)")), isExercise = try !isGone && isCopied(name, of: module)
            guard isGone || isExercise else { continue }
            try remove(FilePath("\(own)/\(name)"))
            if isGone { told.append("\(module)/\(name): no longer in the reference") }
        }
        for name in try entries(FilePath(reference)).sorted() where !exists(FilePath("\(own)/\(name)")) {
            try place(name, of: module, in: own, .starter, word: "mine-\(Lab.nonce())")
            told.append("\(module)/\(name): \(try isLink("\(own)/\(name)") ? "new in the reference, linked" : "holds an exercise now")")
        }
        return told
    }

    private func isLink(_ path: String) throws -> Bool { try status(FilePath(path), followLinks: false).kind == .symbolicLink }

    private func merge(_ path: String, _ before: String, _ now: String) throws -> String {
        let (own, base, new) = ("\(mine)/\(path)", "\(mine)/.before", "\(mine)/.now")
        try writeFile(FilePath(base), before)
        try writeFile(FilePath(new), now)
        let outcome = try run(["git", "merge-file", "-L", "yours", "-L", "before", "-L", "reference", own, base, new], in: tree)
        try remove(FilePath(base))
        try remove(FilePath(new))
        return outcome.code == 0 ? "\(path): merged" : "\(path): merged, with conflicts that you find between <<<<<<< and >>>>>>>"
    }
}
