// Mounting, and overlayfs.
import Linux

func fileSystems() -> [Finding] {
    let known = text("/proc/filesystems")?.split(separator: "\n").compactMap { $0.split(separator: "\t").last } ?? []
    let flags: NamespaceFlags = effectiveUser() == 0 ? .mount : [.user, .mount]
    let refusal = trouble(in: flags) { () throws(KernelError) in
        try mount(nil, onto: "/", [.private, .recursive])
        try mount("tmpfs", onto: "/proc", type: "tmpfs")
    }
    return [
        Finding("mounting", refusal == nil, "works, in a mount namespace of its own", else: effectiveUser() == 0 ? .bad : .poor, refusal ?? ""),
        Finding("overlayfs", known.contains("overlay"), "is there", else: .bad, "the kernel does not list it: modprobe overlay"),
        Finding("overlay's layers", Features.current.overlayLowerByOne, "one by one, as many as we like", "in one line of 4,096 bytes, as on older kernels")
    ]
}
