// Runs one of our tools as a person would, and keeps what it said. The test process has several threads and may not clone; the tools may.
import Glibc
import Linux
import Testing

/// What must hold for tests that make namespaces, mounts and cgroups as root.
enum Sandbox {
    static let isHere = getenv("SLIPWAY_SANDBOX") != nil && geteuid() == 0
    static let why: Comment = "UNVERIFIED HERE: needs root and the sandbox that `make test` makes"
}

/// What a finished tool left.
struct Outcome: CustomStringConvertible {
    let status: Int32, output: String, errors: String

    var line: String { output.split(separator: "\n").first.map(String.init) ?? "" }
    var description: String { "status \(status)\n\(output)\n\(errors)" }
}

/// A tool under way, with its output in files so that no full pipe can hang it.
struct Running: ~Copyable {
    let process: Spawned
    private let base: FilePath

    /// Starts an executable of this build, or a program by its path.
    init(_ tool: String, _ arguments: [String], as user: UInt32? = nil) throws {
        base = FilePath("/tmp/slipway-tool-\(getpid())-\(UInt32.random(in: 0 ... .max))")
        let folder = FilePath(try readLink("/proc/self/exe")).removingLastComponent()
        var words = [tool.hasPrefix("/") ? tool : "\(folder.appending(tool))"] + arguments
        if let user { words = ["/usr/bin/setpriv", "--reuid", "\(user)", "--regid", "\(user)", "--clear-groups"] + words }
        let output = try open(FilePath("\(base).out"), [.readWrite, .create], mode: 0o600)
        let errors = try open(FilePath("\(base).err"), [.readWrite, .create], mode: 0o600)
        process = try output.borrow { (out) throws in
            try errors.borrow { (err) throws in
                try spawn(Spawn(FilePath(words[0]), words, environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], descriptors: [(out, 1), (err, 2)]))
            }
        }
    }

    /// What it has said so far.
    borrowing func outputSoFar() -> String { (try? readText(FilePath("\(base).out"))) ?? "" }

    /// Waits until it has said something, or is taking too long.
    borrowing func waitForOutput() {
        for _ in 1...500 where outputSoFar().isEmpty { pause(milliseconds: 10) }
    }

    /// Waits for its end; what takes longer than 30 seconds is killed.
    consuming func wait() throws -> Outcome {
        let (pid, end) = (process.process, monotonicNanoseconds() + 30_000_000_000)
        var status = try Linux.wait(pid, noHang: true)
        while status == nil {
            pause(milliseconds: 5)
            if monotonicNanoseconds() > end { try send(.kill, to: pid) }
            status = try Linux.wait(pid, noHang: true)
        }
        let outcome = Outcome(status: status?.code ?? -1, output: try readText(FilePath("\(base).out")), errors: try readText(FilePath("\(base).err")))
        try Linux.remove(FilePath("\(base).out"))
        try Linux.remove(FilePath("\(base).err"))
        return outcome
    }
}

/// Runs a tool to its end.
func run(_ tool: String, _ arguments: String..., as user: UInt32? = nil) throws -> Outcome {
    try Running(tool, arguments, as: user).wait()
}

extension FilePath {
    /// A root for containers with nothing but busybox, made anew for each test.
    static func busyboxRoot() throws -> FilePath {
        let root = FilePath("/tmp/slipway-root-\(getpid())-\(UInt32.random(in: 0 ... .max))")
        for folder in ["bin", "etc", "tmp"] { try makeDirectories(root.appending(folder)) }
        try writeFile(root.appending("bin/busybox"), try readFile("/bin/busybox"), mode: 0o755)
        for name in ["sh", "cat", "id", "ls", "touch", "hostname", "ps", "sleep", "mount", "kill"] {
            try symbolicLink("busybox", at: root.appending("bin/\(name)"))
        }
        try writeFile(root.appending("etc/passwd"), "root:x:0:0::/root:/bin/sh\nweb:x:33:44::/srv:/bin/sh\n")
        try writeFile(root.appending("etc/group"), "root:x:0:\nweb:x:44:\nlog:x:7:web\n")
        return root
    }
}
