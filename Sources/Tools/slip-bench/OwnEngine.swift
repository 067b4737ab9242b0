// An engine for the time of a bench: daemons over roots of their own below one folder, and an image of a static busybox.
import Linux

/// A slipwayd of ours.
final class OwnEngine {
    /// For `-H`.
    let address: String
    private let slipway: FilePath
    private let daemon: Process

    init(_ folder: FilePath) throws {
        guard let slipway = find("slipway"), let slipwayd = find("slipwayd") else { throw BenchFailure(description: "slipway is not built: make build") }
        (self.slipway, address) = (slipway, "unix://\(folder)/slipway.sock")
        let flags = ["--data-root", "\(folder)/s-data", "--exec-root", "\(folder)/s-run", "-H", address, "--pidfile", "\(folder)/s-pid"]
        daemon = try Process(slipwayd, flags, socket: folder.appending("slipway.sock"))
        try makeArchive(folder)
        try time(Candidate(name: "import", command: command("import", "\(folder)/root.tar", "bench")))
    }

    /// The words of a command for this engine.
    func command(_ words: String...) -> [String] { ["\(slipway)", "-H", address] + words }

    func end() { daemon.end() }

    private func makeArchive(_ folder: FilePath) throws {
        guard exists("/bin/busybox") else { throw BenchFailure(description: "/bin/busybox is missing: install busybox-static") }
        try makeDirectories(folder.appending("root/bin"))
        for name in ["busybox", "true", "sh"] { try writeFile(folder.appending("root/bin").appending(name), try readFile("/bin/busybox"), mode: 0o755) }
        try time(Candidate(name: "tar", command: ["tar", "-C", "\(folder)/root", "-cf", "\(folder)/root.tar", "."]))
    }

    /// A daemon that listens on a socket, with its log beside it.
    struct Process {
        private let process: ProcessID

        init(_ program: FilePath, _ flags: [String], socket: FilePath) throws {
            let log = try open(socket.removingLastComponent().appending("daemons.log"), [.writeOnly, .create, .append], mode: 0o644)
            let environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"]
            process = try log.borrow { (file) throws(KernelError) in
                try spawn(Spawn(program, ["\(program)"] + flags, environment: environment, descriptors: [(file, 1), (file, 2)])).process
            }
            for _ in 0..<600 {
                if (try? connect(socket, .stream)) != nil { return }  // not listening yet is why we ask again
                pause(milliseconds: 50)
            }
            throw BenchFailure(description: "\(program) did not answer at \(socket) within 30 s")
        }

        func end() {
            try? send(.terminate, to: process)  // one that has gone already is what we want
            _ = try? wait(process)  // likewise
        }
    }
}
