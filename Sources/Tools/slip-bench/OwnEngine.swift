// Engines for the time of a bench: daemons over roots of their own below one folder, a registry, and an image of a static busybox.
import Linux

/// A slipwayd of ours.
final class OwnEngine {
    /// For `-H`.
    let address: String
    let daemon: Process
    private let slipway: FilePath

    /// - Parameter ownNetwork: the daemon runs in a network namespace of its own, where nobody else's rules are.
    init(_ folder: FilePath, ownNetwork: Bool = false) throws {
        guard let slipway = find("slipway"), let slipwayd = find("slipwayd") else { throw BenchFailure(description: "slipway is not built: make build") }
        (self.slipway, address) = (slipway, "unix://\(folder)/slipway.sock")
        let flags = ["--data-root", "\(folder)/s-data", "--exec-root", "\(folder)/s-run", "-H", address, "--pidfile", "\(folder)/s-pid"]
        daemon = try Process(slipwayd, flags, log: folder.appending("slipwayd.log"), ownNetwork: ownNetwork)
        try daemon.waitUntil("listens at \(address)") { isListening(folder.appending("slipway.sock")) }
    }

    /// Makes the image `bench` of a static busybox and of `programs` with their libraries; `root.tar` stays in the folder.
    func importImage(_ folder: FilePath, programs: [FilePath] = []) throws {
        try makeArchive(folder, programs)
        try time(Candidate(name: "import", command: command("import", "\(folder)/root.tar", "bench")))
    }

    /// The words of a command for this engine.
    func command(_ words: String...) -> [String] { ["\(slipway)", "-H", address] + words }

    func end() { daemon.end() }

    private func makeArchive(_ folder: FilePath, _ programs: [FilePath]) throws {
        guard exists("/bin/busybox") else { throw BenchFailure(description: "/bin/busybox is missing: install busybox-static") }
        try makeDirectories(folder.appending("root/bin"))
        try makeDirectories(folder.appending("root/tmp"))
        for name in ["busybox", "true", "sh", "sleep"] {
            try writeFile(folder.appending("root/bin").appending(name), try readFile("/bin/busybox"), mode: 0o755)
        }
        for program in programs {
            let copy = "for file in $0 $(ldd $0 | grep -o '/[^ ]*'); do cp -L --parents $file \(folder)/root; done"
            try time(Candidate(name: "copy", command: ["sh", "-c", copy, "\(program)"]))
        }
        try time(Candidate(name: "tar", command: ["tar", "-C", "\(folder)/root", "-cf", "\(folder)/root.tar", "."]))
    }
}

/// Debian's dockerd over roots of its own.
struct OwnDocker {
    /// The docker command, for this daemon.
    let command: [String]
    let daemon: Process

    /// - Parameter ownNetwork: with its usual bridge and rules, in a network namespace of its own; otherwise without networks.
    /// - Returns: nil where docker is not installed, which is said.
    init?(_ folder: FilePath, ownNetwork: Bool = false) throws {
        guard let docker = find("docker"), let dockerd = find("dockerd") else {
            print("docker: UNVERIFIED HERE, dockerd is not installed (apt-get install docker.io)")
            return nil
        }
        let address = "unix://\(folder)/docker.sock"
        let roots = ["--data-root", "\(folder)/d-data", "--exec-root", "\(folder)/d-run", "-H", address, "-p", "\(folder)/d-pid"]
        let flags = roots + (ownNetwork ? [] : ["--bridge", "none", "--iptables=false", "--ip6tables=false"])
        command = ["\(docker)", "-H", address]
        daemon = try Process(dockerd, flags, log: folder.appending("dockerd.log"), ownNetwork: ownNetwork)
        try daemon.waitUntil("listens at \(address)") { isListening(folder.appending("docker.sock")) }
    }

    func end() { daemon.end() }
}

/// A daemon of ours, with its log.
struct Process {
    let process: ProcessID
    /// What it says.
    let log: FilePath

    init(_ program: FilePath, _ flags: [String], log: FilePath, ownNetwork: Bool = false) throws {
        let room = ["unshare", "--net", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh"], words = (ownNetwork ? room : []) + ["\(program)"] + flags
        let first = ownNetwork ? FilePath("/usr/bin/unshare") : program
        let file = try open(log, [.writeOnly, .create, .append], mode: 0o644)
        let environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"]
        process = try file.borrow { (file) throws(KernelError) in
            try spawn(Spawn(first, words, environment: environment, descriptors: [(file, 1), (file, 2)])).process
        }
        self.log = log
    }

    /// Asks every 50 ms, for at most 30 s; ends the daemon where it never is so.
    func waitUntil(_ what: String, _ isSo: () throws -> Bool) throws {
        for _ in 0..<600 {
            if try isSo() { return }
            pause(milliseconds: 50)
        }
        end()
        throw BenchFailure(description: "within 30 s nobody \(what): \(try readText(log).suffix(2000))")
    }

    /// The words that run a command in the network namespace of this daemon.
    func inNetwork(_ words: [String]) -> [String] { ["nsenter", "--net=/proc/\(process)/ns/net"] + words }

    func end() {
        try? send(.terminate, to: process)  // one that has gone already is what we want
        _ = try? wait(process)  // likewise
    }
}

/// Whether somebody takes connections at a socket.
private func isListening(_ socket: FilePath) -> Bool {
    (try? connect(socket, .stream)) != nil  // whatever the reason, the answer is no
}
