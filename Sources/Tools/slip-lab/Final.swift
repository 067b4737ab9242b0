// `slip-lab final 03`: the engine from the learner's modules, and its system tests.
import ArgumentParser
import Course
import Linux

struct Final: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Build the whole engine from your modules and run its system tests.")
    @Argument(help: "Chapters, such as 03 or 01,03.")
    var chapters: String

    func run() {
        finish(as: "slip-lab") { try Course.final(chapters, in: tree()) }
    }
}
