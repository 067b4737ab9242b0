// slip-ns: runs commands in namespaces, and shows which namespaces a process is in. Chapter 03's module, and those of chapters 01 and 02 for
// the root. Arguments and printing only.
import ArgumentParser

struct Tool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slip-ns", abstract: "Run a command in namespaces of its own, or in another process's (chapter 03).",
        discussion: """
            Examples:
              slip-ns --uts --hostname ship hostname
              slip-ns --pid --mount ps aux
              slip-ns --user --net ip address            (needs no root)
              slip-ns --all --init --hostname ship --root ./busybox /bin/sh
              slip-ns --join 812 hostname
              slip-ns list 812

            Exit status: the command's; 126 where it cannot be run, 127 where it is not found, 1 for a failure of ours.
            """,
        subcommands: [Run.self, List.self], defaultSubcommand: Run.self)
}

Tool.main()
