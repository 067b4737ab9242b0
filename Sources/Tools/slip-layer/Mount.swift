// `slip-layer mount DIR… --at PLACE -- COMMAND`: an overlay of layers in a mount namespace of the command's own. The arguments; what is done
// with them is a list of steps (Steps.swift), so that --explain can show each call with its reason.
import ArgumentParser
import Explain
import Linux
import Namespaces

struct Mount: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Mount layers as one tree, and run a command in there.",
        usage: "slip-layer mount DIR… --at PLACE [--upper DIR | --read-only] [--explain] [-- COMMAND [ARGUMENT…]]",
        discussion: """
            The command runs with PLACE as its working directory and sees the mount; nobody else does, and it goes with the command.
            What it writes goes to --upper, or is thrown away. PLACE must be there and stays what it was.
            """)

    @Argument(help: "Layers as directories, the lowest first, the last on top; after -- what to run, /bin/sh if nothing is said.")
    var words: [String]

    @Option(help: "Where to mount.")
    var at: String

    @Option(help: "Keep what is written in this directory (made if need be): `slip-layer diff` makes a layer of it.")
    var upper: String?

    @Flag(help: "Without an upper directory: nothing can be written.")
    var readOnly = false

    @Flag(help: "Show each kernel call, and why it is made.")
    var explain = false

    /// What stands behind `--`. The parser gives both lists as one.
    private var command: [String] { CommandLine.arguments.firstIndex(of: "--").map { Array(CommandLine.arguments[($0 + 1)...]) } ?? [] }
    private var layers: [String] { Array(words.dropLast(command.count)) }

    func validate() throws {
        guard !layers.isEmpty else { throw ValidationError("mount: wanted DIR… --at PLACE -- COMMAND") }
        guard upper == nil || !readOnly else { throw ValidationError("--upper takes what is written, --read-only says that nothing is: choose one") }
    }

    func run() {
        finish(as: "slip-layer") {
            let plan = try StackPlan(layers: layers, at: at, upper: upper, readOnly: readOnly)
            if explain { startRecording(to: FileDescriptor(rawValue: 2), as: "mount", format: .text) }
            try mount(plan)
            let status = try runCommand()
            try plan.removeWork()
            return status.code
        }
    }

    private func mount(_ plan: StackPlan) throws {
        defer { stopRecording() }
        do throws(StepFailure) {
            try Explain.run(stackSteps, plan)
        } catch {
            plan.forgetWork()
            throw Refusal("\(error)\(effectiveUser() == 0 ? "" : " (this needs root: try sudo)")")
        }
    }

    private func runCommand() throws -> ExitStatus {
        try holdSignals(sharesTerminal: true)
        guard let child = try fork() else {
            try resetSignals()
            finish(as: "slip-layer") { try become(command.isEmpty ? ["/bin/sh"] : command, environment: currentEnvironment()) }
        }
        return try supervise(child)
    }
}
