// Top: the processes of a container as the host's ps(1) shows them. Its columns and its thousand options are its own, so it is asked, as Docker does:
// with the client's words as they are (no shell sees them) and the container's processes behind `-q`. Options that do not go with `-q` are asked
// without it; in both cases only lines of the container's are told. Chapter 12; moby, daemon/top_unix.go; man 1 ps.
import Cgroups
public import DockerAPI
import Linux
import Offload

extension ContainerEngine {
    /// Lists the processes of a container.
    /// - Parameter options: ps's, separated by blanks; `-ef` where there are none
    /// - Throws: `conflict` where it does not run; `invalid` for a column that hides the process's number; `failed` with ps's words.
    public func top(_ container: Container, options: String) async throws(EngineError) -> ProcessList {
        let words = options.split(whereSeparator: \.isWhitespace).map(String.init)
        let arguments = words.isEmpty ? ["-ef"] : words
        try checkColumns(arguments.joined(separator: " "))
        if container.isRestarting { throw EngineError.restarting(container.id) }
        guard container.isRunning else { throw EngineError.notRunning(container.id) }
        let group = cgroup(container), path = settings.environment["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        let list = try await asEngineError {
            try await offload {
                let processes = Set(try group.processes().map(\.rawValue))
                let text = try listing(arguments, of: processes, searchPath: path)
                return try processList(text, of: processes)
            }
        }
        publish("top", container)
        return list
    }
}

/// `-o pid=Process`: without the title PID nobody can tell whose line it is.
private func checkColumns(_ options: String) throws(EngineError) {
    var rest = options[...]
    while let equals = rest.firstIndex(of: "=") {
        let title = rest[rest.index(after: equals)...].drop(while: \.isWhitespace).prefix { !$0.isWhitespace }
        if title.hasPrefix("PID") {
            let column = rest[..<equals].split(whereSeparator: \.isWhitespace).last ?? ""
            throw EngineError(.invalid, "specifying \"\(column)=\(title)\" is not allowed")
        }
        rest = rest[rest.index(after: equals)...]
    }
}

/// What ps says; without `-q` where it does not like that.
private func listing(_ arguments: [String], of processes: Set<Int32>, searchPath: String) throws -> String {
    let program: FilePath
    do throws(CommandError) {
        program = try findCommand("ps", searchPath: searchPath)
    } catch {
        throw EngineError(.failed, "ps: \(error): the engine lists processes by the host's ps; install procps")
    }
    let numbers = "-q" + processes.sorted().map(String.init).joined(separator: ",")
    let first = try runListing(program, arguments + [numbers])
    if first.status == 0 { return first.output }
    let second = try runListing(program, arguments)
    guard second.status == 0 else {
        let reason = second.errors.split(separator: "\n").first.map(String.init) ?? "it ended with status \(second.status)"
        throw EngineError(.failed, reason)
    }
    return second.output
}

/// At most ten seconds, and all of its output at its end: the pipes are read by turns.
private func runListing(_ program: FilePath, _ arguments: [String]) throws(KernelError) -> (status: Int32, output: String, errors: String) {
    let output = try memoryFile("ps output"), errors = try memoryFile("ps errors")
    let (outputs, complaints) = (FileDescriptor(rawValue: output.number), FileDescriptor(rawValue: errors.number))
    let started = try spawn(Spawn(program, ["ps"] + arguments, environment: ["LC_ALL=C"], descriptors: [(outputs, 1), (complaints, 2)]))
    let status = try started.descriptor.borrow { (process) throws(KernelError) in
        let poll = try Poll()
        try poll.add(process, .readable, token: 0)
        if try poll.wait(milliseconds: 10_000).isEmpty { try send(.kill, to: process) }
        return try wait(process)
    }
    return (status?.code ?? -1, try text(of: outputs), try text(of: complaints))
}

private func text(of file: FileDescriptor) throws(KernelError) -> String {
    _ = try seek(file, to: 0)
    return String(decoding: try readAll(file), as: UTF8.self)
}

/// Takes ps's table apart. What is beyond the last title belongs to the last column: a command has blanks.
/// - Throws: `failed` for a table without a column PID, and for one whose numbers are none.
func processList(_ text: String, of processes: Set<Int32>) throws(EngineError) -> ProcessList {
    let lines = text.split(separator: "\n").map { $0.split(whereSeparator: \.isWhitespace).map(String.init) }
    guard let titles = lines.first, let column = titles.firstIndex(of: "PID") else { throw EngineError(.failed, "Couldn't find PID field in ps output") }
    var list = ProcessList(Titles: titles)
    var wasOurs = false
    for fields in lines.dropFirst() where fields.count > column {
        guard fields[column] != "-" else {  // a thread's line, of `ps -m`
            if wasOurs { list.Processes.append(row(fields, titles.count)) }
            continue
        }
        guard let process = Int32(fields[column]) else { throw EngineError(.failed, "Unexpected pid '\(fields[column])': it is no number") }
        wasOurs = processes.contains(process)
        if wasOurs { list.Processes.append(row(fields, titles.count)) }
    }
    return list
}

private func row(_ fields: [String], _ columns: Int) -> [String] {
    Array(fields.prefix(columns - 1)) + [fields.dropFirst(columns - 1).joined(separator: " ")]
}
