// slip-net: shows the network of this host or of a namespace, and builds a small one by hand, on the modules of chapter 09. Arguments and
// printing only.
import ArgumentParser

struct Tool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slip-net", abstract: "Look at networks, and build one by hand: hosts, a bridge, translation, a published port (chapter 09).",
        discussion: """
            Examples:
              slip-net links
              slip-net routes --namespace 812
              slip-net lab step                      (again and again, and look around in between)
              slip-net exec alice ping -c 1 10.99.0.3
              slip-net lab down

            Exit status: 0; of `exec` the command's; 126 where it cannot be run, 127 where it is not found; 1 for a failure, 64 for wrong usage.
            """,
        subcommands: [Links.self, Addresses.self, Routes.self, Neighbours.self, Lab.self, Exec.self, Trace.self, TraceEvents.self])
}

Tool.main()
