// Building a lab: the learner's module with the tools and the checks that need it, and nothing else, in a folder of its own. An environment
// variable tells Package.swift, because a manifest that reads a file is cached and goes stale. lld halves the time of linking.
import Linux

/// Where a lab is built from and into.
public struct Workshop: Sendable {
    /// The lab, in the project or in a throw-away copy of it.
    public let lab: Lab
    /// The scratch folder of the build, absolute.
    public let scratch: String
    /// The top of the project, where the sandbox lies.
    public let project: String

    /// - Parameter lab: in the project itself, unless `project` says otherwise
    public init(_ lab: Lab, scratch: String, project: String) {
        (self.lab, self.scratch, self.project) = (lab, scratch, project)
    }

    /// Builds; `nil` where that went well, else what the compiler said.
    public func build() throws -> String? {
        let words = ["swift", "build", "--quiet", "--build-tests", "--scratch-path", scratch, "-Xswiftc", "-use-ld=lld"]
        let outcome = try run(words, in: lab.tree, with: ["LAB=\(lab.file.chapter)", "MINE=", "ONLY="])
        guard outcome.code != 0 else { return nil }
        return complaints(in: outcome.output, written: try lab.writtenFiles().compactMap { $0.split(separator: "/").last })
    }

    /// What a learner has to read of a compiler's output: each complaint once, and warnings about their own files only.
    private func complaints(in output: String, written: [Substring]) -> String {
        var blocks: [String] = []
        for line in output.split(separator: "\n", omittingEmptySubsequences: false) where !line.hasPrefix("[") {
            if ["/", "warning:", "error:", "ld.lld:", "clang:"].contains(where: line.hasPrefix) {
                blocks.append(String(line))
            } else if !blocks.isEmpty {  // what comes before is SwiftPM's, about packages
                blocks[blocks.count - 1] += "\n\(line)"
            }
        }
        guard !blocks.isEmpty else { return output }
        var told: Set<String> = []
        return blocks.filter { block in
            let head = String(block.prefix { $0 != "\n" })
            let isForeign = head.contains(" warning: ") && !written.contains { head.contains("/\($0):") }
            return !isForeign && !head.hasPrefix("warning:") && !head.hasPrefix("error: emit-module command") && told.insert(head).inserted
        }.joined(separator: "\n")
    }

    /// The test program.
    var bundle: String { "\(scratch)/debug/slipwayPackageTests.xctest" }
}
