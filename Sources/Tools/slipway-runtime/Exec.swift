// exec: another process in a container that runs.
import ArgumentParser
import FoundationEssentials
import Linux
import OCI
import Runtime

struct Exec: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run another process in a running container.")

    @ParentCommand var tool: Tool
    @Option(name: .shortAndLong, help: "File with the process as JSON, in place of the command.") var process: String?
    @Flag(name: .shortAndLong, help: "Don't wait.") var detach = false
    @Flag(name: .shortAndLong, help: "Give it a terminal.") var tty = false
    @Option(help: "Working directory.") var cwd: String?
    @Option(name: .shortAndLong, help: "KEY=value; may be repeated.") var env: [String] = []
    @Option(name: .shortAndLong, help: "UID[:GID], or names of the container's own.") var user: String?
    @Option(help: "Socket that gets the terminal's master.") var consoleSocket: String?
    @Option(help: "File that gets the process's number.") var pidFile: String?
    @Argument(help: "The container's name.") var id: String
    @Argument(parsing: .captureForPassthrough, help: "The command and its arguments.") var command: [String] = []

    func run() throws {
        try tool.global.report {
            let container = try tool.global.store.read(id)
            let status = tool.global.store.status(of: container)
            if status == .paused { throw ValidationError("cannot exec in a paused container; resume it first") }
            guard status == .running else { throw ValidationError("container \(id) is not running") }
            let bundle = try Bundle(path: FilePath(container.bundle))
            let plan = try ExecPlan(
                wanted(bundle), inside: container.pid, of: bundle, cgroupPath: container.cgroupPath, user: user, filterCache: tool.global.store.filterCache)
            let foreground = try Foreground()
            var started = try executeInside(plan, streams: .inherited)
            try handOver(&started, to: consoleSocket)
            if let pidFile { try writeDurably(absolute(pidFile), Array("\(started.process)".utf8)) }
            guard !detach else { return }
            throw ExitCode(try foreground.follow(started).code)
        }
    }

    /// The process of the file, or the container's own with another command.
    private func wanted(_ bundle: Bundle) throws -> OCI.Process {
        if let process { return try JSONDecoder().decode(OCI.Process.self, from: Data(readFile(absolute(process)))) }
        guard var wanted = bundle.spec.process else { throw ValidationError("the bundle has no process to take attributes from") }
        wanted.args = command.first == "--" ? Array(command.dropFirst()) : command
        wanted.env = (wanted.env ?? []) + env
        wanted.cwd = cwd ?? wanted.cwd
        wanted.terminal = tty
        return wanted
    }
}
