// Chapters say what the tools print, and here the tools print it: the commands of a chapter are run from top to bottom, and each
// transcript is compared with what comes out. A lone … stands for lines left out. Numbers, digests and months differ from machine to machine and
// count as equal; so does the order of lines, for a pull does several things at once.
import Foundation
import Testing

@Suite("Chapters print what the tools say", .enabled(if: Machine.hasRegistry, Machine.whyNoRegistry))
struct ChapterTests {
    @Test(
        "every transcript is true",
        arguments: [
            "07-layers/README.md", "07-layers/README.ko.md", "08-images/README.md", "08-images/README.ko.md", "09-networks/README.md",
            "09-networks/README.ko.md", "10-volumes/README.md", "10-volumes/README.ko.md"
        ])
    func transcripts(_ chapter: String) throws {
        let chapters = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appending(path: "chapters")
        let blocks = Block.all(in: try String(contentsOf: chapters.appending(path: chapter), encoding: .utf8))
        let bench = try Bench()
        let output = try bench.sh(
            "export PATH=\(Machine.executables.path):$PATH; ln -s \(chapters.path) chapters; exec 2>&1; \(blocks.map(\.script).joined(separator: "\n")); for job in $(jobs -p); do kill $job; done; wait",
            ownNetwork: true)
        let said = output.components(separatedBy: "@@@\n").dropFirst().map { $0.replacingOccurrences(of: bench.path, with: "/tmp/ship") }
        let told = blocks.flatMap(\.commands)
        #expect(said.count == told.count && told.count > 5)
        for (command, answer) in zip(told, said) {
            var left = Counted(answer), missing = Counted(command.output.joined(separator: "\n"))
            if !overlayTakesLayersOneByOne { missing.remove { $0.contains("fsconfig") || $0.contains("fsopen") } }
            left.subtract(&missing)
            #expect(missing.lines == [:], "\(chapter): \(command.line): the chapter has what was not printed:\n\(answer)")
            if !command.output.contains("…") { #expect(left.lines == [:], "\(chapter): \(command.line): the chapter lacks what was printed") }
        }
    }

    /// fsconfig(2) `lowerdir+` came with Linux 6.5.
    private let overlayTakesLayersOneByOne: Bool = {
        let version = ProcessInfo.processInfo.operatingSystemVersion
        return (version.majorVersion, version.minorVersion) >= (6, 5)
    }()
}

/// A code block: what to type only (`sh`), or a transcript (`text` with lines that begin with `$ `).
private struct Block {
    var isTranscript: Bool, lines: [String]

    struct Command {
        var line: String, output: [String]
    }

    static func all(in text: String) -> [Block] {
        text.components(separatedBy: "\n```").dropFirst().enumerated().compactMap { index, part in
            let lines = part.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            guard index % 2 == 0, let kind = lines.first, !lines.dropFirst().allSatisfy({ $0.hasPrefix("make ") }) else { return nil }
            let isTranscript = kind == "text" && lines.count > 1 && lines[1].hasPrefix("$ ")
            return isTranscript || kind == "sh" ? Block(isTranscript: isTranscript, lines: Array(lines.dropFirst())) : nil
        }
    }

    var commands: [Command] {
        guard isTranscript else { return [] }
        return lines.reduce(into: []) { commands, line in
            if line.hasPrefix("$ ") {
                commands.append(Command(line: String(line.dropFirst(2)), output: []))
            } else {
                commands[commands.count - 1].output.append(line)
            }
        }
    }

    /// Before each command's output stands a mark. A command may fail: some are there for that.
    var script: String {
        isTranscript ? commands.map { "echo @@@\n\($0.line) || true" }.joined(separator: "\n") : "{ \(lines.joined(separator: "\n"))\n} >/dev/null 2>&1"
    }
}

/// Lines and how often each occurs, without what differs from run to run.
private struct Counted {
    var lines: [String: Int] = [:]

    init(_ text: String) {
        for line in text.split(separator: "\n") where line != "…" {
            let plain = String(line).replacing(/[0-9a-f]{12,}/, with: "H").replacing(/\d+/, with: "N").replacing(
                /\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b/, with: "M")
            lines[plain.replacing(/[ ]+/, with: " "), default: 0] += 1
        }
    }

    mutating func remove(_ isUnwanted: (String) -> Bool) { lines = lines.filter { !isUnwanted($0.key) } }

    /// Takes away from both what both have.
    mutating func subtract(_ other: inout Counted) {
        for (line, count) in lines {
            let both = min(count, other.lines[line, default: 0])
            lines[line] = count == both ? nil : count - both
            if let theirs = other.lines[line] { other.lines[line] = theirs == both ? nil : theirs - both }
        }
    }
}
