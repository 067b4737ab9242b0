// Command line to command line: `slipway run` through its daemon beside `docker run` through dockerd, each with roots of its own that are
// removed afterwards. Both daemons run all the time, so that they share the weather. The genuine docker command on our daemon stands third:
// it tells the client's part from the engine's.
import ArgumentParser
import Linux

struct EngineBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine", abstract: "slipway run beside docker run, with --rm --network none, each with a daemon of its own.")

    @Option(help: "Rounds to count.") var rounds = 15
    @Option(help: "Milliseconds of idling before each run.") var pause = 50

    func run() throws {
        let folder = FilePath("/tmp/slip-bench-\(currentProcess())")
        try makeDirectories(folder)
        defer { try? removeTree(folder) }  // a temporary folder: what stays is seen, and harmless
        let engine = try OwnEngine(folder)
        defer { engine.end() }
        let words = ["run", "--rm", "--network", "none", "bench", "true"]
        var candidates = [Candidate(name: "slipway", command: engine.command() + words)]

        guard let docker = find("docker"), let dockerd = find("dockerd") else {
            print("docker: UNVERIFIED HERE, dockerd is not installed (apt-get install docker.io)")
            return try compare("run --rm --network none", candidates, rounds: rounds, pauseMilliseconds: pause)
        }
        let theirs = "unix://\(folder)/docker.sock"
        let flags = [
            "--data-root", "\(folder)/d-data", "--exec-root", "\(folder)/d-run", "-H", theirs, "-p", "\(folder)/d-pid", "--bridge", "none", "--iptables=false",
            "--ip6tables=false"
        ]
        let daemon = try OwnEngine.Process(dockerd, flags, socket: folder.appending("docker.sock"))
        defer { daemon.end() }
        try time(Candidate(name: "import", command: ["\(docker)", "-H", theirs, "import", "\(folder)/root.tar", "bench"]))
        candidates.append(Candidate(name: "docker on dockerd", command: ["\(docker)", "-H", theirs] + words))
        candidates.append(Candidate(name: "docker on slipwayd", command: ["\(docker)", "-H", engine.address] + words))
        try compare("run --rm --network none", candidates, rounds: rounds, pauseMilliseconds: pause)
    }
}
