// Starting a program of the machine (swift, git, the sandbox) and reading what it says. man 3 posix_spawn.
public import Linux

/// How a program ended, and what it said.
public struct Outcome: Sendable {
    /// Its exit status, 128 + the signal where it was killed.
    public let code: Int32
    /// Standard output and standard error, in the order in which they were written; empty where they were shown instead.
    public let output: String
}

/// Runs a program and waits for it.
/// - Parameters:
///   - words: its name, looked up in PATH, and its arguments
///   - settings: `KEY=VALUE` that are put into its environment
///   - shown: its output goes where ours goes, instead of into the outcome
@discardableResult
public func run(_ words: [String], in folder: String, with settings: [String] = [], shown: Bool = false) throws(KernelError) -> Outcome {
    let pipe = try Pipe()
    let output = pipe.writing.borrow { shown ? FileDescriptor(rawValue: 1) : $0 }
    let errors = shown ? FileDescriptor(rawValue: 2) : output
    let process = try spawn(
        Spawn(
            "/usr/bin/env", ["env"] + settings + words, environment: currentEnvironment(), descriptors: [(ours: output, number: 1), (ours: errors, number: 2)],
            workingDirectory: FilePath(folder))
    ).process
    let reading = pipe.takeReading()
    let bytes = try reading.borrow { (descriptor) throws(KernelError) in shown ? [] : try readAll(descriptor) }
    let status = try wait(process)
    return Outcome(code: status?.code ?? 255, output: String(decoding: bytes, as: UTF8.self))
}
