// ps: the processes of a container. As a table it is the output of the host's ps(1), which may be given options, less the lines of others.
import ArgumentParser
import Linux
import Runtime

struct Ps: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the processes of a container.")

    enum Format: String, ExpressibleByArgument { case table, json }

    @ParentCommand var tool: Tool
    @Option(name: .shortAndLong, help: "table or json.") var format = Format.table
    @Argument(help: "The container's name.") var id: String
    @Argument(parsing: .captureForPassthrough, help: "Options of ps, -ef unless given.") var options: [String] = []

    func run() throws {
        try tool.global.report {
            let store = tool.global.store
            let processes = try store.processes(of: store.read(id))
            guard format == .table else {
                return try write(.standardOutput, "[" + processes.map { "\($0)" }.joined(separator: ",") + "]\n")
            }
            try write(.standardOutput, try lines(of: Set(processes.map { "\($0)" })))
        }
    }

    private func lines(of processes: Set<String>) throws -> String {
        let lines = try listing().split(separator: "\n")
        guard let title = lines.first, let column = title.split(separator: " ").firstIndex(of: "PID") else {
            throw ValidationError("Couldn't find PID field in ps output")
        }
        let ours = lines.dropFirst().filter { line in
            let words = line.split(separator: " ")
            return words.count > column && processes.contains(String(words[column]))
        }
        return ([title] + ours).map { $0 + "\n" }.joined()
    }

    /// Runs ps.
    private func listing() throws -> String {
        let words = options.first == "--" ? Array(options.dropFirst()) : options
        let program = try findCommand("ps", searchPath: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        let pipe = try Pipe(), output = FileDescriptor(rawValue: pipe.writing.number)
        let started = try spawn(
            Spawn(program, ["ps"] + (words.isEmpty ? ["-ef"] : words), environment: currentEnvironment(), descriptors: [(output, 1), (.standardError, 2)]))
        let bytes = try pipe.takeReading().borrow { (end) throws(KernelError) in try readAll(end) }
        let status = try wait(started.process)
        guard status?.code == 0 else { throw ValidationError("ps: it ended with status \(status?.code ?? -1)") }
        return String(decoding: bytes, as: UTF8.self)
    }
}
