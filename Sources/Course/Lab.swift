// Where a lab lies in the tree, and making a learner's copy of its module: files with regions are written with their bodies replaced,
// Provenance.swift with a word of the learner's own, and all others are relative links to the reference, so that a reference that grows does
// not strand anybody. Nothing that exists is ever overwritten.
import Linux

/// A sentence for whoever sits at the keyboard.
public struct CourseError: Error, CustomStringConvertible {
    /// The sentence.
    public let description: String
    init(_ description: String) { self.description = description }
}

/// A lab in a tree. The tree is the project, or a throw-away copy of it in which labs are proven.
public struct Lab: Sendable {
    /// The top of the tree.
    public let tree: String
    /// Such as `labs/03-namespaces`.
    public let folder: String
    /// Its data.
    public let file: LabFile

    /// Finds lab `chapter` (`3`, `03` or `03.2`) below `tree`.
    public init(_ chapter: String, in tree: String) throws {
        let number = chapter.prefix { $0 != "." }
        let padded = number.count == 1 ? "0\(number)" : String(number)
        let folders = try entries(FilePath("\(tree)/labs")).sorted()
        guard number.allSatisfy(\.isNumber), let name = folders.first(where: { $0.hasPrefix("\(padded)-") }) else {
            throw CourseError(
                "there is no lab \(chapter.isEmpty ? "without a number" : chapter); say one of: N=\(folders.map { String($0.prefix(2)) }.joined(separator: ", N="))"
            )
        }
        self.tree = tree
        folder = "labs/\(name)"
        do { file = try LabFile(json: readFile(FilePath("\(tree)/labs/\(name)/LAB.json"))) } catch let error as DecodingError {
            throw CourseError("labs/\(name)/LAB.json: \(error)")
        }
    }

    /// The folder that holds the learner's modules.
    public var mine: String { "\(tree)/\(folder)/mine" }

    /// Whether the learner has begun.
    public var isBegun: Bool { file.modules.allSatisfy { exists(FilePath("\(mine)/\($0)")) } }

    /// An exercise by its number; the lab's first for the lab's number alone.
    public func exercise(_ id: String) throws -> Exercise {
        guard id.contains(".") else { return file.exercises[0] }
        let number = id.first == "0" ? id : String(repeating: "0", count: max(0, 4 - id.count)) + id
        guard let found = file.exercises.first(where: { $0.id == number }) else {
            throw CourseError("lab \(file.chapter) has no exercise \(id); it has \(file.exercises.map(\.id).joined(separator: ", "))")
        }
        return found
    }

    /// The reference's region of an exercise.
    public func region(of exercise: Exercise) throws -> Region {
        for module in file.modules {
            let path = FilePath("\(tree)/Sources/\(module)/\(exercise.file)")
            guard exists(path) else { continue }
            if let region = try regions(in: readText(path)).first(where: { $0.exercise == exercise.id }) { return region }
        }
        throw CourseError("the reference has no region \(exercise.id) in \(exercise.file)")
    }
}

/// What a copy's regions hold.
public enum Filling: Sendable {
    /// `unfinished`: what a learner begins with.
    case starter
    /// The reference's own bodies.
    case solution
}

extension Lab {
    /// Writes the copy of every module of the lab.
    /// - Parameters:
    ///   - base: the commit that the copy was made from, kept for a later merge
    ///   - place: where to, if not to `mine`: a folder beside it, for the links are relative
    ///   - word: what `provenance` gets in place of `reference`; `mine-` and eight hex digits that differ from copy to copy
    public func generate(_ filling: Filling, base: String, in place: String? = nil, word: String = "mine-\(Lab.nonce())") throws {
        let place = place ?? mine
        for module in file.modules {
            let target = "\(place)/\(module)"
            guard !exists(FilePath(target)) else {
                throw CourseError("\(folder)/mine/\(module) is there already, and is never overwritten; `make reset N=\(file.chapter)` begins again")
            }
            try makeDirectories(FilePath(target))
            for name in try entries(FilePath("\(tree)/Sources/\(module)")).sorted() { try self.place(name, of: module, in: target, filling, word: word) }
        }
        try writeFile(FilePath("\(place)/base"), base + "\n")
    }

    /// Whether a learner gets a file of their own of this one: it holds exercises, or the word.
    func isCopied(_ name: String, of module: String) throws -> Bool {
        guard name.hasSuffix(".swift") else { return false }
        return try name == "Provenance.swift" || !regions(in: readText(FilePath("\(tree)/Sources/\(module)/\(name)"))).isEmpty
    }

    /// Makes one file of a copy, or the link that stands for it.
    func place(_ name: String, of module: String, in target: String, _ filling: Filling, word: String) throws {
        let source = FilePath("\(tree)/Sources/\(module)/\(name)"), copy = FilePath("\(target)/\(name)")
        guard try isCopied(name, of: module) else {
            // From labs/NN-…/mine/Module up to the top.
            return try symbolicLink("../../../../Sources/\(module)/\(name)", at: copy)
        }
        let text = try readText(source)
        if name == "Provenance.swift" { return try writeFile(copy, text.replacing("\"reference\"", with: "\"\(word)\"")) }
        try writeFile(copy, filling == .starter ? starter(from: text) : text)
    }

    /// The words that the copies carry in place of `reference`, by which the running engine shows whose code it is.
    public func words() throws -> [String] {
        try file.modules.compactMap { module in
            let path = FilePath("\(mine)/\(module)/Provenance.swift")
            return exists(path) ? try readText(path).split(separator: "\"").first { $0.hasPrefix("mine-") }.map(String.init) : nil
        }
    }

    /// Eight hex digits that differ from copy to copy.
    public static func nonce() -> String {
        let digits = String(UInt32.random(in: 0...UInt32.max), radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// The copy's files that a learner writes: those that are no links.
    public func writtenFiles() throws -> [String] {
        try file.modules.flatMap { module in
            try entries(FilePath("\(mine)/\(module)")).sorted().filter { try status(FilePath("\(mine)/\(module)/\($0)"), followLinks: false).kind == .file }.map
            { "\(module)/\($0)" }
        }
    }

    /// Moves the copy aside, to the first free name.
    /// - Returns: where it is now, from the top of the tree.
    public func setAside() throws -> String {
        let number = (1...).first { !exists(FilePath("\(mine)-\($0)")) } ?? 1
        try rename(FilePath(mine), to: FilePath("\(mine)-\(number)"))
        return "\(folder)/mine-\(number)"
    }
}
