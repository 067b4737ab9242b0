// run: create, start, wait and delete in one; signals go to the command, and its exit status is ours.
import ArgumentParser
import Explain
import Linux
import Runtime

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make a container, run its command, and take it away again.")

    @ParentCommand var tool: Tool
    @OptionGroup var options: CreateOptions
    @Flag(name: .shortAndLong, help: "Don't wait; delete it later.") var detach = false
    @Flag(help: "Don't delete it at the end.") var keep = false
    @Flag(help: "Show each kernel call that makes the container, why, and the chapter.") var explain = false

    func run() throws {
        try tool.global.report {
            if explain { startRecording(to: .standardError, as: "runtime", format: .text, notes: provenanceNotes) }
            let making = try Making(options, in: tool.global.store)
            let foreground = try Foreground()
            let started = try making.create(waiting: false, streams: .inherited)
            stopRecording()
            guard !detach else { return }
            let status = try foreground.follow(started)
            if !keep { try making.discard() }
            throw ExitCode(status.code)
        }
    }
}
