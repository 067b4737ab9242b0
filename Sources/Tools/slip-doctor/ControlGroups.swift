// Cgroups: the layout, controller by controller, and whether we may make groups.
import Cgroups
import Linux

func controlGroups() -> [Finding] {
    guard let hierarchies = try? Hierarchies.discover(), hierarchies.layout != .none else {  // without /proc nothing can be said
        return [Finding("cgroups", .bad, "none are mounted: mount -t cgroup2 cgroup2 /sys/fs/cgroup")]
    }
    var findings = [Finding("cgroup layout", .good, hierarchies.layout.rawValue)]
    for controller in Controller.all.map(\.name) + ["devices", "cpuacct"]
    where controller.hasSuffix("s") || hierarchies.layout != .v2 || hierarchies.has(controller) {
        findings.append(finding(controller, hierarchies.tree(of: controller), hierarchies.layout))
    }
    let kills = hierarchies.unified.map { canAccess($0.mountPoint.appending("cgroup.procs"), .write) } ?? false
    findings.append(Finding("killing a group at once", kills, "by cgroup.kill", "no v2 tree that is ours: one process after the other"))
    let limits = hierarchies.unified.map { $0.controllers.contains("memory") } ?? false
    findings.append(Finding("limits by cgroup v2", limits, "here", "the controllers are v1's on this machine"))
    return findings
}

private func finding(_ controller: String, _ tree: Hierarchy?, _ layout: Hierarchies.Layout) -> Finding {
    guard let tree else {
        let reason =
            controller == "devices" && layout == .v2
            ? "cgroup v2 has BPF in its place, which Slipway has not yet" : "no such controller: limits of this kind cannot be kept"
        return Finding("  \(controller)", .poor, reason)
    }
    let place = "\(tree.version) at \(tree.mountPoint)"
    return Finding("  \(controller)", tree.isWritable, place, "\(place), but not ours to write\(effectiveUser() == 0 ? "" : ": needs root, or delegation")")
}
