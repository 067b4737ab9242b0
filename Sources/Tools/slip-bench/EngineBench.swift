// Command line to command line: `slipway run` through its daemon beside `docker run` through dockerd, each with roots of its own that are
// removed afterwards. Both daemons run all the time, so that they share the weather.
import ArgumentParser
import Linux

struct EngineBench: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "engine", abstract: "slipway run beside docker run, with --rm --network none, each with a daemon of its own.")

    @Option(help: "Rounds to count.") var rounds = 15
    @Option(help: "Milliseconds of idling before each run.") var pause = 50

    func run() throws {
        let folder = FilePath("/tmp/slip-bench-engine-\(currentProcess())")
        try makeDirectories(folder)
        defer { try? removeTree(folder) }  // a temporary folder: what stays is seen, and harmless
        guard let slipway = find("slipway"), let slipwayd = find("slipwayd") else { throw BenchFailure(description: "slipway is not built: make build") }
        try makeImage(folder)
        let ours = "unix://\(folder)/slipway.sock", theirs = "unix://\(folder)/docker.sock"
        let first = try start("\(slipwayd)", ["--data-root", "\(folder)/s-data", "--exec-root", "\(folder)/s-run", "-H", ours, "--pidfile", "\(folder)/s-pid"], socket: folder.appending("slipway.sock"))
        defer { end(first.process) }
        var candidates = [Candidate(name: "slipway", command: ["\(slipway)", "-H", ours, "run", "--rm", "--network", "none", "bench", "true"])]
        try time(Candidate(name: "import", command: ["\(slipway)", "-H", ours, "import", "\(folder)/root.tar", "bench"]))

        guard let docker = find("docker"), let dockerd = find("dockerd") else {
            print("docker: UNVERIFIED HERE, dockerd is not installed (apt-get install docker.io)")
            return try compare("run --rm --network none", candidates, rounds: rounds, pauseMilliseconds: pause)
        }
        let second = try start(
            "\(dockerd)",
            ["--data-root", "\(folder)/d-data", "--exec-root", "\(folder)/d-run", "-H", theirs, "-p", "\(folder)/d-pid", "--bridge", "none", "--iptables=false", "--ip6tables=false"],
            socket: folder.appending("docker.sock"))
        defer { end(second.process) }
        try time(Candidate(name: "import", command: ["\(docker)", "-H", theirs, "import", "\(folder)/root.tar", "bench"]))
        candidates.append(Candidate(name: "dockerd", command: ["\(docker)", "-H", theirs, "run", "--rm", "--network", "none", "bench", "true"]))
        candidates.append(Candidate(name: "docker client on slipwayd", command: ["\(docker)", "-H", ours, "run", "--rm", "--network", "none", "bench", "true"]))
        try compare("run --rm --network none", candidates, rounds: rounds, pauseMilliseconds: pause)
    }

    private func makeImage(_ folder: FilePath) throws {
        try makeDirectories(folder.appending("root/bin"))
        for name in ["busybox", "true", "sh"] { try writeFile(folder.appending("root/bin/\(name)"), try readFile("/bin/busybox"), mode: 0o755) }
        try time(Candidate(name: "tar", command: ["tar", "-C", "\(folder)/root", "-cf", "\(folder)/root.tar", "."]))
    }

    private func start(_ program: String, _ arguments: [String], socket: FilePath) throws -> (process: ProcessID, name: String) {
        let log = try open(socket.removingLastComponent().appending("daemons.log"), [.writeOnly, .create, .append], mode: 0o644)
        let child = try log.borrow { (file) throws(KernelError) in
            try spawn(Spawn(FilePath(program), [program] + arguments, environment: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"], descriptors: [(file, 1), (file, 2)]))
        }
        let process = child.process
        for _ in 0..<600 {
            if (try? connect(socket, .stream)) != nil { return (process, program) }  // not listening yet is why we ask again
            Linux.pause(milliseconds: 50)
        }
        throw BenchFailure(description: "\(program) did not answer at \(socket) within 30 s")
    }

    private func end(_ process: ProcessID) {
        try? send(.terminate, to: process)  // one that has gone already is what we want
        _ = try? wait(process)  // likewise
    }
}
