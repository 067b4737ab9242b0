// pause and resume: stop a container's processes where they are, and let them go on.
import ArgumentParser
import Runtime

struct Pause: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Stop all processes of a container where they are.")

    @ParentCommand var tool: Tool
    @Argument(help: "The container's name.") var id: String

    func run() throws {
        try tool.global.report {
            let store = tool.global.store
            try store.pause(store.read(id))
        }
    }
}

struct Resume: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let the processes of a paused container go on.")

    @ParentCommand var tool: Tool
    @Argument(help: "The container's name.") var id: String

    func run() throws {
        try tool.global.report {
            let store = tool.global.store
            try store.resume(store.read(id))
        }
    }
}
