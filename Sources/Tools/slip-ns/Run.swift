// `slip-ns [KINDS] COMMAND…`: the arguments; what is done with them lies in Made.swift and Joined.swift.
public import ArgumentParser
import Linux
public import Namespaces

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run a command in new namespaces, or in those of a process.")

    @OptionGroup(title: "Kinds of namespace")
    var kinds: Kinds

    @Option(name: .shortAndLong, help: "Join the namespaces of this process: those named by the flags, or all that are not ours already.")
    var join: Int32?

    @Option(help: "The host's name inside (implies --uts).")
    var hostname: String?

    @Option(help: "A root directory, entered by pivot_root (implies --mount).")
    var root: String?

    @Option(help: ArgumentHelp("Users inside and outside (implies --user); you alone, as root, if not said.", valueName: "inside:outside:count"))
    var mapUsers: [IDMap] = []

    @Option(help: ArgumentHelp("The same for groups.", valueName: "inside:outside:count"))
    var mapGroups: [IDMap] = []

    @Flag(name: .customLong("init"), help: "Be PID 1 ourselves, with the command as a child: reaps zombies and passes on signals (implies --pid).")
    var asInit = false

    @Argument(parsing: .captureForPassthrough, help: "What to run; /bin/sh if nothing is said.")
    var command: [String] = []

    /// The chosen kinds, and those that other options imply.
    var wanted: [Namespace] {
        let implied: [(Bool, Namespace)] = [
            (hostname != nil, .uts), (root != nil, .mount), (!mapUsers.isEmpty || !mapGroups.isEmpty, .user), (asInit, .pid)
        ]
        return kinds.chosen + implied.filter { $0.0 && !kinds.chosen.contains($0.1) }.map(\.1)
    }

    func validate() throws {
        guard join == nil || (hostname == nil && root == nil && mapUsers.isEmpty && mapGroups.isEmpty && !asInit) else {
            throw ValidationError("--join enters namespaces as they are: it goes with none of --hostname, --root, --map-users, --map-groups, --init")
        }
    }

    func run() {
        finish(as: "slip-ns") { try join.map { try enterOther(ProcessID($0)) } ?? runInNew() }
    }

    /// Becomes the command; a failure is told here, for a child has nobody to return to.
    func becomeCommand() -> Never {
        finish(as: "slip-ns") { try become(command.isEmpty ? ["/bin/sh"] : command, environment: currentEnvironment()) }
    }
}

extension IDMap: ExpressibleByArgument {
    public init?(argument: String) {
        do throws(NamespacesError) { try self.init(parsing: argument) } catch { return nil }  // the parser tells what it wanted
    }
}
