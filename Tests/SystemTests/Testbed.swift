// A machine for one suite: a daemon of its own over roots of its own, an image made from Debian's busybox, and the two command lines, ours and
// the genuine one. It needs root and the sandbox of Tests/Sandbox, so that nothing it does reaches the host; elsewhere its suites say why they
// do not run. Executables are the ones built beside the test program, or those in SLIPWAY_BIN (a learner's engine).
import Foundation
import Glibc
import Testing

enum Machine {
    static let isSandbox = ProcessInfo.processInfo.environment["SLIPWAY_SANDBOX"] == "1" && getuid() == 0
    static let why: Comment = "UNVERIFIED HERE: needs root and the sandbox that `make test` makes"
    static let executables: URL = {
        if let given = ProcessInfo.processInfo.environment["SLIPWAY_BIN"] { return URL(filePath: given) }
        return URL(filePath: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/").deletingLastPathComponent()
    }()
    static let docker: String? = ["/usr/local/bin/docker", "/usr/bin/docker"].first { FileManager.default.isExecutableFile(atPath: $0) }
    static let hasDocker = isSandbox && docker != nil
    static let whyNoDocker: Comment = "UNVERIFIED HERE: needs the genuine docker command, root, and the sandbox that `make test` makes"
    static func tool(_ name: String) -> String { executables.appending(path: name).path }
}

struct Refused: Error, CustomStringConvertible {
    let description: String
}

final class Testbed: @unchecked Sendable {
    let folder: URL
    private(set) var daemon: Process?
    var socket: String { folder.appending(path: "run/slipway.sock").path }
    /// What marks this daemon's links and tables on the machine: suites with a daemon of their own have others. FNV-1a of the exec root.
    var mark: String {
        let hash = folder.appending(path: "run").path.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        return "slipway-" + String(repeating: "0", count: 8 - String(hash, radix: 16).count) + String(hash, radix: 16)
    }
    var data: URL { folder.appending(path: "data") }
    var environment: [String: String] {
        ["DOCKER_HOST": "unix://\(socket)", "DOCKER_CONFIG": folder.appending(path: "docker").path, "DOCKER_CLI_HINTS": "false"]
    }

    init(_ name: String = "bed", image: Bool = true) throws {
        folder = URL(filePath: "/tmp/slipway-\(name)-\(UUID().uuidString.prefix(6))")
        try FileManager.default.createDirectory(at: folder.appending(path: "docker"), withIntermediateDirectories: true)
        try startDaemon()
        if image { try importBusybox() }
    }

    deinit {
        stopDaemon()
    }

    // MARK: The daemon

    func startDaemon() throws {
        let process = Process()
        process.executableURL = URL(filePath: Machine.tool("slipwayd"))
        var arguments = [
            "--data-root", data.path, "--exec-root", folder.appending(path: "run").path, "-H", "unix://\(socket)", "--pidfile",
            folder.appending(path: "pid").path
        ]
        if let parent = ProcessInfo.processInfo.environment["SLIPWAY_TEST_CGROUP_PARENT"] { arguments += ["--cgroup-parent", parent] }
        process.arguments = arguments
        let log = folder.appending(path: "daemon.log")
        if !FileManager.default.fileExists(atPath: log.path) { _ = FileManager.default.createFile(atPath: log.path, contents: nil) }
        let handle = try FileHandle(forWritingTo: log)
        try handle.seekToEnd()
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.run()
        daemon = process
        guard eventually(within: 20, { answers() || !process.isRunning }), process.isRunning else {
            throw Refused(description: "the daemon did not come up: \(daemonLog)")
        }
    }

    var daemonLog: String { (try? String(contentsOf: folder.appending(path: "daemon.log"), encoding: .utf8)) ?? "" }

    private func answers() -> Bool {
        (try? run(["curl", "-s", "-o", "/dev/null", "--unix-socket", socket, "http://engine/_ping"], seconds: 5).status) == 0
    }

    /// kill -9: no goodbye.
    func killDaemon() {
        guard let daemon else { return }
        kill(daemon.processIdentifier, SIGKILL)
        daemon.waitUntilExit()
        self.daemon = nil
    }

