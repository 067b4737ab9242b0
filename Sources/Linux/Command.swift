// Becoming a command as a shell would: by a path, or by a name that is looked up in PATH. The errors are worded as Docker's, because its
// clients match on them, and carry the statuses that shells and Docker give: 126 for what is there but cannot be run, 127 for what is not.
// man 3 execvp, man 1 env (exit status). Chapter 01.
import Glibc

/// A command that cannot be run.
public enum CommandError: Error, Equatable, Sendable, CustomStringConvertible {
    /// No such file: a name that is nowhere in PATH, or a path that leads nowhere.
    case notFound(String, reason: String)
    /// A file that the kernel does not run, and why.
    case notExecutable(String, reason: String)

    /// 127 or 126.
    public var exitCode: Int32 {
        switch self {
        case .notFound: 127
        case .notExecutable: 126
        }
    }

    /// Such as `exec: "nosuch": executable file not found in $PATH`.
    public var description: String {
        switch self {
        case .notFound(let name, let reason), .notExecutable(let name, let reason): "exec: \"\(name)\": \(reason)"
        }
    }
}

/// Finds the file of a command, as seen from the present root and working directory.
/// - Parameters:
///   - name: with a slash it is a path and taken as it is
///   - searchPath: directories joined by colons, as in PATH
public func findCommand(_ name: String, searchPath: String) throws(CommandError) -> FilePath {
    if name.contains("/") {
        do throws(KernelError) {
            try checkExecutable(FilePath(name))
            return FilePath(name)
        } catch {
            if error.errno == ENOENT || error.errno == ENOTDIR { throw .notFound(name, reason: "stat \(name): \(error.reason.lowercased())") }
            throw .notExecutable(name, reason: error.reason.lowercased())
        }
    }
    for directory in searchPath.split(separator: ":") where !name.isEmpty {
        let path = FilePath(String(directory)).appending(name)
        do throws(KernelError) {
            try checkExecutable(path)
            return path
        } catch { continue }  // as every shell: look further
    }
    throw .notFound(name, reason: "executable file not found in $PATH")
}

/// Becomes the command: finds it by PATH of the environment, and executes it. Returns only by throwing.
/// - Parameter arguments: the command and its arguments, at least one
public func become(_ arguments: [String], environment: [String]) throws(CommandError) -> Never {
    let searchPath = environment.first { $0.hasPrefix("PATH=") }?.dropFirst(5) ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    let name = arguments.first ?? ""
    let file = try findCommand(name, searchPath: String(searchPath))
    do throws(KernelError) {
        try execute(file, arguments, environment)
    } catch {
        throw .notExecutable(name, reason: error.reason.lowercased())
    }
    exitNow(126)  // execve does not return without an error
}

/// This process's environment, `KEY=VALUE`.
public func currentEnvironment() -> [String] {
    var found: [String] = []
    var entry = unsafe environ
    while let text = unsafe entry.pointee {
        unsafe found.append(String(cString: text))
        unsafe entry += 1
    }
    return found
}

private func checkExecutable(_ path: FilePath) throws(KernelError) {
    if try status(path).kind == .directory { throw KernelError(call: "execve", subject: "\(path)", errno: EISDIR) }
    try checkAccess(path, .execute)
}

/// Runs the work of a command-line tool, and ends the process with the status that it returns.
///
/// A failure becomes one line on standard error: status 126 or 127 for a command that cannot be run, else 1.
/// - Parameter tool: the name to start the line with
public func finish(as tool: String, _ work: () throws -> Int32) -> Never {
    do {
        exit(try work())
    } catch {
        let kernel = error as? KernelError
        let forbidden = (kernel?.errno == EPERM || kernel?.errno == EACCES) && effectiveUser() != 0
        complain("\(tool): \(error)\(forbidden ? " (this needs root: try sudo)" : "")")
        exit((error as? CommandError)?.exitCode ?? 1)
    }
}

/// Writes a line to standard error.
public func complain(_ line: String) {
    _ = try? write(FileDescriptor(rawValue: 2), "\(line)\n")  // nowhere is left to complain about that
}
