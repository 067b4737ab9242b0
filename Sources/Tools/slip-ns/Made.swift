// New namespaces: a clone with the flags of the kinds, and what the child has to put in order in there before it becomes the command. The
// child waits at a pipe until its id maps are written: that can only be done from outside, and before it nobody in there is root.
import Linux
import Mounts
import Namespaces
import Rootfs

extension Run {
    func runInNew() throws -> Int32 {
        let plan = try NamespacePlan(create: wanted)
        let gate = try Pipe()
        try holdSignals(sharesTerminal: true)
        switch try clone(plan.flags) {
        case .child: return try becomeChild(plan, behind: gate)
        case .parent(let child, _):
            do {
                if plan.isolates(.user) { try writeMaps(of: child) }
            } catch {
                try send(.kill, to: child)  // it would wait for ever
                throw error
            }
            try gate.writing.borrow { (writing) throws in try write(writing, [1]) }
            return try supervise(child).code
        }
    }

    /// The child's life; what it throws ends it in `run`, as it would the parent.
    private func becomeChild(_ plan: NamespacePlan, behind gate: borrowing Pipe) throws -> Int32 {
        try resetSignals()
        _ = try gate.reading.borrow { (reading) throws in try read(reading, upTo: 1) }
        try arrange(plan)
        guard asInit else { becomeCommand() }
        return try runInit { becomeCommand() }.code
    }

    /// In the child, inside the new namespaces.
    private func arrange(_ plan: NamespacePlan) throws {
        if plan.isolates(.user) {  // root of the new namespace, not whoever we were
            try setGroup(0)
            try setUser(0)
        }
        if let hostname { try setHostname(hostname) }
        if plan.isolates(.network) { try bringUpLoopback() }
        guard plan.isolates(.mount) else { return }
        try setPropagation("/", .slave)
        if let root {
            try enterRoot(FilePath(root))
        } else if plan.isolates(.pid) {  // or `ps` shows the processes of the old namespace
            try attach("proc", onto: "/proc", type: "proc", .parse(["nosuid", "noexec", "nodev"]))
        }
    }

    private func enterRoot(_ root: FilePath) throws {
        try bind(root, onto: root, .parse(["rbind"]))
        try open(root, [.path, .directory]).borrow { (top) throws in
            try mountBasics { (path) throws(KernelError) in try ensureDirectory(beneath: top, path) }
        }
        try pivot(to: root)
    }

    /// In the parent. Without root one may map oneself alone, and must give up setgroups for it.
    private func writeMaps(of child: ProcessID) throws {
        let isRoot = effectiveUser() == 0
        let users = mapUsers.isEmpty ? [IDMap(inside: 0, outside: effectiveUser(), count: 1)] : mapUsers
        let groups = mapGroups.isEmpty ? [IDMap(inside: 0, outside: effectiveGroup(), count: 1)] : mapGroups
        try Namespaces.writeMaps(users: users, groups: groups, of: child, denySetgroups: !isRoot)
    }
}
