// `slip-volume mount ROOT -v NOTATION… -- COMMAND`: volumes, binds and memory in a root, and a command there. The arguments; what is done with
// them is a list of steps (Steps.swift), so that --explain can show each call with its reason.
import ArgumentParser
import Explain
import Linux
import Namespaces
import Volumes

struct Mount: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Mount volumes into a root, and run a command there.",
        usage: "slip-volume mount ROOT [-v NOTATION …] [--tmpfs TARGET[:WORDS] …] [--explain] [-- COMMAND [ARGUMENT…]]",
        discussion: """
            The command has ROOT as its root, in a mount namespace of its own: nobody else sees the mounts, and they go with it. A volume that is
            missing is made, one that is empty is filled from ROOT (unless nocopy is said), one that nobody names goes at the end.
            """)

    @OptionGroup var root: RootOption
    @Argument(help: "The root directory; after -- what to run, /bin/sh if nothing is said.")
    var words: [String]

    @Option(name: [.customShort("v"), .long], help: "SOURCE:TARGET[:WORDS], or a TARGET alone, as docker run -v.")
    var volume: [String] = []

    @Option(help: "A file system in memory: TARGET, with words such as size=1m.")
    var tmpfs: [String] = []

    @Flag(help: "Show each kernel call, and why it is made.")
    var explain = false

    /// What stands behind `--`. The parser gives both lists as one.
    private var command: [String] { CommandLine.arguments.firstIndex(of: "--").map { Array(CommandLine.arguments[($0 + 1)...]) } ?? [] }

    func validate() throws {
        guard words.count - command.count == 1 else { throw ValidationError("mount: wanted ROOT [-v NOTATION …] -- COMMAND") }
    }

    func run() {
        finish(as: "slip-volume") {
            let owned = try root.open(), user = "slip-volume-\(currentProcess())"
            try forgetTheKilled(owned.store)
            let plan = try RootPlan(whole(FilePath(words[0])), volumes: volume, tmpfs: tmpfs, owned.store, user: user)
            try holdSignals(sharesTerminal: true)
            guard let child = try fork() else { inside(plan) }
            let status = try supervise(child)
            _ = try owned.store.release(container: user, withAnonymous: true)
            return status.code
        }
    }

    /// Whoever of us was killed before could not let go of what it had. An engine's containers are left alone.
    private func forgetTheKilled(_ store: VolumeStore) throws {
        for user in Set(try store.allUsers().values.joined()) where user.hasPrefix("slip-volume-") {
            _ = try store.release(container: user, withAnonymous: true)
        }
    }

    /// The child: the mounts are its own, and end with it.
    private func inside(_ plan: RootPlan) -> Never {
        finish(as: "slip-volume") {
            try resetSignals()
            try setParentDeathSignal(.kill)  // nobody would let go of the volumes after it
            if explain { startRecording(to: FileDescriptor(rawValue: 2), as: "mount", format: .text) }
            do throws(StepFailure) {
                try Explain.run(rootSteps, plan)
            } catch {
                throw Refusal("\(error)\(effectiveUser() == 0 ? "" : " (this needs root: try sudo)")")
            }
            stopRecording()
            try become(command.isEmpty ? ["/bin/sh"] : command, environment: currentEnvironment())
        }
    }
}
