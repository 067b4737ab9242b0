// What a container costs in memory: containers that sleep on the default bridge, and the proportional set size (man 5 proc_pid_smaps: PSS) of
// all that the engine runs for them, daemon and supervisors, but not of the containers' own processes. The same for dockerd, with containerd,
// its shims and proxies. What the kernel holds for each is the same on both sides, and not counted.
import ArgumentParser
import Linux

struct MemoryBench: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "memory", abstract: "Memory of the engine for each container on a bridge, beside dockerd.")

    @Option(help: "How many containers.") var containers = 100

    func run() throws {
        let folder = FilePath("/tmp/slip-bench-\(currentProcess())")
        try makeDirectories(folder)
        defer { try? removeTree(folder) }  // a temporary folder: what stays is seen, and harmless
        let engine = try OwnEngine(folder, ownNetwork: true)
        defer { engine.end() }
        try engine.importImage(folder)
        let ours = try measure("slipway", engine.command(), engine.daemon)
        guard let docker = try OwnDocker(folder, ownNetwork: true) else { return }
        defer { docker.end() }
        try time(Candidate(name: "import", command: docker.command + ["import", "\(folder)/root.tar", "bench"]))
        let theirs = try measure("dockerd", docker.command, docker.daemon)
        print("  slipway / dockerd: a container \(digits(ours.each / theirs.each)), all together \(digits(ours.all / theirs.all))")
    }

    /// Kibibytes for each container, and of all together.
    private func measure(_ name: String, _ client: [String], _ daemon: Process) throws -> (each: Double, all: Double) {
        let names = (0..<containers).map { "m\($0)x" }
        let before = try kibibytes(below: daemon.process)
        let start = monotonicNanoseconds()
        for name in names { try time(Candidate(name: "run", command: client + ["run", "-d", "--name", name, "bench", "sleep", "100000"])) }
        let started = Double(monotonicNanoseconds() - start) / 1_000_000_000
        let after = try kibibytes(below: daemon.process)
        let middle = monotonicNanoseconds()
        try time(Candidate(name: "rm", command: client + ["rm", "-f"] + names))
        let removed = Double(monotonicNanoseconds() - middle) / 1_000_000_000
        let each = (after - before) / Double(containers)
        print(
            "\(name): \(containers) containers: \(digits(each)) KiB each (PSS), \(digits(before / 1024)) MiB without them, \(digits(after / 1024)) MiB with them; "
                + "started in \(digits(started)) s, removed in \(digits(removed)) s")
        return (each, after)
    }

    /// The proportional set size of a daemon and of all processes in its network namespace but the containers' own: these have namespaces of their own.
    private func kibibytes(below daemon: ProcessID) throws -> Double {
        let room = try readLink(FilePath("/proc/\(daemon)/ns/net"))
        var sum = 0.0
        for name in try entries("/proc") where name.allSatisfy(\.isNumber) {
            let process = FilePath("/proc").appending(name)
            guard (try? readLink(process.appending("ns/net"))) == room else { continue }  // it has gone, or is elsewhere
            let text = (try? readText(process.appending("smaps_rollup"))) ?? ""  // it has gone meanwhile
            let line = text.split(separator: "\n").first { $0.hasPrefix("Pss:") }
            sum += line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) } ?? 0
        }
        return sum
    }
}
