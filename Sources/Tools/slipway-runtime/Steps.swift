// steps: prints the lists that a container's processes walk through. Chapter 06 shows this output.
import ArgumentParser
import Explain
import Linux
import Runtime

struct Steps: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the steps from a bundle to a running command, and why each stands where it does.")

    @ParentCommand var tool: Tool
    @Flag(help: "The steps of exec instead.") var exec = false

    func run() throws {
        try tool.global.report {
            for step in exec ? execStepTable : stepTable {
                try write(.standardOutput, "\(step.process): \(step.name) (chapter \(step.chapter))\n    \(step.because)\n")
            }
        }
    }
}
