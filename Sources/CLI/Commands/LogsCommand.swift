// `slipway logs`. chapter 11, 13

internal import ArgumentParser
internal import DockerClient
internal import JSON
internal import Linux

struct LogsCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "logs", abstract: "Fetch the logs of a container", usage: "slipway logs [OPTIONS] CONTAINER")
    static let flags = FlagTable(valued: "since tail/n until", switches: "details follow/f timestamps/t")

    @Flag(help: "Show extra details") var details = false
    @Flag(name: .shortAndLong, help: "Go on as the container writes") var follow = false
    @Option(help: "Only what came after this time, or in the last 10m") var since: String?
    @Option(name: [.customShort("n"), .long], help: "Only so many lines from the end") var tail = "all"
    @Flag(name: .shortAndLong, help: "Show times") var timestamps = false
    @Option(help: "Only what came before this time, or longer ago than 10m") var until: String?
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.count == 1 else { throw .usage("logs", "1 argument", "[OPTIONS] CONTAINER") }
        let container = try session.json("GET", ["containers", words[0], "json"]), engine = try session.engine()
        var query: [(name: String, value: String)] = [("stdout", "1"), ("stderr", "1"), ("tail", tail)]
        do throws(ValueError) {
            if let since { query.append(("since", try Words.moment(since))) }
            if let until { query.append(("until", try Words.moment(until))) }
        } catch { throw Failure("\(error)") }
        for (name, isOn) in [("follow", follow), ("timestamps", timestamps), ("details", details)] where isOn { query.append((name, "1")) }
        do throws(ClientError) {
            let stream = try engine.open(Request("GET", ["containers", container["Id"]?.string ?? words[0], "logs"], query: query))
            try show(stream, isRaw: container["Config"]?["Tty"]?.bool == true)
        } catch { throw Failure(error) }
        return 0
    }

    private func show(_ stream: Connection, isRaw: Bool) throws(ClientError) {
        var frames = StreamFrames()
        while let part = try stream.nextPart() {
            guard !isRaw else {
                Output.write(part, to: .standardOutput)
                continue
            }
            for piece in try frames.pieces(of: part) {
                Output.write(piece.bytes, to: piece.stream == .error || piece.stream == .system ? .standardError : .standardOutput)
            }
        }
    }
}
