// One container from one bundle, by each OCI runtime on this machine. The bundle is what our engine writes for `create` with limits on memory,
// pids and cpu: all namespaces, Docker's seccomp profile and capabilities; the root holds a static busybox as `true`. crun refuses a hybrid
// cgroup layout, so the bench works in a mount namespace of its own from which the empty v2 hierarchy is taken away, for all alike.
import ArgumentParser
import FoundationEssentials
import Linux
import OCI

struct RuntimeBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runtime", abstract: "slipway-runtime beside crun and runc: make, run and delete one container.")

    @Option(help: "Rounds to count.") var rounds = 15
    @Option(help: "Milliseconds of idling before each run.") var pause = 50

    func run() throws {
        let folder = FilePath("/tmp/slip-bench-\(currentProcess())")
        try makeDirectories(folder)
        defer { try? removeTree(folder) }  // a temporary folder: what stays is seen, and harmless
        let spec = try specOfEngine(folder)
        try unshare(.mount)
        try mount(nil, onto: "/", [.private, .recursive])
        if exists("/sys/fs/cgroup/unified") { try unmount("/sys/fs/cgroup/unified", .detach) }
        var candidates: [Candidate] = []
        for name in ["slipway-runtime", "crun", "runc"] {
            guard let program = find(name) else {
                print("\(name): UNVERIFIED HERE, it is not installed")
                continue
            }
            let bundle = folder.appending(name)
            try makeBundle(bundle, spec, cgroup: "/slip-bench-\(currentProcess())-\(name)")
            let command = ["\(program)", "--root", "\(bundle)/state", "run", "--bundle", "\(bundle)", "slip-bench-\(currentProcess())"]
            do {
                try time(Candidate(name: name, command: command))
                candidates.append(Candidate(name: name, command: command))
            } catch { print("\(name): UNVERIFIED HERE, it does not run this bundle: \(error)") }
        }
        try compare("run one container", candidates, rounds: rounds, pauseMilliseconds: pause)
        try compare("run one container, back to back", candidates, rounds: rounds, pauseMilliseconds: 0)
    }

    /// What the engine writes into a bundle, with what only lives while its container does taken out.
    private func specOfEngine(_ folder: FilePath) throws -> Spec {
        let engine = try OwnEngine(folder)
        defer { engine.end() }
        try engine.importImage(folder)
        try time(
            Candidate(
                name: "create",
                command: engine.command(
                    "create", "--name", "bench", "--memory", "64m", "--cpus", "1", "--pids-limit", "100", "--network", "none", "bench", "/bin/true")))
        let containers = folder.appending("s-run/containers")
        guard let id = try entries(containers).first else { throw BenchFailure(description: "\(containers) holds no bundle") }
        var spec = try JSONDecoder().decode(Spec.self, from: Data(try readFile(containers.appending(id).appending("config.json"))))
        try time(Candidate(name: "rm", command: engine.command("rm", "bench")))
        spec.mounts = spec.mounts?.filter { !$0.destination.hasPrefix("/etc/") }
        var namespaces = spec.linux?.namespaces ?? []
        for index in namespaces.indices { namespaces[index].path = nil }
        spec.linux?.namespaces = namespaces
        return spec
    }

    private func makeBundle(_ bundle: FilePath, _ template: Spec, cgroup: String) throws {
        for name in ["bin", "proc", "sys", "dev", "etc"] { try makeDirectories(bundle.appending("rootfs").appending(name)) }
        try writeFile(bundle.appending("rootfs/bin/true"), try readFile("/bin/busybox"), mode: 0o755)
        var spec = template
        spec.root?.path = "\(bundle)/rootfs"
        spec.linux?.cgroupsPath = cgroup
        try writeFile(bundle.appending("config.json"), Array(try JSONEncoder().encode(spec)))
    }
}
