// The checks behind `Plan`, a function per key of the spec. Each either translates or refuses, naming the key; none touches the host. What we
// don't support is refused too: a container that silently lacks a wall is worse than none. Chapter 06.

import Cgroups
import Explain
import Linux
import Mounts
import Namespaces
import OCI

/// Refuses what the specification knows and we don't.
func checkSupported(_ spec: Spec) throws(StepError) {
    guard spec.ociVersion.hasPrefix("1.") else { throw .refused(what: "ociVersion \(spec.ociVersion)", why: "only 1.x is understood") }
    guard let root = spec.root, !root.path.isEmpty else { throw .refused(what: "root.path", why: "is missing") }
    guard spec.hooks?.createContainer?.isEmpty ?? true, spec.hooks?.startContainer?.isEmpty ?? true else {
        throw .refused(what: "hooks", why: "createContainer and startContainer are not supported")
    }
    for path in (spec.linux?.maskedPaths ?? []) + (spec.linux?.readonlyPaths ?? []) where !path.hasPrefix("/") {
        throw .refused(what: "linux.maskedPaths and readonlyPaths: \(path)", why: "must be absolute")
    }
    let uts = spec.linux?.namespaces?.contains { $0.type == "uts" } ?? false
    guard uts || ((spec.hostname ?? "").isEmpty && (spec.domainname ?? "").isEmpty) else {
        throw .refused(what: "hostname", why: "without a uts namespace it would rename the host")
    }
    guard (spec.hostname ?? "").utf8.count <= 64, (spec.domainname ?? "").utf8.count <= 64 else {
        throw .refused(what: "hostname", why: "the kernel takes at most 64 bytes")
    }
}

/// The container's first process.
func planProcess(_ spec: Spec, filterCache: FilePath?) throws(StepError) -> ProcessPlan {
    guard let process = spec.process else { throw .refused(what: "process", why: "is missing") }
    let groups = (spec.annotations?[Annotation.additionalGroups] ?? "").split(separator: ",").map(String.init)
    let filter = try compile(spec.linux?.seccomp, cache: filterCache)
    return try ProcessPlan(process, filter: filter, userText: spec.annotations?[Annotation.user], additionalGroups: groups)
}

/// Which namespaces to make and which to join. Without one of mounts of its own the pivot would be the host's.
func planNamespaces(_ linux: LinuxSettings) throws(StepError) -> NamespacePlan {
    var create: [Namespaces.Namespace] = [], join: [JoinTarget] = []
    for namespace in linux.namespaces ?? [] {
        guard let kind = Namespaces.Namespace(name: namespace.type) else { throw .refused(what: "linux.namespaces \(namespace.type)", why: "unknown") }
        guard kind != .user, kind != .time else { throw .refused(what: "linux.namespaces \(namespace.type)", why: "not supported by this runtime yet") }
        if let path = namespace.path, !path.isEmpty { join.append(JoinTarget(kind, at: FilePath(path))) } else { create.append(kind) }
    }
    let plan: NamespacePlan
    do throws(NamespacesError) { plan = try NamespacePlan(create: create, join: join) } catch { throw .refused(what: "linux.namespaces", why: "\(error)") }
    guard plan.create.contains(.mount) else {
        throw .refused(what: "linux.namespaces", why: "a new mount namespace is needed, or the host would lose its root")
    }
    return plan
}

/// Nodes besides the default ones, which the caller of `linux.devices` may name again.
func planDevices(_ devices: [OCI.Device]) throws(StepError) -> [DeviceNode] {
    var nodes = DeviceNode.defaults
    for device in devices {
        let kinds: [String: UInt32] = ["c": 0o020000, "u": 0o020000, "b": 0o060000, "p": 0o010000]
        guard let kind = kinds[device.type] else { throw .refused(what: "linux.devices \(device.path)", why: "unknown type \(device.type)") }
        guard device.path.hasPrefix("/"), let major = UInt32(exactly: device.major ?? 0), let minor = UInt32(exactly: device.minor ?? 0) else {
            throw .refused(what: "linux.devices \(device.path)", why: "needs an absolute path, and numbers that are none below zero")
        }
        nodes.removeAll { $0.path == FilePath(device.path) }
        nodes.append(
            DeviceNode(
                FilePath(device.path), major, minor, mode: kind | ((device.fileMode ?? 0o666) & 0o7777), user: device.uid ?? 0, group: device.gid ?? 0))
    }
    return nodes
}

