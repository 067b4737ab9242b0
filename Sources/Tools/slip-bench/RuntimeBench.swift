// One container from one bundle, by each OCI runtime on this machine: all namespaces, limits on memory, pids and cpu, the default seccomp
// profile of `slipway-runtime spec`, and busybox's `true`.
import ArgumentParser
import Linux

struct RuntimeBench: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "runtime", abstract: "slipway-runtime beside crun and runc: create, start and delete one container.")

    @Option(help: "Rounds to count.") var rounds = 15
    @Option(help: "Milliseconds of idling before each run.") var pause = 50

    func run() throws {
        let bundle = try makeBundle()
        defer { try? removeTree(bundle) }  // a temporary folder: what stays is seen, and harmless
        var candidates: [Candidate] = []
        for (name, program) in [("slipway-runtime", "slipway-runtime"), ("crun", "crun"), ("runc", "runc")] {
            guard let path = find(program) else {
                print("\(program): UNVERIFIED HERE, it is not installed")
                continue
            }
            candidates.append(Candidate(name: name, command: ["\(path)", "--root", "\(bundle)/state-\(name)", "run", "--bundle", "\(bundle)", "slip-bench-\(currentProcess())-\(name)"]))
        }
        try compare("run one container", candidates, rounds: rounds, pauseMilliseconds: pause)
    }

    private func makeBundle() throws -> FilePath {
        guard exists("/bin/busybox") else { throw BenchFailure(description: "/bin/busybox is missing: install busybox-static") }
        let bundle = FilePath("/tmp/slip-bench-\(currentProcess())")
        for folder in ["rootfs/bin", "rootfs/proc", "rootfs/sys", "rootfs/dev", "rootfs/etc"] { try makeDirectories(bundle.appending(folder)) }
        try writeFile(bundle.appending("rootfs/bin/true"), try readFile("/bin/busybox"), mode: 0o755)
        guard let runtime = find("slipway-runtime") else { throw BenchFailure(description: "slipway-runtime is not built: make build") }
        try time(Candidate(name: "spec", command: ["\(runtime)", "spec", "--bundle", "\(bundle)", "--memory", "67108864", "--pids", "100", "--cpus", "1", "/bin/true"]))
        return bundle
    }
}
