// spec: writes a config.json to begin with.
import ArgumentParser
import FoundationEssentials
import Linux
import Runtime

struct SpecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "spec", abstract: "Write a config.json to begin with.")

    @ParentCommand var tool: Tool
    @Option(name: .shortAndLong, help: "The bundle's directory.") var bundle = "."

    func run() throws {
        try tool.global.report {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let path = absolute(bundle).appending("config.json")
            guard !exists(path) else { throw ValidationError("\(path) exists already; it was left alone") }
            try writeFile(path, Array(encoder.encode(exampleSpec)) + [UInt8(ascii: "\n")])
        }
    }
}
