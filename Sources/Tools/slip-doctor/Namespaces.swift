// Namespaces: which kinds the kernel has, and whether we may make them. What distributions forbid is asked by name.
import Linux
import Namespaces

func namespaces() -> [Finding] {
    let absent = Namespace.allCases.filter { !exists($0.path(of: currentProcess())) }
    let privileged = cloneFlags(for: [.mount, .uts, .ipc, .pid, .network, .cgroup])
    let refusal = trouble(in: privileged)
    let isRoot = effectiveUser() == 0
    let name = absent.map(\.rawValue).joined(separator: ", ")
    return [
        Finding("kinds of namespace", absent.isEmpty, "all \(Namespace.allCases.count)", else: absent == [.time] ? .poor : .bad, "the kernel lacks \(name)"),
        Finding(
            "making namespaces", refusal == nil, "works", else: isRoot ? .bad : .poor,
            "\(refusal ?? ""): \(isRoot ? "an outer container forbids it" : "needs root, or a user namespace around them")"),
        userNamespaces()
    ]
}

/// Ubuntu and Debian have switches of their own against user namespaces; a limit of 0 is everybody's.
private func userNamespaces() -> Finding {
    let name = "user namespaces"
    guard let refusal = trouble(in: .user) else {
        let restricted = text("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1"
        return Finding(name, !restricted || effectiveUser() != 0, "work", "for root only: Ubuntu restricts them (kernel.apparmor_restrict_unprivileged_userns)")
    }
    if text("/proc/sys/kernel/unprivileged_userns_clone") == "0" {
        return Finding(name, .poor, "\(refusal): sysctl kernel.unprivileged_userns_clone=1 allows them")
    }
    if text("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1" {
        return Finding(name, .poor, "\(refusal): sysctl kernel.apparmor_restrict_unprivileged_userns=0 allows them")
    }
    if text("/proc/sys/user/max_user_namespaces") == "0" { return Finding(name, .poor, "\(refusal): sysctl user.max_user_namespaces is 0") }
    return Finding(name, .poor, "\(refusal): an outer container forbids them, most likely")
}
