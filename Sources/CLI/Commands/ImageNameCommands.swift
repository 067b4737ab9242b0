// `slipway rmi` and `tag`: images and their names. Removing goes on after a failure; what failed is told at the end. chapter 08, 13

internal import ArgumentParser
internal import DockerClient
internal import JSON
internal import OCI

struct RemoveImagesCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "rmi", abstract: "Remove one or more images", usage: "slipway rmi [OPTIONS] IMAGE [IMAGE...]")
    static let flags = FlagTable(switches: "force/f no-prune")

    @Flag(name: .shortAndLong, help: "Remove it although containers use it") var force = false
    @Flag(help: "Keep parents without a name") var noPrune = false
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard !words.isEmpty else { throw .usage("rmi", "at least 1 argument", "[OPTIONS] IMAGE [IMAGE...]") }
        let query = [("force", force), ("noprune", noPrune)].filter(\.1).map { ($0.0, "1") }, engine = try session.engine()
        var errors: [ClientError] = []
        for name in words {
            do throws(ClientError) {
                Output.print(Self.text(try engine.call(Request("DELETE", ["images", name], query: query)).json().items))
            } catch { errors.append(error) }
        }
        guard !errors.isEmpty else { return 0 }
        // What is to go by force and isn't there is told, but no failure: scripts clean up in this way.
        let isForgiven = force && errors.allSatisfy { $0.status == 404 }
        throw Failure(errors.map { "\($0)" }.joined(separator: "\n"), code: isForgiven ? 0 : 1)
    }

    /// What became of an image, a line for each name and layer.
    static func text(_ removals: [JSONValue]) -> String {
        removals.map { removal in
            let deleted = removal["Deleted"]?.string ?? ""
            return (deleted.isEmpty ? "Untagged: \(removal["Untagged"]?.string ?? "")" : "Deleted: \(deleted)") + "\n"
        }.joined()
    }
}

struct TagCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag", abstract: "Give an image one more name", usage: "slipway tag SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]")
    static let flags = FlagTable()

    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.count == 2 else { throw .usage("tag", "2 arguments", "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]") }
        let source = words[0]
        do throws(Failure) { _ = try Reference.ofImage(source) } catch { throw Self.wrong(source, error) }
        let target: Reference
        do throws(Failure) { target = try Reference(typed: words[1]).withDefaultTag } catch { throw Self.wrong(words[1], error) }
        guard target.digest == nil else { throw Failure("refusing to create a tag with a digest reference") }
        try session.call("POST", ["images", source, "tag"], query: [("repo", target.name), ("tag", target.tag ?? "latest")])
        return 0
    }

    private static func wrong(_ name: String, _ error: Failure) -> Failure {
        Failure("Error parsing reference: \"\(name)\" is not a valid repository/tag: \(error.message ?? "")")
    }
}
