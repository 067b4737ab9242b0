// slipwayd: the engine behind Docker's API. Chapter 12.
import ArgumentParser

@main
struct Slipwayd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slipwayd", abstract: "A container engine that Docker's clients can drive.",
        discussion: "On SIGTERM and SIGINT it ends, and the containers go on: the next slipwayd with the same roots finds them.")

    @OptionGroup var flags: DaemonFlags

    func run() async throws { try await serve(flags) }
}
