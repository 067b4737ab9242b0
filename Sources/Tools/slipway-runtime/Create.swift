// create: everything but the command. The process waits behind its gate for `start`.
import ArgumentParser
import Linux
import Runtime

/// What `create` and `run` have in common.
struct CreateOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "The bundle's directory.") var bundle = "."
    @Option(help: "Socket that gets the terminal's master, if the process has a terminal.") var consoleSocket: String?
    @Option(help: "File that gets the process's number.") var pidFile: String?
    @Flag(help: "Accepted; no session keyring is made anyway.") var noNewKeyring = false
    @Option(help: "Descriptors from 3 up to hand to the command; only 0 is supported.") var preserveFds = 0
    @Argument(help: "The container's name.") var id: String

    func validate() throws {
        guard preserveFds == 0 else { throw ValidationError("--preserve-fds is not supported") }
    }
}

struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make a container; its command waits for start.")

    @ParentCommand var tool: Tool
    @OptionGroup var options: CreateOptions

    func run() throws {
        try tool.global.report {
            let making = try Making(options, in: tool.global.store)
            try making.create(waiting: true, streams: .inherited)
        }
    }
}
