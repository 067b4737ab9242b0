// The world from outside: slip-ns is run with the module under test, and what came of it is read from /proc, which does not care what a
// program says about itself. Nothing here calls the learner's module.
import Glibc
import Linux

/// A program that a check has started; it is ended, with all that descends from it, when the check is done.
final class Running {
    let process: ProcessID
    private var status: ExitStatus?

    /// Starts a program of this machine, found by PATH, with our output.
    init(_ arguments: [String]) throws {
        let descriptors = [CInt(1), 2].map { (ours: FileDescriptor(rawValue: $0), number: $0) }
        process = try spawn(Spawn("/usr/bin/env", ["env"] + arguments, environment: currentEnvironment(), descriptors: descriptors)).process
    }

    deinit {
        let family = Running.family(of: process)
        for member in family { kill(member.rawValue, SIGKILL) }
        if status == nil { _ = try? wait(process) }  // whoever is gone already was waited for
    }

    /// Waits until it, or a descendant, runs `command`.
    /// - Throws: the sign `ended` where the program ends before that, with its status.
    func becomes(_ command: String) throws -> ProcessID {
        for _ in 0..<600 {
            if let found = Running.family(of: process).first(where: { Running.field("comm", of: $0) == command }) { return found }
            if let status = try wait(process, noHang: true) {
                self.status = status
                if status.code == 69 { exit(69) }  // it met an exercise that is not written yet, and has said so
                throw Sign("ended", "\(status.code)")
            }
            pause(milliseconds: 10)
        }
        throw Sign("ended", "running, but not yet \(command), after 6 s")
    }

    /// A process and its descendants, as /proc tells.
    private static func family(of process: ProcessID) -> [ProcessID] {
        let names = (try? entries("/proc")) ?? []  // without /proc nothing is found, and the check says so
        let parents = names.compactMap { Int32($0) }.map { (ProcessID($0), parent(of: ProcessID($0))) }
        var family = [process]
        while let next = parents.first(where: { family.contains($0.1) && !family.contains($0.0) }) { family.append(next.0) }
        return family
    }

    private static func parent(of process: ProcessID) -> ProcessID {
        let words = field("stat", of: process).split(separator: ")").last?.split(separator: " ") ?? []
        return ProcessID(words.count > 1 ? Int32(words[1]) ?? 0 : 0)
    }

    private static func field(_ file: String, of process: ProcessID) -> String {
        ((try? readText(FilePath("/proc/\(process)/\(file)"))) ?? "").filter { $0 != "\n" }  // it may have ended while we looked
    }
}

/// The inode behind /proc/PID/ns/NAME, as text such as `uts:[4026531838]`.
func space(_ name: String, of process: ProcessID) throws -> String {
    try readLink(FilePath("/proc/\(process)/ns/\(name)"))
}

/// The slip-ns that was built beside this test program.
func slipNs() throws -> String {
    let own = try readLink("/proc/self/exe")
    return own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/slip-ns"
}