    /// Removes what runs, then asks the daemon to end.
    func stopDaemon() {
        guard let daemon, daemon.isRunning else { return }
        if let ids = try? slipway("ps", "-aq").lines, !ids.isEmpty { _ = try? run([Machine.tool("slipway"), "rm", "-f"] + ids, environment: environment) }
        daemon.terminate()
        if !eventually(within: 10, { !daemon.isRunning }) { kill(daemon.processIdentifier, SIGKILL) }
        daemon.waitUntilExit()
        self.daemon = nil
    }

    // MARK: The image

    /// A root with busybox and a link for each of its applets, as `bb:latest`.
    static let busyboxArchive: Data = {
        let root = URL(filePath: "/tmp/slipway-busybox-\(getpid())")
        defer { try? FileManager.default.removeItem(at: root) }
        let script = """
            set -e; mkdir -p \(root.path)/bin \(root.path)/etc \(root.path)/tmp \(root.path)/home/me
            cp /bin/busybox \(root.path)/bin/busybox
            for name in $(/bin/busybox --list); do [ "$name" = busybox ] || ln -s busybox \(root.path)/bin/$name; done
            chmod 1777 \(root.path)/tmp
            printf 'root:x:0:0:root:/root:/bin/sh\\nme:x:1000:1000:me:/home/me:/bin/sh\\n' > \(root.path)/etc/passwd
            printf 'root:x:0:\\nme:x:1000:\\naudio:x:29:me\\n' > \(root.path)/etc/group
            printf 'not a program\\n' > \(root.path)/etc/data
            tar -C \(root.path) -cf \(root.path).tar .
            """
        _ = try? run(["sh", "-c", script])
        defer { try? FileManager.default.removeItem(at: URL(filePath: "\(root.path).tar")) }
        return (try? Data(contentsOf: URL(filePath: "\(root.path).tar"))) ?? Data()
    }()

    func importBusybox(as name: String = "bb") throws {
        let outcome = try run([Machine.tool("slipway"), "import", "-", name], input: Self.busyboxArchive, environment: environment)
        guard outcome.status == 0 else { throw Refused(description: "import failed: \(outcome)\n\(daemonLog)") }
    }

    // MARK: The command lines

    @discardableResult
    func slipway(_ words: String..., input: Data? = nil, seconds: Double = 60) throws -> Outcome {
        try run([Machine.tool("slipway")] + words, input: input, environment: environment, seconds: seconds)
    }

    @discardableResult
    func docker(_ words: String..., input: Data? = nil, seconds: Double = 60) throws -> Outcome {
        try run([Machine.docker ?? "docker"] + words, input: input, environment: environment, seconds: seconds)
    }

    func beginDocker(_ words: String..., input: Data? = nil, seconds: Double = 60) throws -> Running {
        try begin([Machine.docker ?? "docker"] + words, input: input, environment: environment, seconds: seconds)
    }

    /// A raw request; status and body.
    func request(_ method: String, _ path: String, body: String? = nil) throws -> (status: Int, body: String) {
        var words = ["curl", "-s", "-X", method, "--unix-socket", socket, "-w", "\n%{http_code}", "http://engine\(path)"]
        if method == "HEAD" { words[2] = "--head"; words.remove(at: 3) }
        if let body { words += ["-H", "Content-Type: application/json", "-d", body] }
        let text = try run(words, seconds: 30).output
        let cut = text.lastIndex(of: "\n") ?? text.startIndex
        return (Int(text[cut...].trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0, String(text[..<cut]))
    }

    /// One field of `docker inspect`.
    func inspect(_ name: String, _ template: String) throws -> String {
        try docker("inspect", "-f", template, name).line
    }
}

/// The containers' cgroups that there are now, of all daemons in the sandbox. A suite's own container may be among them.
func leftCgroups() throws -> Set<String> {
    let parent = ProcessInfo.processInfo.environment["SLIPWAY_TEST_CGROUP_PARENT"] ?? "/slipway"
    return Set(try run(["sh", "-c", "find /sys/fs/cgroup -mindepth 3 -type d -path '*\(parent)/*'"]).lines)
}
