// What this runtime can do, in the form in which the specification wants it told (`features`), and the spec that `slipway-runtime spec` writes.
//
// https://github.com/opencontainers/runtime-spec/blob/main/features.md · chapter 06

import Capabilities
public import OCI

/// What a runtime can do.
public struct RuntimeFeatures: Codable, Sendable {
    /// Oldest version of the specification that is understood.
    public var ociVersionMin: String
    /// Newest one.
    public var ociVersionMax: String
    /// Hooks that are called.
    public var hooks: [String]
    /// What only Linux has.
    public var linux: LinuxFeatures
    /// Whose modules are at work, by module.
    public var annotations: [String: String]

    /// Linux's part.
    public struct LinuxFeatures: Codable, Sendable {
        /// Kinds of namespace that can be made or joined.
        public var namespaces: [String]
        /// Capabilities that have a name here.
        public var capabilities: [String]
    }

    /// This runtime's.
    public static var ours: RuntimeFeatures {
        RuntimeFeatures(
            ociVersionMin: "1.0.0", ociVersionMax: Spec.version, hooks: ["prestart", "createRuntime", "poststart", "poststop"],
            linux: LinuxFeatures(namespaces: ["cgroup", "ipc", "mount", "network", "pid", "uts"], capabilities: CapabilitySet.known.names),
            annotations: Dictionary(uniqueKeysWithValues: moduleProvenance.map { ("io.slipway.module.\($0.key.lowercased())", $0.value) }))
    }
}

/// A spec to begin with: a shell in namespaces of its own, with Docker's capabilities and masks.
public var exampleSpec: Spec {
    let names = CapabilitySet.dockerDefault.names
    let process = Process(
        args: ["sh"], env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"], terminal: true,
        capabilities: CapabilityLists(bounding: names, effective: names, permitted: names),
        rlimits: [ResourceLimit(type: "RLIMIT_NOFILE", hard: 1024, soft: 1024)], noNewPrivileges: true)
    var linux = LinuxSettings(namespaces: ["pid", "network", "ipc", "uts", "mount", "cgroup"].map { Namespace(type: $0) })
    linux.maskedPaths = [
        "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
        "/sys/firmware", "/proc/scsi"
    ]
    linux.readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
    return Spec(process: process, root: Root(path: "rootfs", readonly: true), hostname: "slipway", mounts: exampleMounts, linux: linux)
}

private let exampleMounts = [
    Mount(destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"]),
    Mount(destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "strictatime", "mode=755", "size=65536k"]),
    Mount(destination: "/dev/pts", type: "devpts", source: "devpts", options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
    Mount(destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
    Mount(destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"]),
    Mount(destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"]),
    Mount(destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["nosuid", "noexec", "nodev", "relatime", "ro"])
]
