// Command line to command line: `slipway run` through its daemon beside `docker run` through dockerd, each with roots of its own that are
// removed afterwards. Both daemons run all the time, so that they share the weather. The genuine docker command on our daemon stands third:
// it tells the client's part from the engine's.
import ArgumentParser
import Linux

struct EngineBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine", abstract: "slipway run beside docker run, with --rm, each with a daemon of its own.")

    @Option(help: "Rounds to count.") var rounds = 15
    @Option(help: "Milliseconds of idling before each run.") var pause = 50
    @Option(help: "The container's network: none, or bridge, for which each daemon gets a network namespace of its own.") var network = "none"

    func run() throws {
        let folder = FilePath("/tmp/slip-bench-\(currentProcess())")
        try makeDirectories(folder)
        defer { try? removeTree(folder) }  // a temporary folder: what stays is seen, and harmless
        let engine = try OwnEngine(folder, ownNetwork: network == "bridge")
        defer { engine.end() }
        try engine.importImage(folder)
        let words = ["run", "--rm", "--network", network, "bench", "true"]
        var candidates = [Candidate(name: "slipway", command: engine.command() + words)]

        guard let docker = try OwnDocker(folder, ownNetwork: network == "bridge") else {
            return try compare("run --rm --network \(network)", candidates, rounds: rounds, pauseMilliseconds: pause)
        }
        defer { docker.end() }
        try time(Candidate(name: "import", command: docker.command + ["import", "\(folder)/root.tar", "bench"]))
        candidates.append(Candidate(name: "docker on dockerd", command: docker.command + words))
        candidates.append(Candidate(name: "docker on slipwayd", command: [docker.command[0], "-H", engine.address] + words))
        try compare("run --rm --network \(network)", candidates, rounds: rounds, pauseMilliseconds: pause)
    }
}
