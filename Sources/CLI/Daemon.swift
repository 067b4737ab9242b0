// Starts `slipwayd` when nobody listens at its place. Many clients may want it at once, so the first takes a lock, looks again, starts the
// daemon and waits for its socket; the others wait for the lock and find it running. The daemon gets a session of its own, no
// descriptor of ours, and a file for what it has to say; if it ends before it listens, the end of that file is the error. chapter 13

internal import Linux

enum Daemon {
    private static let directory: FilePath = "/run/slipway"
    private static let patienceMilliseconds = 15_000

    /// Makes sure that our engine listens at `socket`; prints nothing.
    static func ensure(listeningAt socket: String) throws(Failure) {
        if try isListening(socket) { return }
        guard effectiveUser() == 0 else {
            throw Failure("The Slipway daemon isn't running, and starting it needs root: try `sudo slipway …`, or point -H or DOCKER_HOST at an engine.")
        }
        do {
            try makeDirectories(directory, mode: 0o711)
            let lockFile = try open(directory.appending("start.lock"), [.readWrite, .create], mode: 0o600)
            try lockFile.borrow { (descriptor) throws(KernelError) in _ = try lock(descriptor, wait: true) }
            try start(socket)  // the lock goes with its descriptor, when this is over
        } catch let error as Failure {
            throw error
        } catch { throw Failure("slipway: start the daemon: \(error)") }
    }

    /// Whether a connection can be made.
    private static func isListening(_ socket: String) throws(Failure) -> Bool {
        do throws(KernelError) {
            _ = try connect(FilePath(socket), .stream)
            return true
        } catch {
            switch error.errno {
            case 2, 111: return false  // ENOENT, ECONNREFUSED: no socket, or nobody behind it
            case 13: throw Failure("permission denied while trying to connect to the Slipway daemon socket at unix://\(socket)")
            default: throw Failure("slipway: \(error)")
            }
        }
    }

    /// With the lock held: starts the daemon unless it runs by now, and waits until it listens.
    private static func start(_ socket: String) throws {
        if try isListening(socket) { return }
        let log = try open(directory.appending("slipwayd.log"), [.writeOnly, .create, .truncate], mode: 0o600)
        let program = try executable()
        let daemon = try log.borrow { descriptor in
            try spawn(Spawn(program, [program.string], environment: currentEnvironment(), descriptors: [(descriptor, 1), (descriptor, 2)]))
        }
        for _ in 0..<patienceMilliseconds / 2 {
            if try isListening(socket) { return }
            if let status = try daemon.descriptor.borrow({ descriptor in try wait(descriptor, noHang: true) }) { throw ended(status) }
            pause(milliseconds: 2)
        }
        throw Failure("slipway: start the daemon: it doesn't listen at \(socket) after \(patienceMilliseconds / 1000) seconds; see \(directory)/slipwayd.log")
    }

    /// What to say of a daemon that ended instead of listening: the last lines that it said itself.
    private static func ended(_ status: ExitStatus) -> Failure {
        let text = (try? readText(directory.appending("slipwayd.log"))) ?? ""  // without its log, the exit code is all that we know
        let lines = text.split(separator: "\n").suffix(5).joined(separator: "\n")
        return Failure("slipway: start the daemon: slipwayd ended with \(status.code)\(lines.isEmpty ? "" : ":\n" + lines)")
    }

    /// The daemon's file: beside this program, in `../libexec/slipway` from there, or on PATH.
    private static func executable() throws -> FilePath {
        let here = FilePath(try readLink("/proc/self/exe")).removingLastComponent()
        for candidate in [here.appending("slipwayd"), here.removingLastComponent().appending("libexec/slipway/slipwayd")] where exists(candidate) {
            return candidate
        }
        let path = currentEnvironment().first { $0.hasPrefix("PATH=") }?.dropFirst(5) ?? ""
        do {
            return try findCommand("slipwayd", searchPath: String(path))
        } catch { throw Failure("slipway: start the daemon: slipwayd is neither beside \(here)/slipway, nor in ../libexec/slipway, nor on PATH") }
    }
}
