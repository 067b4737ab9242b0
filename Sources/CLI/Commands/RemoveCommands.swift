// `slipway rm` and `rename`: containers and their names. chapter 12, 13

internal import ArgumentParser
internal import DockerClient
internal import JSON

struct RemoveCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove one or more containers", usage: "slipway rm [OPTIONS] CONTAINER [CONTAINER...]")
    static let flags = FlagTable(switches: "force/f link/l volumes/v")

    @Flag(name: .shortAndLong, help: "Kill a running container first") var force = false
    @Flag(name: .shortAndLong, help: "Remove the link of this name") var link = false
    @Flag(name: .shortAndLong, help: "Remove its anonymous volumes too") var volumes = false
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard !words.isEmpty else { throw .usage("rm", "at least 1 argument", "[OPTIONS] CONTAINER [CONTAINER...]") }
        let query = [("v", volumes), ("link", link), ("force", force)].filter(\.1).map { ($0.0, "1") }, engine = try session.engine()
        return session.forEach(words) { name throws(Failure) in
            do throws(ClientError) {
                try engine.call(Request("DELETE", ["containers", String(name.drop { $0 == "/" })], query: query))
                return name
            } catch {
                // What is to go by force and isn't there is told, but no failure: scripts clean up in this way.
                throw Failure(error, code: force && error.status == 404 ? 0 : 1)
            }
        }
    }
}

struct RenameCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "rename", abstract: "Rename a container", usage: "slipway rename CONTAINER NEW_NAME")
    static let flags = FlagTable()

    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.count == 2 else { throw .usage("rename", "2 arguments", "CONTAINER NEW_NAME") }
        guard !words[0].isEmpty, !words[1].isEmpty else { throw Failure("Error: Neither old nor new names may be empty") }
        try session.call("POST", ["containers", words[0], "rename"], query: [("name", words[1])])
        return 0
    }
}
