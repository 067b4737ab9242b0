// start: opens the gate of a container that `create` has made.
import ArgumentParser
import Linux
import OCI
import Runtime

struct Start: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let a created container's command begin.")

    @ParentCommand var tool: Tool
    @Argument(help: "The container's name.") var id: String

    func run() throws {
        try tool.global.report {
            let store = tool.global.store
            let container = try store.read(id)
            guard store.status(of: container) != .paused else { throw ValidationError("cannot start a container in the paused state") }
            try store.openGate(id)
            let spec = try Bundle(path: FilePath(container.bundle)).spec
            warn(callHooks(spec.hooks?.poststart, state: store.state(of: container, .running, annotations: spec.annotations)))
        }
    }
}
