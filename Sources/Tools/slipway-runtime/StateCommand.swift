// state: prints a container's state as JSON.
import ArgumentParser
import FoundationEssentials
import Linux
import OCI
import Runtime

struct StateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "state", abstract: "Print a container's state as JSON.")

    @ParentCommand var tool: Tool
    @Argument(help: "The container's name.") var id: String

    func run() throws {
        try tool.global.report {
            let store = tool.global.store
            let container = try store.read(id)
            let annotations = try? Bundle(path: FilePath(container.bundle)).spec.annotations  // a bundle that is gone has none
            let state = store.state(of: container, store.status(of: container), annotations: annotations)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try write(.standardOutput, Array(encoder.encode(state)) + [UInt8(ascii: "\n")])
        }
    }
}
