// `slip-net exec HOST COMMAND…`: a command with another network, and everything else as it is here.
import ArgumentParser
import Explain
import Linux

struct Exec: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a command in a host of the lab, or in any network namespace.",
        discussion: "Only the network is another one: files, users and processes are this machine's. For more, see slip-ns --join.")

    @Flag(help: "Show each kernel call.")
    var explain = false

    @Argument(help: ArgumentHelp("A host of the lab, a process, or a path such as /run/netns/x.", valueName: "host"))
    var place: String

    @Argument(parsing: .captureForPassthrough, help: "What to run; /bin/sh if nothing is said.")
    var command: [String] = []

    func run() {
        carryOut {
            if explain { startRecording(to: FileDescriptor(rawValue: 2), as: "slip-net", format: .text) }
            let path = try namespacePath(place), namespace = try open(path, [.readOnly])
            try namespace.borrow { (namespace) throws(KernelError) in try setNamespace(namespace, .network, subject: "\(path)") }
            try become(command.isEmpty ? ["/bin/sh"] : command, environment: currentEnvironment())
        }
    }
}
