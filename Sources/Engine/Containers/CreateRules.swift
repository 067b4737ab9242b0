// What a create request must fulfil before anything is made, in Docker's words; and what is Docker's but not built here yet, which is refused
// by name, for a container that silently lacks what was asked for is worse than none. Pure. moby, daemon/container.go (verifyContainerSettings),
// daemon/daemon_unix.go. Chapter 12.
public import DockerAPI

/// What of the machine the rules depend on.
public struct MachineFacts: Sendable {
    /// Processors.
    public var processors: Int
    /// Whether cgroups are version 2.
    public var isUnified: Bool

    public init(processors: Int, isUnified: Bool) { (self.processors, self.isUnified) = (processors, isUnified) }
}

/// Checks a request.
/// - Returns: warnings for the reply.
/// - Throws: `invalid` with Docker's words; `unsupported` for what is not built yet.
public func check(_ request: CreateRequest, on machine: MachineFacts) throws(EngineError) -> [String] {
    let (config, host) = (request.config, request.hostConfig)
    try checkProcess(config)
    try checkResources(host, machine)
    try checkPolicy(config, host)
    try checkNamespaces(host, config)
    try checkNetworking(request)
    try checkBuilt(config, host)
    return warnings(config, host)
}

private func invalid(_ message: String) -> EngineError { EngineError(.invalid, message) }
private func unbuilt(_ what: String) -> EngineError { EngineError(.unsupported, "\(what) is not supported by this engine yet") }

private func checkProcess(_ config: ContainerConfig) throws(EngineError) {
    if let directory = config.WorkingDir, !directory.isEmpty, !directory.hasPrefix("/") {
        throw invalid("the working directory '\(directory)' is invalid, it needs to be an absolute path")
    }
    for variable in config.Env ?? [] where variable.isEmpty || variable.hasPrefix("=") { throw invalid("invalid environment variable: \(variable)") }
    if let signal = config.StopSignal, !signal.isEmpty, signalNumber(signal) == nil { throw invalid("Invalid signal: \(signal)") }
    if let hostname = config.Hostname, hostname.utf8.count > 63 + (hostname.contains(".") ? 190 : 0) { throw invalid("invalid hostname format: \(hostname)") }
}

func checkResources(_ host: HostConfig, _ machine: MachineFacts) throws(EngineError) {
    let (memory, swap) = (host.Memory ?? 0, host.MemorySwap ?? 0)
    if memory != 0, memory < 6 << 20 { throw invalid("Minimum memory limit allowed is 6MB") }
    if memory > 0, swap > 0, swap < memory { throw invalid("Minimum memoryswap limit should be larger than memory limit, see usage") }
    if memory == 0, swap > 0 { throw invalid("You should always set the Memory limit when using Memoryswap limit, see usage") }
    if let reservation = host.MemoryReservation, reservation > 0, memory > 0, memory < reservation {
        throw invalid("Minimum memory limit can not be less than memory reservation limit, see usage")
    }
    if let swappiness = host.MemorySwappiness, !(-1...100).contains(swappiness) {
        throw invalid("Invalid value: \(swappiness), valid memory swappiness range is 0-100")
    }
    let cpus = host.NanoCpus ?? 0
    if cpus > 0, (host.CpuPeriod ?? 0) > 0 { throw invalid("Conflicting options: Nano CPUs and CPU Period cannot both be set.") }
    if cpus > 0, (host.CpuQuota ?? 0) > 0 { throw invalid("Conflicting options: Nano CPUs and CPU Quota cannot both be set.") }
    if cpus < 0 || cpus > Int64(machine.processors) * 1_000_000_000 {
        throw invalid("Range of CPUs is from 0.01 to \(machine.processors).00, as there are only \(machine.processors) CPUs available")
    }
    if let period = host.CpuPeriod, period != 0, !(1000...1_000_000).contains(period) {
        throw invalid("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)")
    }
    if let quota = host.CpuQuota, quota > 0, quota < 1000 { throw invalid("CPU cfs quota can not be less than 1ms (i.e. 1000)") }
    if let score = host.OomScoreAdj, !(-1000...1000).contains(score) { throw invalid("Invalid value \(score), range for oom score adj is [-1000, 1000]") }
    if let size = host.ShmSize, size < 0 { throw invalid("SHM size can not be less than 0") }
}

