// The runtime's memory between two commands: `create` ends, `start` comes minutes later, in another process. A directory per container holds
// `state.json`, written durably, and while the container is created but not started the gate, a FIFO. Making the directory is what decides which
// of two commands gets a name.
//
// What is stored is what can't be seen; whether the process runs is asked of the kernel each time. A process number comes back one day as somebody
// else's, so the time at which the process began is kept with it. man 5 proc_pid_stat. Chapter 06.

import Cgroups
import Explain
import FoundationEssentials
public import Linux
public import OCI

/// A container as the runtime remembers it.
public struct StoredContainer: Codable, Equatable, Sendable {
    /// The container's name for this runtime.
    public var id: String
    /// Absolute path of the bundle.
    public var bundle: String
    /// The first process, as the host counts it.
    public var pid: ProcessID
    /// When it began, in clock ticks since boot: with `pid` it names one process for ever.
    public var began: UInt64
    /// The cgroup's path in every hierarchy.
    public var cgroupPath: String
    /// RFC 3339 time of creation.
    public var created: String

    /// Notes down a container whose process has just been started.
    public init(id: String, bundle: FilePath, process: ProcessID, cgroupPath: String) {
        self.id = id
        self.bundle = "\(bundle)"
        pid = process
        began = beginning(of: process) ?? 0
        self.cgroupPath = cgroupPath
        created = timestamp(wallClock().seconds)
    }
}

/// Containers by name, below one directory.
public struct ContainerStore: Sendable {
    /// Where: a directory that survives the runtime but not the boot, such as /run/slipway-runtime.
    public let root: FilePath

    /// The containers below `root`.
    public init(root: FilePath) { self.root = root }

    /// Where compiled filters are kept; no container can have its name.
    public var filterCache: FilePath { root.appending(".filters") }

    /// Takes a name.
    /// - Throws: refused if the name is bad or taken.
    public func reserve(_ id: String) throws(RuntimeError) {
        let step = "take the name"
        guard isValid(id) else {
            throw RuntimeError(step: step, cause: .refused(what: "container id \"\(id)\"", why: "must be letters, digits and _ + - . only"))
        }
        do throws(KernelError) {
            try makeDirectories(root, mode: 0o711)
            try makeDirectory(directory(id), mode: 0o711)
        } catch {
            guard error.errno == 17 else { throw RuntimeError(step: step, cause: .kernel(error)) }  // EEXIST
            throw RuntimeError(step: step, cause: .refused(what: "container \(id)", why: "a container with this id exists already"))
        }
    }

    /// Makes the container's gate.
    public func makeGate(_ id: String) throws(RuntimeError) -> FilePath {
        try asked("make the gate") { () throws(KernelError) in try makeNode(gate(id), mode: 0o010600) }
        return gate(id)
    }

    /// Lets a created container's command begin.
    /// - Throws: refused if it is not waiting: running already, or ended.
    public func openGate(_ id: String) throws(RuntimeError) {
        let opened = directory(id).appending("opened.fifo")
        do throws(KernelError) {
            try rename(gate(id), to: opened)  // of two that start it, one gets it
            try open(opened, [.writeOnly, .nonBlocking]).borrow { (gate) throws(KernelError) in try Linux.write(gate, [0]) }
            try remove(opened)
        } catch {
            let isUnattended = error.errno == 2 || error.errno == 6  // ENOENT: no gate any more; ENXIO: nobody waits behind it
            guard isUnattended else { throw RuntimeError(step: "open the gate", cause: .kernel(error)) }
            throw RuntimeError(step: "open the gate", cause: .refused(what: "container \(id)", why: "is not waiting to be started"))
        }
    }

    /// Remembers a container, durably.
    public func write(_ container: StoredContainer) throws(RuntimeError) {
        let bytes: [UInt8]
        do { bytes = Array(try JSONEncoder().encode(container)) } catch {
            throw RuntimeError(step: "write the state", cause: .refused(what: "state.json", why: "\(error)"))
        }
        try asked("write the state") { () throws(KernelError) in try writeDurably(directory(container.id).appending("state.json"), bytes, mode: 0o600) }
    }

    /// What is remembered of a container.
    /// - Throws: refused in runc's words if there is none of this name.
    public func read(_ id: String) throws(RuntimeError) -> StoredContainer {
        guard isValid(id), exists(directory(id)) else {
            throw RuntimeError(step: "read the state", cause: .refused(what: "container \(id)", why: "container does not exist"))
        }
        return try readJSON(StoredContainer.self, from: directory(id).appending("state.json"), step: "read the state")
    }

    /// Names of all containers, in order.
    public func list() throws(RuntimeError) -> [String] {
        guard exists(root) else { return [] }
        return try asked("list the containers") { () throws(KernelError) in try entries(root) }.filter(isValid).sorted()
    }

    /// Gives a name back.
    public func forget(_ id: String) throws(RuntimeError) {
        try asked("forget the container") { () throws(KernelError) in try removeTree(directory(id)) }
    }

    /// Where a container's life stands, by the kernel's word.
    public func status(of container: StoredContainer) -> State.Status {
        guard isAlive(container) else { return .stopped }
        if let cgroup = try? cgroup(of: container), cgroup.isFrozen() { return .paused }  // hierarchies that cannot be read freeze nobody
        return exists(gate(container.id)) ? .created : .running
    }

    /// Whether the very process still runs.
    public func isAlive(_ container: StoredContainer) -> Bool { beginning(of: container.pid) == container.began }

    private func directory(_ id: String) -> FilePath { root.appending(id) }
    private func gate(_ id: String) -> FilePath { directory(id).appending("gate.fifo") }
}

private func isValid(_ id: String) -> Bool {
    !id.isEmpty && !id.hasPrefix(".") && id.utf8.count <= 255
        && id.utf8.allSatisfy { ($0 >= 48 && $0 <= 57) || ($0 >= 65 && $0 <= 90) || ($0 >= 97 && $0 <= 122) || "_+-.".utf8.contains($0) }
}

private func asked<Result>(_ step: String, _ body: () throws(KernelError) -> Result) throws(RuntimeError) -> Result {
    do throws(KernelError) { return try body() } catch { throw RuntimeError(step: step, cause: .kernel(error)) }
}

/// When a process began, in clock ticks since boot; nil if it has ended, reaped or not.
private func beginning(of process: ProcessID) -> UInt64? {
    guard let text = try? readText(FilePath("/proc/\(process)/stat")), let end = text.lastIndex(of: ")") else { return nil }  // no such process
    let fields = text[text.index(after: end)...].split(separator: " ")
    guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
    return UInt64(fields[19])
}

/// RFC 3339 in UTC, from seconds since 1970.
public func timestamp(_ seconds: Int64) -> String {
    let days = Int(seconds / 86_400), time = Int(seconds % 86_400)
    // The civil calendar from a count of days, with years that begin in March: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    let shifted = days + 719_468, era = shifted / 146_097, dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100), month = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * month + 2) / 5 + 1, calendarMonth = month < 10 ? month + 3 : month - 9
    let year = yearOfEra + era * 400 + (calendarMonth <= 2 ? 1 : 0)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(year)-\(two(calendarMonth))-\(two(day))T\(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60))Z"
}
