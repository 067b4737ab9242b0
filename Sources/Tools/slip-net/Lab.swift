// `slip-net lab`: two hosts, a bridge, translation and a published port, built by hand, one step at a time, and taken down again.
public import ArgumentParser
import Explain
import Linux
public import Netlink
import Nftables

struct Lab: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Build a small network by hand, step by step.",
        discussion: """
                alice 10.99.0.2      bob 10.99.0.3          network namespaces, kept by files in /run/slip-net
                      └──── lab0 10.99.0.1 ────┘            a bridge on this machine; port 8099 of this machine leads to bob's 8080

            Everything carries the alias or the table name slip-net-lab, so that `down` finds it whatever happened.
            """,
        subcommands: [Show.self, StepOnce.self, Up.self, Down.self], defaultSubcommand: Show.self)
}

/// What building has in common.
struct LabOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The hosts' network.", valueName: "subnet"))
    var subnet: Subnet?

    @Flag(help: "Show each message, each kernel call and each rule.")
    var explain = false

    func laboratory() throws -> Laboratory {
        guard subnet.map({ $0.prefixLength <= 29 }) ?? true else { throw Refusal("subnet: wanted room for three hosts, a /29 at least") }
        return try Laboratory(subnet: subnet)
    }

    /// Does one step, and says so.
    func carryOut(_ step: Step<Laboratory>, number: String, _ laboratory: Laboratory) throws {
        try write(FileDescriptor(rawValue: 1), "\(number)  \(step.name)\n     \(step.because)\n")  // not print: explanations must not overtake it
        if explain { startRecording(to: FileDescriptor(rawValue: 2), as: "lab", format: .text) }
        defer { stopRecording() }
        try Explain.run([step], laboratory)
    }
}

struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the steps, and which of them are done.")

    func run() {
        carryOut {
            let laboratory = try Laboratory(subnet: nil)
            for (index, step) in labSteps.enumerated() {
                print("\(try step.isDone(laboratory) ? "[x]" : "[ ]")  \(index + 1)  \(step.name)\n        \(step.because)")
            }
            return 0
        }
    }
}

struct StepOnce: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "step", abstract: "Do the next step that is not done.")

    @OptionGroup var options: LabOptions

    func run() {
        carryOut {
            let laboratory = try options.laboratory()
            guard let index = try labSteps.firstIndex(where: { !(try $0.isDone(laboratory)) }) else {
                print("all steps are done (try: slip-net lab down)")
                return 0
            }
            try options.carryOut(labSteps[index].explained, number: "\(index + 1)/\(labSteps.count)", laboratory)
            print("     try: \(labSteps[index].hint(laboratory))")
            return 0
        }
    }
}

struct Up: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Do all steps that are not done.")

    @OptionGroup var options: LabOptions

    func run() {
        carryOut {
            let laboratory = try options.laboratory()
            for (index, step) in labSteps.enumerated() where !(try step.isDone(laboratory)) {
                try options.carryOut(step.explained, number: "\(index + 1)/\(labSteps.count)", laboratory)
            }
            print("     try: \(labSteps[labSteps.count - 1].hint(laboratory))")
            return 0
        }
    }
}

struct Down: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Undo all steps, the last one first.")

    @Flag(help: "Show each message, each kernel call and each rule.")
    var explain = false

    func run() {
        carryOut {
            let laboratory = try Laboratory(subnet: nil)
            if explain { startRecording(to: FileDescriptor(rawValue: 2), as: "lab", format: .text) }
            try Explain.run(labSteps.reversed().map(\.undone), laboratory)
            try laboratory.rules.run("add table ip \(Laboratory.table)\ndelete table ip \(Laboratory.table)")
            if exists(Laboratory.folder) { try removeDirectory(Laboratory.folder) }
            stopRecording()
            print("nothing of the lab is left")
            return 0
        }
    }
}

extension Subnet: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}
