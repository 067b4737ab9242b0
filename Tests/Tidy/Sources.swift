// Reads the tree as text: files, their import lines, the rows of Package.swift. No parser of Swift: the rules of this folder are made so that
// lines are enough. Where a rule finds something, it says file and line.
import FoundationEssentials

/// A Swift file of the tree.
struct SourceFile {
    /// Path from the top of the tree, such as `Sources/Linux/Call.swift`.
    let path: String
    let lines: [String]

    /// Lines with number, without what stands behind `//`. A `//` inside a string cuts too much, which no rule minds.
    var code: [(number: Int, text: String)] {
        lines.enumerated().map { number, line in (number + 1, line.firstRange(of: "//").map { String(line[..<$0.lowerBound]) } ?? line) }
    }

    /// The modules that it imports.
    var imports: Set<String> {
        Set(
            code.compactMap { line in
                let words = line.text.split(separator: " ")
                guard let position = words.firstIndex(of: "import"), words[..<position].allSatisfy({ accessWords.contains($0) || $0.hasPrefix("@") }) else {
                    return nil
                }
                let rest = words[(position + 1)...].filter { !["struct", "class", "enum", "func", "protocol", "typealias", "var"].contains($0) }
                return rest.first.map { String($0.prefix { $0 != "." }) }
            })
    }
}

private let accessWords: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]

/// The top of the tree, found from this file's own path.
let top = String(#filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/"))

/// Every Swift file below `folder`, in order.
func swiftFiles(_ folder: String) throws -> [SourceFile] {
    try FileManager.default.subpathsOfDirectory(atPath: "\(top)/\(folder)").filter { $0.hasSuffix(".swift") }.sorted().map {
        SourceFile(path: "\(folder)/\($0)", lines: try text("\(folder)/\($0)").split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
    }
}

func text(_ path: String) throws -> String {
    try String(contentsOfFile: "\(top)/\(path)", encoding: .utf8)
}

/// The folder of a module's or tool's sources.
func folder(of name: String) -> String {
    FileManager.default.fileExists(atPath: "\(top)/Sources/Tools/\(name)") ? "Sources/Tools/\(name)" : "Sources/\(name)"
}

/// The rows `module("A", ["B", …` and `tool(…` of Package.swift: what each declares to import.
func declaredRows() throws -> [String: Set<String>] {
    let manifest = try text("Package.swift")
    var rows: [String: Set<String>] = [:]
    for match in manifest.matches(of: /\b(?:module|tool)\(\s*"([^"]+)"(?:,\s*\[([^\]]*)\])?/) {
        let names = (match.output.2 ?? "").split(separator: ",").map { $0.filter { $0 != "\"" && $0 != " " && $0 != "\n" } }
        rows[String(match.output.1)] = Set(names)
    }
    return rows
}
