// slip-lab: what stands behind `make lab`, `make check N=`, `make hint` and the other commands of the course. Always built from the
// reference, without LAB or MINE: the checker does not run on the code that it checks. Arguments and printing only.
import ArgumentParser

struct Tool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slip-lab", abstract: "Begin, check and prove the labs of the course.",
        discussion: """
            Run it at the top of the project; `make` does, and its words are easier: make lab N=03, make check N=03, make hint N=03.1.
            Korean where LANG begins with `ko`.

            Exit status: 0 where all is well, 1 for a failed check or proof, 69 for an exercise that is not written yet, 64 for wrong arguments.
            """,
        subcommands: [Begin.self, CheckCommand.self, Hint.self, Solution.self, ProgressCommand.self, Reset.self, Update.self, Final.self, Prove.self])
}

Tool.main()
