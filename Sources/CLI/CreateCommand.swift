// `slipway create`: what `run` does first, alone. chapter 13

internal import ArgumentParser
internal import DockerClient
internal import JSON
internal import Linux

struct CreateCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Create a new container", usage: "slipway create [OPTIONS] IMAGE [COMMAND] [ARG...]")
    static let flags = FlagTable(valued: ContainerFlags.valued, switches: ContainerFlags.switches, stopsAtOperand: true)

    @OptionGroup var container: ContainerFlags
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard let image = words.first else { throw .usage("create", "at least 1 argument", "[OPTIONS] IMAGE [COMMAND] [ARG...]") }
        let creation = Creation(
            session: session, flags: container, image: image, command: Array(words.dropFirst()), attached: (container.interactive, true, true),
            commandName: "create")
        do throws(Failure) { Output.line(try creation.create()) } catch { throw error.code == 1 ? .ofCommand("create", error.message ?? "") : error }
        return 0
    }
}

/// The making of a container: its image pulled if need be, warnings shown, its ID written where it is wanted.
struct Creation {
    let session: Session, flags: ContainerFlags, image: String, command: [String]
    let attached: (input: Bool, output: Bool, error: Bool), commandName: String

    /// The new container's ID.
    func create() throws(Failure) -> String {
        guard ["always", "missing", "never"].contains(flags.pull) else {
            throw Failure("invalid pull option: '\(flags.pull)': must be one of \"always\", \"missing\" or \"never\"", code: 125)
        }
        if let file = flags.cidfile, exists(FilePath(file)) {
            throw Failure("container ID file found, make sure the other container isn't running or delete \(file)")
        }
        let size = isTerminal(.standardOutput) ? try? windowSize(.standardOutput) : nil  // without a size the engine uses its default
        let body: JSONValue
        do throws(ValueError) {
            body = try CreateBody(flags: flags, image: image, command: command, attached: attached, consoleSize: size).json()
        } catch { throw .ofCommand(commandName, "\(error)") }
        if flags.pull == "always" { try Pull(session: session, image: image, platform: flags.platform, quiet: flags.quiet).run() }
        let reply = try post(body)
        for warning in reply["Warnings"]?.items ?? [] { Output.complain("WARNING: \(warning.printed)\n") }
        guard let id = reply["Id"]?.string else { throw Failure("the engine gave no ID") }
        if let file = flags.cidfile { try write(id, to: file) }
        return id
    }

    private func post(_ body: JSONValue) throws(Failure) -> JSONValue {
        var query: [(name: String, value: String)] = []
        if let name = flags.name { query.append(("name", name)) }
        if let platform = flags.platform { query.append(("platform", platform)) }
        let engine = try session.engine(), request = Request("POST", ["containers", "create"], query: query, body: .json(body))
        do throws(ClientError) { return try engine.call(request).json() } catch {
            guard error.status == 404, flags.pull == "missing" else { throw Failure(error) }
        }
        Output.complain("Unable to find image '\(Pull.tagged(image))' locally\n")
        try Pull(session: session, image: image, platform: flags.platform, quiet: flags.quiet).run()
        do throws(ClientError) { return try engine.call(request).json() } catch { throw Failure(error) }
    }

    private func write(_ id: String, to file: String) throws(Failure) {
        do throws(KernelError) { try writeFile(FilePath(file), id) } catch { throw Failure("failed to create the container ID file: \(error)") }
    }
}