/// Kernel parameters: only those that a namespace of the container's owns, for all others are the whole machine's.
func planSysctls(_ settings: [String: String], _ namespaces: NamespacePlan) throws(StepError) -> [(path: FilePath, name: String, value: String)] {
    var result: [(FilePath, String, String)] = []
    for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
        guard let owner = owner(ofSysctl: name) else { throw .refused(what: "linux.sysctl \(name)", why: "belongs to the whole machine") }
        guard namespaces.isolates(owner) else {
            throw .refused(what: "linux.sysctl \(name)", why: "needs a \(owner.rawValue) namespace of the container's own")
        }
        let path = name.contains("/") ? name : String(name.map { $0 == "." ? "/" : $0 })
        guard !path.split(separator: "/").contains("..") else { throw .refused(what: "linux.sysctl \(name)", why: "is no name") }
        result.append((FilePath("/proc/sys").appending(path), name, value))
    }
    return result
}

private func owner(ofSysctl name: String) -> Namespaces.Namespace? {
    let dotted = String(name.map { $0 == "/" ? "." : $0 })
    let ipc: Set = [
        "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"
    ]
    if dotted.hasPrefix("net.") { return .network }
    if ipc.contains(dotted) || dotted.hasPrefix("fs.mqueue.") { return .ipc }
    return dotted == "kernel.domainname" || dotted == "kernel.hostname" ? .uts : nil
}

/// The cgroup's path: what the spec says, below the top of each hierarchy; `/slipway/ID` if it says nothing.
func planCgroupPath(_ path: String?, _ identifier: String) throws(StepError) -> String {
    guard let path, !path.isEmpty else { return "/slipway/\(identifier)" }
    guard !path.contains(":") else { throw .refused(what: "linux.cgroupsPath \(path)", why: "is systemd's form; only paths are supported") }
    let parts = path.split(separator: "/")
    guard !parts.isEmpty, !parts.contains(".."), !parts.contains(".") else { throw .refused(what: "linux.cgroupsPath \(path)", why: "is no path of a group") }
    return "/" + parts.joined(separator: "/")
}

extension Limits {
    /// The specification's limits: 0 means that nothing was said (but for pids, where 0 or less means no limit).
    init(_ resources: OCI.Resources?) {
        func said<Number: BinaryInteger>(_ value: Number?) -> Number? { value == 0 ? nil : value }
        let (memory, cpu) = (resources?.memory, resources?.cpu)
        self.init(
            memoryBytes: said(memory?.limit), memorySwapBytes: said(memory?.swap), memoryReservationBytes: said(memory?.reservation),
            cpuShares: said(cpu?.shares), quotaMicroseconds: said(cpu?.quota), periodMicroseconds: said(cpu?.period),
            cpus: cpu?.cpus.flatMap { $0.isEmpty ? nil : $0 }, mems: cpu?.mems.flatMap { $0.isEmpty ? nil : $0 },
            pids: resources?.pids.map { $0.limit > 0 ? $0.limit : unlimited })
    }
}

extension Cgroups.DeviceRule {
    /// The specification's rule; a kind that is not given means all.
    init(_ rule: OCI.DeviceRule) {
        self.init(
            allow: rule.allow, Kind(rawValue: rule.type ?? "a") ?? .all, major: rule.major, minor: rule.minor,
            access: rule.access.flatMap { $0.isEmpty ? nil : $0 } ?? "rwm")
    }
}
