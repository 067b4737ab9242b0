// Pull and unpack: `slipway pull` beside `docker pull`, each with a daemon and a store of its own, from one registry (Debian's docker-registry) on
// loopback. Three images: one layer of 300 MB, eight of 60 MB, 20,000 small files. Stores lie on a tmpfs, so that CPU is compared and not
// the disk; `--disk` puts them on the disk of /tmp. The image is removed after each pull, and the registry's log tells that the next one fetched it.
import ArgumentParser
import Linux

struct ImagesBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "images", abstract: "slipway pull beside docker pull, from a registry on loopback, each with a daemon of its own.")

    @Option(help: "Rounds to count.") var rounds = 15
    @Option(help: "Milliseconds of idling before each pull.") var pause = 200
    @Flag(help: "Stores on the disk of /tmp instead of a tmpfs.") var disk = false
    @Option(help: "The images: one, eight, small; several with commas.") var only = "one,eight,small"

    func run() throws {
        let samples = [Sample("one", "one layer of 300 MB", layers: 1, files: 30), Sample("eight", "eight layers of 60 MB", layers: 8, files: 6), Sample.small]
        let folder = FilePath("/tmp/slip-bench-\(currentProcess())")
        try makeDirectories(folder)
        defer { try? removeTree(folder) }  // a temporary folder: what stays is seen, and harmless
        try unshare(.mount)
        try mount(nil, onto: "/", [.private, .recursive])
        if !disk { try mount("tmpfs", onto: folder, type: "tmpfs") }
        defer { if !disk { try? unmount(folder, .detach) } }  // it goes with our mount namespace anyway
        guard let registry = try OwnRegistry(folder) else { return }
        defer { registry.end() }
        let engine = try OwnEngine(folder)
        defer { engine.end() }
        let docker = try OwnDocker(folder)
        defer { docker?.end() }
        for sample in samples where only.split(separator: ",").contains(Substring(sample.name)) {
            try sample.push(to: registry, folder)
            var candidates = [candidate("slipway", engine.command(), sample, registry)]
            if let docker { candidates.append(candidate("docker on dockerd", docker.command, sample, registry)) }
            let title = "pull of \(sample.title) (\(Int(sample.megabytes)) MB), \(disk ? "disk" : "tmpfs")"
            try compare(title, candidates, rounds: rounds, pauseMilliseconds: pause, megabytes: sample.megabytes)
        }
    }

    /// A pull, after which the image is removed; an error where the registry saw fewer layers fetched than there are.
    private func candidate(_ name: String, _ client: [String], _ sample: Sample, _ registry: OwnRegistry) -> Candidate {
        let image = "\(registry.address)/\(sample.name):latest"
        return Candidate(name: name, command: client + ["pull", image]) {
            let fetched = try registry.fetchedSinceAsked()
            guard fetched >= sample.layers else {
                throw BenchFailure(description: "\(name) fetched \(fetched) of \(sample.layers) layers: its store kept the others")
            }
            try time(Candidate(name: "rmi", command: client + ["rmi", image]))
        }
    }
}

/// Debian's docker-registry, on a port that the kernel chose.
final class OwnRegistry {
    /// `127.0.0.1:PORT`.
    let address: String
    private let process: Process
    private var seen = 0

    /// - Returns: nil where a program is missing, which is said.
    init?(_ folder: FilePath) throws {
        for name in ["docker-registry", "skopeo"] where find(name) == nil {
            print("images: UNVERIFIED HERE, \(name) is not installed (make setup)")
            return nil
        }
        let settings = """
            version: 0.1
            log: {level: info, accesslog: {disabled: true}}
            storage: {filesystem: {rootdirectory: \(folder)/registry}}
            http: {addr: "127.0.0.1:0"}

            """
        try writeFile(folder.appending("registry.yml"), Array(settings.utf8))
        process = try Process(find("docker-registry") ?? "", ["serve", "\(folder)/registry.yml"], log: folder.appending("registry.log"))
        var found: String?
        let log = process.log
        try process.waitUntil("says where the registry listens") {
            found = try readText(log).split(separator: "listening on ").dropFirst().first.map { String($0.prefix { $0 != "\"" }) }
            return found != nil
        }
        address = found ?? ""
    }

    /// How many blobs have been fetched since the last call.
    func fetchedSinceAsked() throws -> Int {
        let count = try readText(process.log).split(separator: "\n").count {
            $0.contains("response completed") && $0.contains("method=GET") && $0.contains("/blobs/")
        }
        defer { seen = count }
        return count - seen
    }

    func end() { process.end() }
}
