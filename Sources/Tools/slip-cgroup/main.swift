// slip-cgroup: runs a command under limits, and shows how cgroups lie on this machine. On chapter 04's module, with chapter 03's for the
// supervising of the command. Arguments and printing only.
import ArgumentParser

struct Tool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slip-cgroup", abstract: "Run a command under limits, and look at cgroups (chapter 04).",
        discussion: """
            Examples:
              slip-cgroup --memory 64m --pids 20 --cpus 0.5 sh
              slip-cgroup --pids 5 --report sh -c 'for i in 1 2 3 4 5 6 7; do sleep 1 & done; wait'
              slip-cgroup show
              slip-cgroup show /slipway/4f5a
              slip-cgroup table

            Exit status: the command's; 126 where it cannot be run, 127 where it is not found, 1 for a failure of ours.
            """,
        subcommands: [Run.self, Show.self, Table.self], defaultSubcommand: Run.self)
}

Tool.main()
