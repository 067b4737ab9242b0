// From a container's record to the OCI bundle's config.json, which any runtime can run. Pure but for what the record and the machine's facts
// say. The order of mounts is Docker's. moby, daemon/oci_linux.go and oci/defaults.go. Chapter 12, over chapter 06's values.
import Capabilities
import DockerAPI
import Linux
import OCI
import Volumes

/// What a spec depends on besides the record.
struct SpecSurroundings {
    /// Directory with `hosts`, `hostname` and `resolv.conf`.
    var files: FilePath
    /// The container's cgroup, relative to the top of the hierarchies.
    var cgroupPath: String
    /// What this process may hand on.
    var available: CapabilitySet = .known
    /// Major and minor number of a host's device, looked up by the caller.
    var devices: [String: OCI.Device] = [:]
    /// How many files a container may have open where it does not say; nil leaves that to chance.
    var openFiles: OpenFiles?
    /// Namespaces of other containers to join: paths by kind.
    var joined: [String: String] = [:]
    /// The directory of all volumes, and what those lie on that have driver options, by name.
    var volumes: FilePath?, backings: [String: DriverOptions] = [:]
}

/// Builds the spec.
/// - Throws: `invalid` for a capability that nobody knows.
func makeSpec(_ record: ContainerRecord, _ surroundings: SpecSurroundings) throws(EngineError) -> OCI.Spec {
    let (config, host) = (record.config, record.host)
    var spec = OCI.Spec()
    spec.root = OCI.Root(path: "rootfs", readonly: host.ReadonlyRootfs == true ? true : nil)
    spec.hostname = host.UTSMode == "host" ? nil : config.Hostname
    spec.domainname = (config.Domainname ?? "").isEmpty || host.UTSMode == "host" ? nil : config.Domainname
    spec.process = try makeProcess(record, surroundings)
    spec.mounts = makeMounts(record, surroundings)
    spec.annotations = makeAnnotations(record)
    spec.linux = try makeLinux(record, spec.process?.capabilities?.bounding ?? [], surroundings)
    return spec
}

// MARK: The process

private func makeProcess(_ record: ContainerRecord, _ surroundings: SpecSurroundings) throws(EngineError) -> OCI.Process {
    let (config, host) = (record.config, record.host)
    var process = OCI.Process(args: [record.path] + record.arguments, cwd: (config.WorkingDir ?? "").isEmpty ? "/" : config.WorkingDir ?? "/")
    process.env = environment(config)
    process.terminal = config.Tty == true ? true : nil
    if let size = host.ConsoleSize, size.count == 2, size[0] > 0, size[1] > 0 { process.consoleSize = OCI.ConsoleSize(height: size[0], width: size[1]) }
    process.capabilities = try capabilities(host, user: config.User ?? "", available: surroundings.available)
    process.noNewPrivileges = try Security(host).noNewPrivileges ? true : nil
    process.oomScoreAdj = host.OomScoreAdj ?? 0
    process.rlimits = resourceLimits(host, surroundings.openFiles)
    return process
}

/// What `--ulimit` asks for, and the daemon's own first limit of open files where that asks for none.
func resourceLimits(_ host: HostConfig, _ openFiles: OpenFiles?) -> [ResourceLimit] {
    let asked = (host.Ulimits ?? []).map {
        ResourceLimit(type: "RLIMIT_" + $0.Name.uppercased(), hard: limitValue($0.Hard), soft: limitValue($0.Soft))
    }
    guard let openFiles, !asked.contains(where: { $0.type == openFiles.limit.type }) else { return asked }
    return asked + [openFiles.limit]
}

private func limitValue(_ value: Int64) -> UInt64 { value < 0 ? .max : UInt64(value) }

/// PATH, HOSTNAME and TERM first, then image's and user's in their order, replacing in place; `KEY` without `=` removes it.
func environment(_ config: ContainerConfig) -> [String] {
    var variables = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=\(config.Hostname ?? "")"]
    if config.Tty == true { variables.append("TERM=xterm") }
    return replaced(variables, by: config.Env ?? [])
}

/// `variables` changed by `others`: same names replaced in place, new ones appended, bare names removed.
func replaced(_ variables: [String], by others: [String]) -> [String] {
    var result = variables
    for other in others {
        let key = other.prefix { $0 != "=" }
        let place = result.firstIndex { $0.prefix { $0 != "=" } == key }
        switch (other.contains("="), place) {
        case (true, let place?): result[place] = other
        case (true, nil): result.append(other)
        case (false, let place?): result.remove(at: place)
        case (false, nil): break
        }
    }
    return result
}

/// The sets as runc gets them from Docker: a user other than root has the bounding set only.
func capabilities(_ host: HostConfig, user: String, available: CapabilitySet = .known) throws(EngineError) -> CapabilityLists {
    let granted: CapabilitySet
    do throws(CapabilityError) {
        granted = try CapabilitySet.dockerDefault.adjusted(
            add: host.CapAdd ?? [], drop: host.CapDrop ?? [], privileged: host.Privileged ?? false, available: available)
    } catch {
        throw EngineError(.invalid, "\(error)")
    }
    let names = granted.names
    return CapabilityLists(bounding: names, effective: names, inheritable: nil, permitted: names, ambient: nil)
}

// MARK: Annotations

private func makeAnnotations(_ record: ContainerRecord) -> [String: String]? {
    var annotations = record.host.Annotations ?? [:]
    if record.host.Init == true { annotations["io.slipway.init"] = "true" }
    if let user = record.config.User, !user.isEmpty { annotations["io.slipway.user"] = user }
    if let groups = record.host.GroupAdd, !groups.isEmpty { annotations["io.slipway.groupadd"] = groups.joined(separator: ",") }
    return annotations.isEmpty ? nil : annotations
}
