// What a process in a container is to be, checked and translated before anything is cloned: a capability that nobody knows or a limit without a
// name is the asker's mistake, and must not be found out half-way. Chapter 06.

import Capabilities
import Explain
import Linux
import OCI
import Seccomp

/// A process to be started in a container: its first one, or a later one.
struct ProcessPlan: Sendable {
    let arguments: [String]
    let environment: [String]
    let workingDirectory: FilePath
    let user: OCI.User
    let userText: String?
    let additionalGroups: [String]
    let capabilities: CapabilitySets?
    let limits: [(number: CInt, limit: OCI.ResourceLimit)]
    let filter: Program?
    let noNewPrivileges: Bool
    let outOfMemoryScore: Int?
    let hasTerminal: Bool
    let consoleSize: ConsoleSize?

    /// Checks `process`.
    /// - Parameters:
    ///   - filter: the container's, compiled.
    ///   - userText: `name|uid[:group|gid]` to be looked up in the container's own files; nil or empty: the numbers in `process.user` hold.
    ///   - additionalGroups: names or numbers of supplementary groups, looked up likewise.
    /// - Throws: what is wrong, and in which key.
    init(_ process: OCI.Process, filter: Program?, userText: String?, additionalGroups: [String]) throws(StepError) {
        guard let arguments = process.args, let command = arguments.first else { throw .refused(what: "process.args", why: "no command is given") }
        guard !command.isEmpty else { throw .refused(what: "exec: \"\"", why: CommandProblem.notFound) }
        for text in arguments + (process.env ?? []) + [process.cwd] where text.utf8.contains(0) {
            throw .refused(what: "process", why: "a text holds a zero byte, which ends texts for the kernel")
        }
        guard process.cwd.hasPrefix("/") else { throw .refused(what: "process.cwd \"\(process.cwd)\"", why: "must be an absolute path") }
        self.arguments = arguments
        self.environment = process.env ?? []
        workingDirectory = FilePath(process.cwd)
        user = process.user
        self.userText = userText.flatMap { $0.isEmpty ? nil : $0 }
        self.additionalGroups = additionalGroups
        capabilities = try process.capabilities.map { (lists) throws(StepError) in try translate(lists) }
        limits = try translate(process.rlimits ?? [])
        self.filter = filter
        noNewPrivileges = process.noNewPrivileges ?? false
        outOfMemoryScore = process.oomScoreAdj
        hasTerminal = process.terminal ?? false
        consoleSize = process.consoleSize
        guard process.apparmorProfile?.isEmpty ?? true, process.selinuxLabel?.isEmpty ?? true else {
            throw .refused(what: "process.apparmorProfile and selinuxLabel", why: "not supported; Slipway sets no security labels yet")
        }
        if let score = process.oomScoreAdj, !(-1000...1000).contains(score) {
            throw .refused(what: "process.oomScoreAdj \(score)", why: "must lie between -1000 and 1000")
        }
    }
}

/// The five sets; a name that nobody knows is an error, never left out.
private func translate(_ lists: CapabilityLists) throws(StepError) -> CapabilitySets {
    func set(_ names: [String]?) throws(StepError) -> CapabilitySet {
        do throws(CapabilityError) { return try CapabilitySet(names: names ?? []) } catch { throw .refused(what: "process.capabilities", why: "\(error)") }
    }
    return CapabilitySets(
        bounding: try set(lists.bounding), effective: try set(lists.effective), permitted: try set(lists.permitted),
        inheritable: try set(lists.inheritable), ambient: try set(lists.ambient))
}

private func translate(_ limits: [OCI.ResourceLimit]) throws(StepError) -> [(number: CInt, limit: OCI.ResourceLimit)] {
    var result: [(CInt, OCI.ResourceLimit)] = []
    var seen: Set<String> = []
    for limit in limits {
        guard let number = resourceNumber(named: limit.type) else { throw .refused(what: "process.rlimits \(limit.type)", why: "no such resource") }
        guard seen.insert(limit.type).inserted else { throw .refused(what: "process.rlimits \(limit.type)", why: "given twice") }
        guard limit.soft <= limit.hard else { throw .refused(what: "process.rlimits \(limit.type)", why: "the soft limit exceeds the hard one") }
        result.append((number, limit))
    }
    return result
}
