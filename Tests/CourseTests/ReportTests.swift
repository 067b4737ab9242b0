// What a learner reads when a check fails: five lines, in a fixed order, in both languages, from the lab's real data.
import Course
import Foundation
import Linux
import Testing

private let tree = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

@Suite("The five lines")
struct ReportTests {
    @Test("A failure says EXPECTED, OBSERVED, KERNEL, LIKELY and HINT, with the values that were seen")
    func order() throws {
        let lab = try Lab("3", in: tree)
        let check = try #require(lab.file.checks.first { $0.id == "flags-union" })
        let lines = Report(.english).failure(of: check, sign: "one", values: ["uts pid", "0x20000000", "0x24000000"])
        #expect(lines.map { String($0.prefix { $0 != " " }) } == ["EXPECTED", "OBSERVED", "KERNEL", "LIKELY", "HINT"])
        #expect(lines[1].contains("for [uts pid] it gave 0x20000000, a single bit, instead of 0x24000000"))
        #expect(lines[4].hasSuffix("make hint N=03.1"))
    }

    @Test("Every lab has words in both languages, a time for its first build, and a test function for every check", arguments: ["03", "07", "08"])
    func words(chapter: String) throws {
        let lab = try Lab(chapter, in: tree)
        let sources = try entries(FilePath("\(tree)/\(lab.folder)/Checks")).map { try readText(FilePath("\(tree)/\(lab.folder)/Checks/\($0)")) }
        #expect(lab.file.firstBuildSeconds > 0)
        var texts = lab.file.misconceptions + [lab.file.title, lab.file.brief]
        for exercise in lab.file.exercises { texts += exercise.hints + [exercise.title, exercise.brief, exercise.why] }
        for check in lab.file.checks {
            #expect(sources.contains { $0.contains("func \(check.test)()") }, "\(check.id)")
            texts += [check.title, check.expected] + check.signs.values.flatMap { [$0.observed, $0.likely] }
        }
        for words in texts { #expect(!words.en.isEmpty && words.ko.unicodeScalars.contains { $0.value >= 0xac00 }, "\(words.en)") }
    }

    @Test("Korean is chosen by LC_ALL before LANG")
    func languages() {
        #expect(Language(environment: ["LANG=ko_KR.UTF-8"]) == .korean)
        #expect(Language(environment: ["LANG=ko_KR.UTF-8", "LC_ALL=C"]) == .english)
        #expect(Language(environment: ["LANG=en_US.UTF-8", "LC_ALL="]) == .english)
        #expect(Language(environment: []) == .english)
    }

    @Test("A lab that does not exist is refused with the list of those that do")
    func unknown() throws {
        let error = #expect(throws: CourseError.self) { try Lab("77", in: tree) }
        #expect(error?.description.contains("N=03") == true)
    }
}
