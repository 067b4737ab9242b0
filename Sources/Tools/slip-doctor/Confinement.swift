// Seccomp, Landlock and AppArmor.
import Linux

func confinement() -> [Finding] {
    let seccomp = text("/proc/sys/kernel/seccomp/actions_avail") ?? ""
    let landlock = Features.current.landlock
    let armor = text("/sys/module/apparmor/parameters/enabled") == "Y"
    return [
        Finding(
            "seccomp", seccomp.contains("errno"), "with \(seccomp.split(separator: " ").count) actions", else: .bad,
            "no filters: the kernel lacks CONFIG_SECCOMP_FILTER"),
        Finding("Landlock", landlock > 0, "version \(landlock)", "off, or before Linux 5.13; helpers that unpack images go without that wall"),
        Finding("AppArmor", armor, "on", "off: containers go without its profile, as on machines with SELinux or none")
    ]
}
