// `slipway create`: what `run` does first, alone. chapter 13

internal import ArgumentParser
internal import DockerClient
internal import JSON
internal import Linux
internal import OCI

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
        Output.line(try creation.create())
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
            throw .ofCommand(commandName, "invalid pull option: '\(flags.pull)': must be one of \"always\", \"missing\" or \"never\"")
        }
        if let file = flags.cidfile, exists(FilePath(file)) {
            throw Failure("container ID file found, make sure the other container isn't running or delete \(file)")
        }
        let name = try Reference.ofImage(image)
        let size = isTerminal(.standardOutput) ? try? windowSize(.standardOutput) : nil  // without a size the engine uses its default
        let body: JSONValue
        do throws(ValueError) {
            body = try CreateBody(flags: flags, image: image, command: command, attached: attached, consoleSize: size).json()
        } catch { throw .ofCommand(commandName, "\(error)") }
        if flags.pull == "always" { if let name { try pull(name) } else { try pull(Reference(typed: image)) } }
        let reply = try post(body, name)
        for warning in reply["Warnings"]?.items ?? [] { Output.complain("WARNING: \(warning.printed)\n") }
        guard let id = reply["Id"]?.string else { throw Failure("the engine gave no ID") }
        if let file = flags.cidfile { try write(id, to: file) }
        return id
    }

    private func post(_ body: JSONValue, _ imageName: Reference?) throws(Failure) -> JSONValue {
        var query: [(name: String, value: String)] = []
        if let name = flags.name { query.append(("name", name)) }
        if let platform = OwnEnvironment.platform(flags.platform) { query.append(("platform", platform)) }
        let engine = try session.engine(), request = Request("POST", ["containers", "create"], query: query, body: .json(body)), missing: Reference
        do throws(ClientError) { return try engine.call(request).json() } catch {
            guard error.status == 404, flags.pull == "missing", let imageName else { throw Failure(error) }
            missing = imageName
        }
        if !flags.quiet { Output.complain("Unable to find image '\(missing.familiar)' locally\n") }
        try pull(missing)
        do throws(ClientError) { return try engine.call(request).json() } catch { throw Failure(error) }
    }

    private func pull(_ name: Reference) throws(Failure) {
        let pull = Pull(session: session, name: name, platform: OwnEnvironment.platform(flags.platform))
        try pull.run(showingOn: ProgressOutput(stream: .standardError, isQuiet: flags.quiet))
    }

    private func write(_ id: String, to file: String) throws(Failure) {
        do throws(KernelError) { try writeFile(FilePath(file), id) } catch { throw Failure("failed to create the container ID file: \(error)") }
    }
}
