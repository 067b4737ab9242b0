// delete: takes away what is left of a container.
import ArgumentParser
import Linux
import Runtime

struct Delete: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Take away what is left of a container.")

    @ParentCommand var tool: Tool
    @Flag(name: .shortAndLong, help: "Kill it first if it runs; no error if there is none.") var force = false
    @Argument(help: "The container's name.") var id: String

    func run() throws {
        try tool.global.report {
            warn(try tool.global.store.delete(id, force: force))
        }
    }
}
