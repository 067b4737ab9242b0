// The part of the spec that only Linux has: namespaces, limits, devices, masks, sysctls, the system-call filter. Chapter 12.
import Capabilities
import DockerAPI
import OCI
import Seccomp

func makeLinux(_ record: ContainerRecord, _ bounding: [String], _ surroundings: SpecSurroundings) throws(EngineError) -> OCI.LinuxSettings {
    let host = record.host
    let isPrivileged = host.Privileged == true
    var linux = OCI.LinuxSettings(namespaces: namespaces(host, surroundings.joined))
    linux.cgroupsPath = surroundings.cgroupPath
    linux.resources = resources(host, surroundings.devices)
    linux.devices = surroundings.devices.isEmpty ? nil : surroundings.devices.values.sorted { $0.path < $1.path }
    linux.maskedPaths = isPrivileged ? nil : host.MaskedPaths
    linux.readonlyPaths = isPrivileged ? nil : host.ReadonlyPaths
    linux.sysctl = sysctls(host)
    linux.rootfsPropagation = record.mounts.contains { $0.Propagation.hasSuffix("shared") || $0.Propagation.hasSuffix("slave") } ? "rslave" : nil
    if !isPrivileged, try !Security(host).isSeccompOff { linux.seccomp = OCI.SeccompSettings(.dockerDefault(capabilities: Set(bounding))) }
    return linux
}

/// New ones but those that are the host's. The shim makes the one of the network and puts its path in.
private func namespaces(_ host: HostConfig, _ joined: [String: String]) -> [OCI.Namespace] {
    var kinds = ["mount"]
    if host.UTSMode != "host" { kinds.append("uts") }
    if host.IpcMode != "host" { kinds.append("ipc") }
    if host.PidMode != "host" { kinds.append("pid") }
    if host.NetworkMode != "host" { kinds.append("network") }
    if host.CgroupnsMode == "private" { kinds.append("cgroup") }
    return kinds.map { OCI.Namespace(type: $0, path: joined[$0]) }
}

private func sysctls(_ host: HostConfig) -> [String: String]? {
    var settings = host.Sysctls ?? [:]
    if host.NetworkMode != "host" {
        settings["net.ipv4.ip_unprivileged_port_start"] = settings["net.ipv4.ip_unprivileged_port_start"] ?? "0"
        settings["net.ipv4.ping_group_range"] = settings["net.ipv4.ping_group_range"] ?? "0 2147483647"
    }
    return settings.isEmpty ? nil : settings
}

// MARK: Limits

func resources(_ host: HostConfig, _ devices: [String: OCI.Device]) -> OCI.Resources {
    var resources = OCI.Resources()
    resources.devices = deviceRules(host, devices)
    var memory = OCI.MemoryLimits()
    memory.limit = positive(host.Memory)
    memory.reservation = positive(host.MemoryReservation)
    memory.swap = (host.MemorySwap ?? 0) == 0 ? nil : host.MemorySwap
    memory.swappiness = host.MemorySwappiness.flatMap { UInt64(exactly: $0) }
    memory.disableOOMKiller = host.OomKillDisable == true ? true : nil
    resources.memory = memory
    var processor = OCI.CPULimits()
    processor.shares = positive(host.CpuShares).flatMap { UInt64(exactly: $0) }
    (processor.quota, processor.period) = (positive(host.CpuQuota), positive(host.CpuPeriod).flatMap { UInt64(exactly: $0) })
    if let billionths = positive(host.NanoCpus) { (processor.quota, processor.period) = (billionths * 100_000 / 1_000_000_000, 100_000) }
    processor.cpus = host.CpusetCpus.flatMap { $0.isEmpty ? nil : $0 }
    processor.mems = host.CpusetMems.flatMap { $0.isEmpty ? nil : $0 }
    resources.cpu = processor
    resources.pids = positive(host.PidsLimit).map { OCI.PidsLimit(limit: $0) }
    return resources
}

private func positive(_ value: Int64?) -> Int64? { value.flatMap { $0 > 0 ? $0 : nil } }

/// Docker's list: no device but these; nodes may be made of all, as making one opens nothing.
private func deviceRules(_ host: HostConfig, _ devices: [String: OCI.Device]) -> [OCI.DeviceRule] {
    if host.Privileged == true { return [OCI.DeviceRule(allow: true, access: "rwm")] }
    func character(_ major: Int64?, _ minor: Int64?, _ access: String = "rwm") -> OCI.DeviceRule {
        OCI.DeviceRule(allow: true, type: "c", major: major, minor: minor, access: access)
    }
    let defaults = [
        OCI.DeviceRule(allow: false, access: "rwm"), character(nil, nil, "m"), OCI.DeviceRule(allow: true, type: "b", access: "m"),
        character(1, 3), character(1, 5), character(1, 7), character(1, 8), character(1, 9), character(5, 0), character(5, 1), character(5, 2),
        character(136, nil)
    ]
    return defaults
        + (host.Devices ?? []).compactMap { mapping in
            devices[mapping.PathOnHost ?? ""].map {
                OCI.DeviceRule(
                    allow: true, type: $0.type, major: $0.major, minor: $0.minor,
                    access: (mapping.CgroupPermissions ?? "").isEmpty ? "rwm" : mapping.CgroupPermissions)
            }
        }
}

// MARK: The filter

extension OCI.SeccompSettings {
    /// Chapter 05's profile in the specification's words.
    init(_ profile: Profile) {
        self.init(
            defaultAction: profile.defaultAction.oci.name, defaultErrnoRet: profile.defaultAction.oci.errno.map { UInt32($0) },
            architectures: profile.architectures.map(\.description), flags: profile.flags.isEmpty ? nil : profile.flags.map(\.rawValue).sorted(),
            syscalls: profile.rules.map { rule in
                OCI.SeccompRule(
                    names: rule.names, action: rule.action.oci.name, errnoRet: rule.action.oci.errno.map { UInt32($0) },
                    args: rule.conditions.isEmpty
                        ? nil
                        : rule.conditions.map {
                            OCI.SeccompArgument(index: $0.argument, value: $0.value, valueTwo: $0.secondValue, op: $0.comparison.rawValue)
                        })
            })
    }
}
