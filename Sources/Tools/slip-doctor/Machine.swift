// The kernel, what the machine is, and who we are on it.
import Linux

func machine() -> [Finding] {
    let (release, machine, _) = systemName()
    let numbers = release.split(whereSeparator: { !$0.isNumber }).prefix(2).compactMap { Int($0) }
    let isNewEnough = numbers.count == 2 && (numbers[0], numbers[1]) >= (5, 15)
    var findings = [
        Finding("kernel", isNewEnough, "\(release) \(machine)", else: .bad, "\(release): at least 5.15 is needed"),
        Finding("clone3", Features.current.clone3, "is there", else: .bad, "is hidden from us: a seccomp filter of an outer container, most likely"),
        Finding(
            "virtual machine", canAccess("/dev/kvm", [.read, .write]), "KVM can be used", "no /dev/kvm for us: what needs another kernel cannot be tried here")
    ]
    if release.lowercased().contains("microsoft") {
        findings.append(Finding("WSL2", .poor, "this is Windows' kernel: cgroups and AppArmor differ from a usual machine's"))
    }
    if exists("/.dockerenv") || exists("/run/.containerenv") {
        findings.append(Finding("container", .poor, "we seem to be in one: if it is not privileged, mounting and cgroups are refused"))
    }
    return findings
}

func privileges() -> [Finding] {
    let isRoot = effectiveUser() == 0
    let held = text("/proc/self/status")?.split(separator: "\n").first { $0.hasPrefix("CapEff:") }.flatMap { UInt64($0.dropFirst(7).trimmed, radix: 16) } ?? 0
    let wanted = [(12, "NET_ADMIN"), (18, "SYS_CHROOT"), (21, "SYS_ADMIN"), (23, "SYS_NICE"), (24, "SYS_RESOURCE"), (27, "MKNOD")]
    let missing = wanted.filter { held >> UInt64($0.0) & 1 == 0 }.map { "CAP_\($0.1)" }
    return [
        Finding("root", isRoot, "yes", "we are user \(effectiveUser()): sudo slip-doctor says what root could do"),
        Finding(
            "capabilities", !isRoot || missing.isEmpty, isRoot ? "all that we use" : "none, as is right without root",
            "root without \(missing.joined(separator: ", "))")
    ]
}

extension Substring {
    var trimmed: Substring { drop(while: \.isWhitespace) }
}
