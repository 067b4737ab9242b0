// features: what this runtime can do, and whose modules it is made of.
import ArgumentParser
import FoundationEssentials
import Linux
import OCI
import Runtime

struct Features: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print what this runtime can do, as JSON.")

    @ParentCommand var tool: Tool

    func run() throws {
        try tool.global.report {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try write(.standardOutput, Array(encoder.encode(RuntimeFeatures.ours)) + [UInt8(ascii: "\n")])
        }
    }
}