func checkPolicy(_ config: ContainerConfig, _ host: HostConfig) throws(EngineError) {
    let policy = host.RestartPolicy?.Name ?? ""
    guard ["", "no", "always", "unless-stopped", "on-failure"].contains(policy) else {
        throw invalid("invalid restart policy: unknown policy '\(policy)'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'")
    }
    let retries = host.RestartPolicy?.MaximumRetryCount ?? 0
    if retries < 0 { throw invalid("invalid restart policy: maximum retry count cannot be negative") }
    if retries != 0, policy != "on-failure" { throw invalid("invalid restart policy: maximum retry count can only be used with 'on-failure'") }
    if host.AutoRemove == true, policy != "", policy != "no" { throw invalid("can't create 'AutoRemove' container with restart policy") }
    try checkHealth(config.Healthcheck)
    let driver = host.LogConfig?.Type ?? ""
    if driver == "local" { throw unbuilt("log driver 'local'") }
    guard ["", "json-file", "none"].contains(driver) else { throw invalid("logger: no log driver named '\(driver)' is registered") }
    _ = try logLimits(host)
    _ = try Security(host)
}

/// Durations below a millisecond would keep the machine busy with asking.
func checkHealth(_ check: HealthConfig?) throws(EngineError) {
    guard let check else { return }
    let durations = [
        ("Interval", check.Interval), ("Timeout", check.Timeout), ("StartPeriod", check.StartPeriod), ("StartInterval", check.StartInterval)
    ]
    for (name, value) in durations where (value ?? 0) != 0 && (value ?? 0) < 1_000_000 { throw invalid("\(name) in Healthcheck cannot be less than 1ms") }
    if (check.Retries ?? 0) < 0 { throw invalid("Retries in Healthcheck cannot be negative") }
    let test = check.Test ?? []
    if let kind = test.first, !["NONE", "CMD", "CMD-SHELL"].contains(kind) { throw invalid("Unknown type '\(kind)' in Healthcheck (try 'CMD')") }
    if ["CMD", "CMD-SHELL"].contains(test.first), test.count < 2 { throw invalid("Missing command in Healthcheck") }
}

private func checkNamespaces(_ host: HostConfig, _ config: ContainerConfig) throws(EngineError) {
    if let mode = host.PidMode, !["", "host", "private"].contains(mode) {
        guard mode.hasPrefix("container:"), mode != "container:" else { throw invalid("invalid PID mode: \(mode)") }
    }
    if let mode = host.IpcMode, !["", "host", "private", "shareable", "none"].contains(mode) {
        throw mode.hasPrefix("container:") ? unbuilt("IPC mode '\(mode)'") : invalid("invalid IPC mode: \(mode)")
    }
    if let mode = host.UTSMode, !["", "host"].contains(mode) { throw invalid("invalid UTS mode: \(mode)") }
    if let mode = host.UsernsMode, !["", "host"].contains(mode) { throw invalid("invalid user namespace mode: \(mode)") }
    if let mode = host.CgroupnsMode, !["", "host", "private"].contains(mode) { throw invalid("invalid cgroup namespace mode: \(mode)") }
    if host.UTSMode == "host", !(config.Hostname ?? "").isEmpty { throw invalid("conflicting options: hostname and the UTS mode") }
    if let runtime = host.Runtime, !["", "slipway"].contains(runtime) { throw invalid("unknown or invalid runtime name: \(runtime)") }
}

/// Refuses what is Docker's and comes with a later chapter.
private func checkBuilt(_ config: ContainerConfig, _ host: HostConfig) throws(EngineError) {
    if host.Links?.isEmpty == false, ["", "default", "bridge"].contains(host.NetworkMode ?? "") { throw unbuilt("a link on the default bridge") }
    if host.StorageOpt?.isEmpty == false { throw invalid("--storage-opt is supported only for overlay over xfs with 'pquota' mount option") }
    if host.DeviceCgroupRules?.isEmpty == false { throw unbuilt("DeviceCgroupRules") }
    for mount in host.Mounts ?? [] where ["image", "cluster", "npipe"].contains(mount.Type ?? "") { throw unbuilt("a mount of type '\(mount.Type ?? "")'") }
    try checkTmpfs(host)
}

private func warnings(_ config: ContainerConfig, _ host: HostConfig) -> [String] {
    var warnings: [String] = []
    if host.NetworkMode == "host", host.PortBindings?.isEmpty == false { warnings.append("Published ports are discarded when using host network mode") }
    let attributes = Set(["labels", "labels-regex", "env", "env-regex", "tag"]).intersection((host.LogConfig?.Config ?? [:]).keys)
    if !attributes.isEmpty {
        warnings.append("Log options \(attributes.sorted().joined(separator: ", ")) are kept, but the lines of the log do not carry them")
    }
    if host.OomKillDisable == true, (host.Memory ?? 0) == 0 {
        warnings.append("OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.")
    }
    return warnings + mountWarnings(host)
}
