// kill: sends a signal to a container.
import ArgumentParser
import Linux
import Runtime

struct Kill: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Send a signal to a container (TERM unless given).")

    @ParentCommand var tool: Tool
    @Flag(name: .shortAndLong, help: "To every process of the container.") var all = false
    @Argument(help: "The container's name.") var id: String
    @Argument(help: "A signal's name or number.") var signal = "TERM"

    func run() throws {
        try tool.global.report {
            guard let signal = Signal(name: signal) else { throw ValidationError("unknown signal \"\(signal)\"") }
            let store = tool.global.store
            try store.signal(store.read(id), signal, all: all)
        }
    }
}
