// `slipway import`: an image from a tar file of a root directory. chapter 07, 08, 13

internal import ArgumentParser
internal import DockerClient
internal import Linux

struct ImportCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Make an image from the files in a tarball", usage: "slipway import [OPTIONS] file|URL|- [REPOSITORY[:TAG]]")
    static let flags = FlagTable(valued: "change/c message/m platform")

    @Option(name: .shortAndLong, help: "A line of a Dockerfile that changes the image: CMD [\"sh\"]") var change: [String] = []
    @Option(name: .shortAndLong, help: "The image's comment") var message: String?
    @Option(help: "The image's platform") var platform: String?
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard (1...2).contains(words.count) else { throw .usage("import", "at least 1 argument", "[OPTIONS] file|URL|- [REPOSITORY[:TAG]]") }
        let source = words[0], isAddress = source.hasPrefix("http://") || source.hasPrefix("https://")
        var query: [(name: String, value: String)] = [("fromSrc", isAddress ? source : "-")]
        if words.count == 2 { query.append(("repo", words[1])) }
        query += change.map { ("changes", $0) }
        if let message { query.append(("message", message)) }
        if let platform { query.append(("platform", platform)) }
        let engine = try session.engine()
        do {
            let file = source == "-" || isAddress ? nil : try open(FilePath(source), .readOnly)
            let connection = try engine.begin(Request("POST", ["images", "create"], query: query, body: isAddress ? .none : .chunked))
            if !isAddress { if let file { try file.borrow { try send($0, on: connection) } } else { try send(.standardInput, on: connection) } }
            try ProgressOutput(stream: .standardOutput, isQuiet: false).show(engine.stream(connection))
        } catch let error as Failure { throw error } catch let error as ClientError { throw Failure(error) } catch let error as KernelError {
            throw Failure("open \(source): \(error.reason.lowercased())")
        } catch { throw Failure("\(error)") }
        return 0
    }

    /// Sends the file in chunks. An engine that stops reading has an answer for us, which is worth more than the broken pipe.
    private func send(_ file: FileDescriptor, on connection: Connection) throws {
        do {
            while true {
                let part = try read(file, upTo: 262_144)
                try connection.writeChunk(part)
                if part.isEmpty { return }
            }
        } catch is ClientError { return }
    }
}
