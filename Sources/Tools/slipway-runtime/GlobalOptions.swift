// What stands before the subcommand, and how failures are told: to people on standard error, to Docker and Podman as JSON lines in the file that
// they name with --log.
import ArgumentParser
import Linux
import OCI
import Runtime

/// The version, in runc's form: the first line is the name, `spec:` is what Docker looks for.
let versionText = "slipway-runtime version 0.1.0\nspec: \(Spec.version)"

enum LogFormat: String, ExpressibleByArgument { case text, json }

struct GlobalOptions: ParsableArguments {
    @Option(help: "Directory in which containers are remembered.") var root = "/run/slipway-runtime"
    @Option(help: "File for error messages, besides standard error.") var log: String?
    @Option(help: "How they are written there: text or json.") var logFormat = LogFormat.text
    @Flag(help: "Accepted; there is nothing more to tell.") var debug = false
    @Flag(help: "Not supported: cgroups are made in the file system, not by systemd.") var systemdCgroup = false

    var store: ContainerStore { ContainerStore(root: absolute(root)) }

    /// Runs a subcommand; a failure is told where it is wanted, and ends the program with 1, as runc does.
    func report(_ body: () throws -> Void) throws {
        do {
            guard !systemdCgroup else { throw ValidationError("--systemd-cgroup: cgroups are made in the file system, not by systemd") }
            try body()
        } catch let error as ExitCode {
            throw error
        } catch {
            tell("\(error)")
            throw ExitCode(1)
        }
    }

    private func tell(_ message: String) {
        try? write(.standardError, "slipway-runtime: \(message)\n")  // nobody may be listening
        guard let log else { return }
        let line = logFormat == .json ? "{\"level\":\"error\",\"msg\":\(quoted(message)),\"time\":\"\(timestamp(wallClock().seconds))\"}\n" : "\(message)\n"
        try? open(absolute(log), [.writeOnly, .create, .append], mode: 0o644).borrow { try write($0, line) }  // standard error has it as well
    }
}

/// `path` from the root on, which it must be before anything changes the directory.
func absolute(_ path: String) -> FilePath {
    let path = FilePath(path)
    guard path.isRelative, let here = try? readLink("/proc/self/cwd") else { return path }  // without /proc nothing works, and says so
    return FilePath(here).pushing(path).lexicallyNormalized()
}

private func quoted(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar -> String in
        switch scalar {
        case "\"", "\\": "\\\(scalar)"
        case _ where scalar.value < 0x20: " "
        default: "\(scalar)"
        }
    }
    return "\"" + escaped.joined() + "\""
}
