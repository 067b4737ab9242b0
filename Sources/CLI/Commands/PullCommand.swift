// `slipway pull`. chapter 08, 13

internal import ArgumentParser
internal import Linux
internal import OCI

struct PullCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull", abstract: "Download an image from a registry", usage: "slipway pull [OPTIONS] NAME[:TAG|@DIGEST]")
    static let flags = FlagTable(valued: "platform", switches: "all-tags/a quiet/q")

    @Flag(name: .shortAndLong, help: "Download all tagged images in the repository") var allTags = false
    @Option(help: "Platform, if the image has several") var platform: String?
    @Flag(name: .shortAndLong, help: "Show no progress") var quiet = false
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard words.count == 1 else { throw .usage("pull", "1 argument", "[OPTIONS] NAME[:TAG|@DIGEST]") }
        let typed = try Reference(typed: words[0]), isBare = typed.tag == nil && typed.digest == nil
        guard !allTags || isBare else { throw Failure("tag can't be used with --all-tags/-a") }
        if isBare, !allTags, !quiet { Output.line("Using default tag: latest") }
        let name = allTags ? typed : typed.withDefaultTag
        let pull = Pull(session: session, name: name, platform: OwnEnvironment.platform(platform), isOfAllTags: allTags)
        try pull.run(showingOn: ProgressOutput(stream: .standardOutput, isQuiet: quiet))
        Output.line("\(name)")
        return 0
    }
}

extension OwnEnvironment {
    /// The platform that a flag names, else the one that DOCKER_DEFAULT_PLATFORM names.
    static func platform(_ flag: String?) -> String? { flag ?? values["DOCKER_DEFAULT_PLATFORM"].flatMap { $0.isEmpty ? nil : $0 } }
}
