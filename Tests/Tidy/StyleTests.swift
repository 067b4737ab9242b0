// The few rules of style that a program can judge; everything else is for readers.
import FoundationEssentials
import Testing

@Suite("Style")
struct StyleTests {
    @Test("A file opens with a comment")
    func opening() throws {
        for file in try swiftFiles("Sources") where file.lines.first?.hasPrefix("//") != true {
            Issue.record("\(file.path): says nothing about what it is for")
        }
    }

    @Test("A tool's entry file has fewer than 40 lines")
    func entryFiles() throws {
        for file in try swiftFiles("Sources/Tools") where file.path.hasSuffix("/main.swift") || file.lines.contains("@main") {
            #expect(file.lines.count <= 40, "\(file.path)")
        }
    }

    @Test("Sources import FoundationEssentials at most, never the whole of Foundation, which costs 45 MB")
    func noFoundation() throws {
        for file in try swiftFiles("Sources") where file.imports.contains("Foundation") {
            Issue.record("\(file.path) imports Foundation")
        }
    }

    @Test("Nothing is forced, and nothing is left for later")
    func words() throws {
        for file in try swiftFiles("Sources") + swiftFiles("Tests") where !file.path.hasPrefix("Tests/Tidy/") {
            for (number, line) in file.code where line.contains(/\btry!|\bfatalError\b/) {
                Issue.record("\(file.path):\(number): try! and fatalError are for nobody's error")
            }
            for (number, line) in file.lines.enumerated() where line.contains(/\b(TODO|FIXME|XXX)\b/) {
                Issue.record("\(file.path):\(number + 1): a note for later belongs into an issue")
            }
        }
    }

    @Test("Whoever drops an error says why, on that line")
    func droppedErrors() throws {
        for file in try swiftFiles("Sources") {
            for (number, line) in file.lines.enumerated() where line.contains(/\btry\?/) && !line.contains("//") {
                Issue.record("\(file.path):\(number + 1): try? without its reason")
            }
        }
    }

    @Test("Tests use modules as others do, but for those that Package.swift builds as testable")
    func testableImports() throws {
        let line = try text("Package.swift").split(separator: "\n").first { $0.hasPrefix("let testable") } ?? ""
        for file in try swiftFiles("Tests") {
            for (number, code) in file.code where code.hasPrefix("@testable import ") {
                let module = code.split(separator: " ").last ?? ""
                #expect(line.contains("\"\(module)\""), "\(file.path):\(number): \(module) is not testable in a release build")
            }
        }
    }

    @Test("Exercise regions are balanced, and each is closed before the next begins")
    func regions() throws {
        for file in try swiftFiles("Sources") where file.path.hasPrefix("Sources/Course/") == false {
            var open = false
            for line in file.lines.map({ $0.drop { $0 == " " } }) {
                if line.hasPrefix("// lab: end") {
                    #expect(open, "\(file.path): an end without a beginning")
                    open = false
                } else if line.hasPrefix("// lab: ") {
                    #expect(!open, "\(file.path): a region inside a region")
                    open = true
                }
            }
            #expect(!open, "\(file.path): a region without an end")
        }
    }
}
