// A learner's copy of a module: files with regions are theirs, all others are links to the reference, and a newer reference comes in by a merge.
import Course
import Foundation
import Linux
import Testing

/// A small project with one lab, in a folder of its own, as a git repository.
private final class Project {
    let tree = "/tmp/slip-course-\(UUID().uuidString)"
    let lab: Lab

    init() throws {
        try makeDirectories(FilePath("\(tree)/Sources/Boats"))
        try makeDirectories(FilePath("\(tree)/labs/42-boats"))
        try Project.write("\(tree)/Sources/Boats/Hull.swift", Project.hull)
        try Project.write("\(tree)/Sources/Boats/Sail.swift", "let sail = 1\n")
        try Project.write("\(tree)/Sources/Boats/Keel.swift", "func keel() -> Int { 3 }\n")
        try Project.write("\(tree)/Sources/Boats/Provenance.swift", "public let provenance = \"reference\"\n")
        try Project.write("\(tree)/labs/42-boats/LAB.json", Project.json)
        lab = try Lab("42", in: tree)
    }

    deinit { try? removeTree(FilePath(tree)) }  // a temporary folder

    static let hull = """
        // Opens.
        func hull() -> Int {
            // lab: 42.1 build it
            return 7
            // lab: end
        }

        func mast() -> Int { 1 }

        """
    static let json = """
        {"chapter": "42", "title": {"en": "Boats", "ko": "배"}, "minutes": 1, "firstBuildSeconds": 1, "tier": "P", "modules": ["Boats"],
        "brief": {"en": "", "ko": ""}, "exercises": [], "checks": [], "misconceptions": []}
        """

    static func write(_ path: String, _ text: String) throws { try writeFile(FilePath(path), Array(text.utf8)) }
    func write(_ path: String, _ text: String) throws { try Project.write("\(tree)/\(path)", text) }
    func mine(_ name: String) -> FilePath { FilePath("\(tree)/labs/42-boats/mine/Boats/\(name)") }

    func commit() throws -> String {
        if !exists(FilePath("\(tree)/.git")) { #expect(try run(["git", "init", "-q"], in: tree).code == 0) }
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        for words in [["add", "Sources"], ["commit", "-q", "-m", "x"]] { #expect(try run(["git"] + identity + words, in: tree).code == 0) }
        return try lab.currentCommit()
    }
}

@Suite("A learner's copy")
struct CopyTests {
    @Test("Files with regions and the provenance are copied, all others are relative links that reach the reference")
    func links() throws {
        let project = try Project()
        try project.lab.generate(.starter, base: "abc")
        #expect(try status(project.mine("Sail.swift"), followLinks: false).kind == .symbolicLink)
        #expect(try readLink(project.mine("Sail.swift")).hasPrefix("../"))
        #expect(try readText(project.mine("Sail.swift")) == "let sail = 1\n")
        #expect(try readText(project.mine("Hull.swift")).contains("unfinished(\"42.1\")"))
        #expect(try project.lab.writtenFiles() == ["Boats/Hull.swift", "Boats/Provenance.swift"])
        #expect(try project.lab.words().first?.hasPrefix("mine-") == true)
        #expect(project.lab.isBegun)
    }

    @Test("A copy that is there is never overwritten; another place and a given word are possible")
    func twice() throws {
        let project = try Project()
        try project.lab.generate(.starter, base: "abc")
        #expect(throws: CourseError.self) { try project.lab.generate(.solution, base: "abc") }
        try project.lab.generate(.solution, base: "abc", in: "\(project.lab.mine)-next", word: "mine-12345678")
        let next = "\(project.lab.mine)-next/Boats"
        #expect(try readText(FilePath("\(next)/Hull.swift")) == Project.hull)
        #expect(try readText(FilePath("\(next)/Sail.swift")) == "let sail = 1\n")
        #expect(try readText(FilePath("\(next)/Provenance.swift")).contains("mine-12345678"))
    }

    @Test("A newer reference is merged around the learner's work, new files are linked, new exercises copied, and links to what is gone go")
    func update() throws {
        let project = try Project()
        try project.lab.generate(.starter, base: try project.commit())
        let written = try readText(project.mine("Hull.swift")).replacing("unfinished(\"42.1\")", with: "return 8")
        try writeFile(project.mine("Hull.swift"), Array(written.utf8))
        try project.write("Sources/Boats/Hull.swift", Project.hull.replacing("func mast() -> Int { 1 }", with: "func mast() -> Int { 2 }"))
        try project.write("Sources/Boats/Oar.swift", "let oar = 1\n")
        try project.write("Sources/Boats/Keel.swift", "func keel() -> Int {\n    // lab: 42.2 measure it\n    return 3\n    // lab: end\n}\n")
        try remove(FilePath("\(project.tree)/Sources/Boats/Sail.swift"))
        _ = try project.commit()
        let told = try project.lab.update()
        let now = try readText(project.mine("Hull.swift"))
        #expect(now.contains("return 8") && now.contains("func mast() -> Int { 2 }"), "\(now)")
        #expect(try readText(project.mine("Oar.swift")) == "let oar = 1\n")
        #expect(!exists(project.mine("Sail.swift")))
        #expect(try readText(project.mine("Keel.swift")).contains("unfinished(\"42.2\")"))
        #expect(told.count == 4, "\(told)")
        #expect(try project.lab.update().isEmpty)
    }
}
