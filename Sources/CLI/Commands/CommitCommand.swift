// `slipway commit`, `diff` and `export`: what a container changed, as an image, as a list, as a tar. chapter 07, 12, 13

internal import ArgumentParser
internal import DockerClient
internal import JSON
internal import Linux

struct CommitCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "commit", abstract: "Create a new image from a container's changes",
        usage: "slipway commit [OPTIONS] CONTAINER [REPOSITORY[:TAG]]")
    static let flags = FlagTable(valued: "author/a change/c message/m", switches: "+pause/p")

    @Option(name: .shortAndLong, help: "Who made it (\"John Hannibal Smith <hannibal@a-team.com>\")") var author = ""
    @Option(name: .shortAndLong, help: "A line of a Dockerfile that changes the image: CMD [\"sh\"]") var change: [String] = []
    @Option(name: .shortAndLong, help: "The image's comment") var message = ""
    @Flag(name: .shortAndLong, inversion: .prefixedNo, help: "Let the container stand still meanwhile") var pause = true
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard (1...2).contains(words.count) else { throw .usage("commit", "at least 1 and at most 2 arguments", "[OPTIONS] CONTAINER [REPOSITORY[:TAG]]") }
        let (repository, tag) = Self.split(words.count == 2 ? words[1] : "")
        var query = [("container", words[0]), ("repo", repository), ("tag", tag), ("comment", message), ("author", author)]
        query += change.map { ("changes", $0) }
        if !pause { query.append(("pause", "0")) }
        Output.line(try session.json("POST", ["commit"], query: query.map { (name: $0.0, value: $0.1) })["Id"]?.string ?? "")
        return 0
    }

    /// A name and its tag; `latest` where it has none.
    static func split(_ name: String) -> (repository: String, tag: String) {
        guard !name.isEmpty else { return ("", "") }
        let last = name.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        guard let colon = last.lastIndex(of: ":") else { return (name, "latest") }
        return (String(name[..<colon]), String(name[name.index(after: colon)...]))
    }
}

struct DiffCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Inspect changes to files or directories on a container's filesystem", usage: "slipway diff CONTAINER")
    static let flags = FlagTable()

    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.count == 1 else { throw .usage("diff", "1 argument", "CONTAINER") }
        guard !words[0].isEmpty else { throw Failure("Container name cannot be empty") }
        for change in try session.json("GET", ["containers", words[0], "changes"]).items {
            let kind = change["Kind"]?.integer ?? 0, letter = kind == 1 ? "A" : kind == 2 ? "D" : "C"
            Output.line("\(letter) \(change["Path"]?.string ?? "")")
        }
        return 0
    }
}

struct ExportCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Export a container's filesystem as a tar archive", usage: "slipway export [OPTIONS] CONTAINER")
    static let flags = FlagTable(valued: "output/o")

    @Option(name: .shortAndLong, help: "Write to a file instead of standard output") var output = ""
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.count == 1 else { throw .usage("export", "1 argument", "[OPTIONS] CONTAINER") }
        if output.isEmpty, isTerminal(.standardOutput) { throw Failure("cowardly refusing to save to a terminal. Use the -o flag or redirect") }
        let directory = PathText.split(output).directory
        if !output.isEmpty, directory != ".", !exists(FilePath(directory)) {
            throw Failure("failed to export container: invalid output path: directory \"\(directory)\" does not exist")
        }
        let engine = try session.engine()
        let reply: Connection
        do throws(ClientError) { reply = try engine.open(Request("GET", ["containers", words[0], "export"])) } catch { throw Failure(error) }
        guard !output.isEmpty else {
            do throws(ClientError) { while let part = try reply.nextPart() { Output.write(part, to: .standardOutput) } } catch { throw Failure(error) }
            return 0
        }
        // Beside its place, so that a file is there whole or not at all.
        let beside = FilePath(output + ".slipway-\(currentProcess())")
        do {
            let file = try open(beside, [.writeOnly, .create, .truncate], mode: 0o600)
            try file.borrow { file in while let part = try reply.nextPart() { try write(file, part) } }
            try rename(beside, to: FilePath(output))
        } catch {
            try? remove(beside)  // nothing there: nothing left over
            if let error = error as? ClientError { throw Failure(error) }
            throw Failure("failed to export container: \(error)")
        }
        return 0
    }
}
