// Runs a program as a person at a terminal would, and keeps what it said. Output goes through files, so that no full pipe can hang a test;
// every command has a deadline, and one that misses it is killed and reported with what it had said until then.
import Foundation
import Glibc

/// What a finished command left.
struct Outcome: CustomStringConvertible {
    let status: Int32, bytes: Data, errors: String

    var output: String { String(decoding: bytes, as: UTF8.self) }
    /// Standard output without the newline at its end.
    var line: String { output.trimmingCharacters(in: .newlines) }
    var lines: [String] { output.split(separator: "\n").map(String.init) }
    var description: String { "status \(status)\n--- stdout\n\(output.prefix(2000))\n--- stderr\n\(errors.prefix(2000))" }
}

/// A command under way.
final class Running: @unchecked Sendable {
    let process = Process()
    private let folder: URL
    private let seconds: Double
    private let name: String

    init(_ words: [String], input: Data?, environment: [String: String], seconds: Double) throws {
        (self.seconds, name) = (seconds, words.joined(separator: " "))
        folder = FileManager.default.temporaryDirectory.appending(path: "command-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for file in ["in", "out", "err"] {
            _ = FileManager.default.createFile(atPath: folder.appending(path: file).path, contents: file == "in" ? input ?? Data() : Data())
        }
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = try FileHandle(forReadingFrom: folder.appending(path: "in"))
        process.standardOutput = try FileHandle(forWritingTo: folder.appending(path: "out"))
        process.standardError = try FileHandle(forWritingTo: folder.appending(path: "err"))
        try process.run()
    }

    var pid: Int32 { process.processIdentifier }
    var outputSoFar: String { (try? String(contentsOf: folder.appending(path: "out"), encoding: .utf8)) ?? "" }

    /// Waits for the end. A command that takes too long is killed; its status is then -1.
    func wait() -> Outcome {
        let end = Date().addingTimeInterval(seconds)
        while process.isRunning && Date() < end { usleep(2000) }
        let late = process.isRunning
        if late { kill(pid, SIGKILL) }
        process.waitUntilExit()
        defer { try? FileManager.default.removeItem(at: folder) }
        let bytes = (try? Data(contentsOf: folder.appending(path: "out"))) ?? Data()
        let errors = (try? Data(contentsOf: folder.appending(path: "err"))) ?? Data()
        return Outcome(
            status: late ? -1 : process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus,
            bytes: bytes, errors: String(decoding: errors, as: UTF8.self) + (late ? "\n\(name): killed, it took longer than \(seconds) s" : ""))
    }
}

/// Starts a command and goes on.
func begin(_ words: [String], input: Data? = nil, environment: [String: String] = [:], seconds: Double = 60) throws -> Running {
    try Running(words, input: input, environment: environment, seconds: seconds)
}

/// Runs a command to its end.
@discardableResult
func run(_ words: [String], input: Data? = nil, environment: [String: String] = [:], seconds: Double = 60) throws -> Outcome {
    try begin(words, input: input, environment: environment, seconds: seconds).wait()
}

/// Waits until `condition` holds, at most `seconds`; says whether it did.
func eventually(within seconds: Double = 10, _ condition: () throws -> Bool) rethrows -> Bool {
    let end = Date().addingTimeInterval(seconds)
    repeat {
        if try condition() { return true }
        usleep(20_000)
    } while Date() < end
    return false
}
