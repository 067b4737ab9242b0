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
        let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.filter { !$0.hasPrefix("[") && !$0.hasPrefix("warning: 'main'") }.joined(separator: "\n")
    }

    /// The test program.
    var bundle: String { "\(scratch)/debug/slipwayPackageTests.xctest" }
}
