// A folder of its own for a test: a configuration, and helper programs that are shell scripts. Chapter 08.
import Credentials
import Linux
import Testing

/// A temporary folder with a configuration in it.
final class Place {
    let folder = FilePath("/tmp/slipway-credentials-test-\(UInt32.random(in: 0 ... .max))")
    var file: FilePath { folder.appending("config.json") }
    /// Helpers are found in the folder, and the shell's commands behind it.
    var environment: [String: String] { ["DOCKER_CONFIG": folder.string, "PATH": "\(folder):/usr/bin:/bin", "FOLDER": folder.string] }

    init(_ text: String? = nil) throws {
        try makeDirectories(folder, mode: 0o700)
        if let text { try writeFile(file, text, mode: 0o600) }
    }

    deinit { try? removeTree(folder) }  // what stays is a temporary folder

    func config() throws -> ConfigFile { try ConfigFile.standard(environment: environment) }

    /// Makes `docker-credential-NAME`.
    func helper(_ name: String, _ script: String) throws {
        try writeFile(folder.appending("docker-credential-\(name)"), "#!/bin/sh\n\(script)\n", mode: 0o755)
    }

    func text(_ name: String) throws -> String { try readText(folder.appending(name)) }
}
