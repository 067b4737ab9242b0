// From what was asked for and what the image says to what the container is: Docker's rules of merging, and the defaults that inspect shows.
// Pure. moby, daemon/commit.go (merge), daemon/daemon_unix.go (adaptContainerSettings). Chapter 12.
public import DockerAPI
public import OCI

/// The container's configuration: the request's, completed by the image's.
/// - Parameter id: its first twelve digits are the hostname unless another was asked for
public func merged(_ asked: ContainerConfig, with image: ImageConfiguration.RunDefaults?, id: String) -> ContainerConfig {
    var config = asked
    config.Hostname = (asked.Hostname ?? "").isEmpty ? String(id.prefix(12)) : asked.Hostname
    config.User = (asked.User ?? "").isEmpty ? image?.user ?? "" : asked.User
    config.WorkingDir = (asked.WorkingDir ?? "").isEmpty ? image?.workingDir ?? "" : asked.WorkingDir
    config.Env = mergedVariables(asked.Env, image?.env)
    config.Labels = (image?.labels ?? [:]).merging(asked.Labels ?? [:]) { $1 }
    (config.Entrypoint, config.Cmd) = command(asked, image)
    if let ports = image?.exposedPorts, !ports.isEmpty {
        config.ExposedPorts = ports.mapValues { _ in Empty() }.merging(asked.ExposedPorts ?? [:]) { $1 }
    }
    if (asked.StopSignal ?? "").isEmpty, let signal = image?.stopSignal, !signal.isEmpty { config.StopSignal = signal }
    if asked.StopTimeout == nil { config.StopTimeout = image?.stopTimeout }
    if asked.Shell == nil { config.Shell = image?.shell }
    config.Healthcheck = mergedCheck(asked.Healthcheck, image?.healthcheck)
    config.Domainname = asked.Domainname ?? ""
    (config.AttachStdin, config.AttachStdout, config.AttachStderr) = (asked.AttachStdin ?? false, asked.AttachStdout ?? false, asked.AttachStderr ?? false)
    (config.Tty, config.OpenStdin, config.StdinOnce) = (asked.Tty ?? false, asked.OpenStdin ?? false, asked.StdinOnce ?? false)
    return config
}

/// A new entry point makes the image's command void; `[""]` takes the entry point away.
private func command(_ asked: ContainerConfig, _ image: ImageConfiguration.RunDefaults?) -> (entrypoint: [String]?, command: [String]?) {
    if let entrypoint = asked.Entrypoint, !entrypoint.isEmpty { return (entrypoint == [""] ? nil : entrypoint, asked.Cmd) }
    return (image?.entrypoint, (asked.Cmd ?? []).isEmpty ? image?.cmd : asked.Cmd)
}

/// The user's health check, completed by the image's member by member; 0 means that nothing was said.
private func mergedCheck(_ asked: HealthConfig?, _ image: ImageConfiguration.Healthcheck?) -> HealthConfig? {
    guard let image else { return asked }
    func said(_ value: Int64?) -> Int64? { value == 0 ? nil : value }
    var check = asked ?? HealthConfig()
    if (check.Test ?? []).isEmpty { check.Test = image.test }
    (check.Interval, check.Timeout) = (said(check.Interval) ?? image.interval, said(check.Timeout) ?? image.timeout)
    (check.StartPeriod, check.StartInterval) = (said(check.StartPeriod) ?? image.startPeriod, said(check.StartInterval) ?? image.startInterval)
    check.Retries = check.Retries.flatMap { $0 == 0 ? nil : $0 } ?? image.retries
    return check
}

/// The user's variables, then those of the image that they don't set.
private func mergedVariables(_ asked: [String]?, _ image: [String]?) -> [String]? {
    guard let image, !image.isEmpty else { return asked }
    let set = Set((asked ?? []).map { $0.prefix { $0 != "=" } })
    return (asked ?? []) + image.filter { !set.contains($0.prefix { $0 != "=" }) }
}

/// The program and its arguments; nil where nothing is left to run.
public func commandLine(_ config: ContainerConfig) -> (path: String, arguments: [String])? {
    let words = (config.Entrypoint ?? []) + (config.Cmd ?? [])
    return words.first.map { ($0, Array(words.dropFirst())) }
}

