// Exercise regions: `// lab: 03.2 put user first` … `// lab: end` in a reference file. They are the single source of what a learner starts
// from (the body becomes a call of `unfinished`), of the solution, and of the book's snippets. Chapter: every one that has a lab.

/// A region of a reference file.
public struct Region: Sendable, Equatable {
    /// Its exercise, such as `03.2`.
    public let exercise: String
    /// What to do there, in the words of its first line.
    public let task: String
    /// The lines between the markers.
    public let body: [String]
}

/// A marker that cannot be understood.
public struct RegionError: Error, Equatable, CustomStringConvertible {
    /// Where and what.
    public let description: String
}

/// The regions of a file's text, in order.
public func regions(in text: String) throws(RegionError) -> [Region] {
    try pieces(of: text).compactMap { if case .region(_, let region) = $0 { region } else { nil } }
}

/// What a learner starts with: bodies give way to `unfinished`, and the module `Lab`, where that lives, is imported.
public func starter(from text: String) throws(RegionError) -> String {
    var lines: [String] = []
    for piece in try pieces(of: text) {
        switch piece {
        case .line(let line):
            lines.append(line)
        case .region(let indent, let region):
            lines += ["\(indent)// lab: \(region.exercise) \(region.task)", "\(indent)unfinished(\"\(region.exercise)\")", "\(indent)// lab: end"]
        }
    }
    let place = lines.firstIndex { !$0.hasPrefix("//") } ?? 0
    lines.insert("import Lab", at: place)
    return lines.joined(separator: "\n")
}

private enum Piece {
    case line(String)
    case region(indent: String, Region)
}

private func pieces(of text: String) throws(RegionError) -> [Piece] {
    var pieces: [Piece] = []
    var open: (indent: String, exercise: String, task: String, body: [String])?
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
        let indent = String(line.prefix { $0 == " " })
        let words = line.dropFirst(indent.count)
        if words == "// lab: end" {
            guard let region = open else { throw RegionError(description: "line \(number + 1): `lab: end` without a beginning") }
            pieces.append(.region(indent: region.indent, Region(exercise: region.exercise, task: region.task, body: region.body)))
            open = nil
        } else if words.hasPrefix("// lab: ") {
            guard open == nil else { throw RegionError(description: "line \(number + 1): a region inside a region") }
            let title = words.dropFirst("// lab: ".count).split(separator: " ", maxSplits: 1)
            open = (indent, String(title.first ?? ""), title.count > 1 ? String(title[1]) : "", [])
        } else if open != nil {
            open?.body.append(String(line))
        } else {
            pieces.append(.line(String(line)))
        }
    }
    guard open == nil else { throw RegionError(description: "region \(open?.exercise ?? "") has no end") }
    return pieces
}