/// The host's part with the defaults that Docker fills in.
public func completed(_ asked: HostConfig, on machine: MachineFacts) -> HostConfig {
    var host = asked
    if ["", "default"].contains(asked.NetworkMode ?? "") { host.NetworkMode = "bridge" }
    if (asked.LogConfig?.Type ?? "").isEmpty { host.LogConfig = LogConfig(type: "json-file", config: asked.LogConfig?.Config ?? [:]) }
    if host.LogConfig?.Config == nil { host.LogConfig?.Config = [:] }
    if (asked.RestartPolicy?.Name ?? "").isEmpty { host.RestartPolicy = RestartPolicy(name: "no") }
    if (asked.IpcMode ?? "").isEmpty { host.IpcMode = "private" }
    if (asked.CgroupnsMode ?? "").isEmpty { host.CgroupnsMode = machine.isUnified ? "private" : "host" }
    if (asked.Runtime ?? "").isEmpty { host.Runtime = "slipway" }
    if (asked.ShmSize ?? 0) == 0 { host.ShmSize = 64 << 20 }
    if (asked.Memory ?? 0) > 0, (asked.MemorySwap ?? 0) == 0 { host.MemorySwap = (asked.Memory ?? 0) * 2 }
    if asked.MemorySwappiness == -1 { host.MemorySwappiness = nil }
    if (asked.PidsLimit ?? 0) <= 0 { host.PidsLimit = nil }
    if machine.isUnified { host.OomKillDisable = nil } else { host.OomKillDisable = asked.OomKillDisable ?? false }
    let isPrivileged = asked.Privileged ?? false
    host.MaskedPaths = isPrivileged ? nil : asked.MaskedPaths ?? maskedPaths
    host.ReadonlyPaths = isPrivileged ? nil : asked.ReadonlyPaths ?? readonlyPaths
    host.AutoRemove = asked.AutoRemove ?? false
    host.PortBindings = asked.PortBindings ?? [:]
    host.ConsoleSize = asked.ConsoleSize ?? [0, 0]
    (host.Dns, host.DnsOptions, host.DnsSearch) = (asked.Dns ?? [], asked.DnsOptions ?? [], asked.DnsSearch ?? [])
    (host.Privileged, host.PublishAllPorts, host.ReadonlyRootfs) = (isPrivileged, asked.PublishAllPorts ?? false, asked.ReadonlyRootfs ?? false)
    fillNumbersAndTexts(&host, asked)
    return host
}

/// What inspect shows as 0 and "" where nothing was asked for.
private func fillNumbersAndTexts(_ host: inout HostConfig, _ asked: HostConfig) {
    (host.ContainerIDFile, host.VolumeDriver, host.Cgroup) = (asked.ContainerIDFile ?? "", asked.VolumeDriver ?? "", asked.Cgroup ?? "")
    (host.PidMode, host.UTSMode, host.UsernsMode) = (asked.PidMode ?? "", asked.UTSMode ?? "", asked.UsernsMode ?? "")
    (host.Isolation, host.CgroupParent) = (asked.Isolation ?? "", asked.CgroupParent ?? "")
    (host.CpuShares, host.Memory, host.NanoCpus) = (asked.CpuShares ?? 0, asked.Memory ?? 0, asked.NanoCpus ?? 0)
    (host.CpuPeriod, host.CpuQuota, host.CpuRealtimePeriod) = (asked.CpuPeriod ?? 0, asked.CpuQuota ?? 0, asked.CpuRealtimePeriod ?? 0)
    (host.CpuRealtimeRuntime, host.BlkioWeight, host.OomScoreAdj) = (asked.CpuRealtimeRuntime ?? 0, asked.BlkioWeight ?? 0, asked.OomScoreAdj ?? 0)
    (host.CpusetCpus, host.CpusetMems) = (asked.CpusetCpus ?? "", asked.CpusetMems ?? "")
    (host.MemoryReservation, host.MemorySwap) = (asked.MemoryReservation ?? 0, host.MemorySwap ?? 0)
    host.Devices = asked.Devices ?? []
}

/// What a container must not see.
public let maskedPaths = [
    "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
    "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap"
]

/// What a container must not change.
public let readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
