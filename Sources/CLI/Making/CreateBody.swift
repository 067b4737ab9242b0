// The request that `run` and `create` send: Docker's, key for key, so that any engine understands it. What can be wrong with a value is said
// here, before anything is made; what only the engine can know (an image, a name that is taken) is left to it. chapter 13

internal import JSON
internal import Linux

/// What the words of a `run` or `create` mean.
struct CreateBody {
    let flags: ContainerFlags, image: String, command: [String]
    /// Which streams are attached.
    let attached: (input: Bool, output: Bool, error: Bool)
    /// Rows and columns of the user's terminal, if there is one.
    let consoleSize: (rows: UInt16, columns: UInt16)?

    /// The request's body.
    ///
    /// - Throws: `ValueError` with the flag's name, in Docker's words.
    func json() throws(ValueError) -> JSONValue {
        let mounts = MountSpec.volumes(flags.volumes.volume, directory: OwnEnvironment.directory)
        var members: [JSONValue.Member] = [
            .text("Hostname", flags.hostname), .text("Domainname", flags.domainname), .text("User", flags.user),
            .bool("AttachStdin", attached.input), .bool("AttachStdout", attached.output), .bool("AttachStderr", attached.error),
            .bool("Tty", flags.tty), .bool("OpenStdin", flags.interactive), .bool("StdinOnce", flags.interactive && attached.input),
            .list("Env", try OwnEnvironment.variables(files: flags.envFile, words: flags.env)), .list("Cmd", command.isEmpty ? nil : command),
            .text("Image", image), .object("Volumes", mounts.anonymous.map { .object($0, []) }), try flags.networks.ports.exposedPorts,
            .text("WorkingDir", flags.workdir), .list("Entrypoint", flags.entrypoint.map { [$0] }), .init(name: "OnBuild", value: .null),
            .map("Labels", KeyValues.labels(flags.label))
        ]
        if let signal = flags.stopSignal { members.append(.text("StopSignal", signal)) }
        if let timeout = flags.stopTimeout { members.append(.number("StopTimeout", try integer(timeout, "stop-timeout"))) }
        if let check = try flags.health.member() { members.append(check) }
        if let address = flags.networks.macAddress { members.append(.text("MacAddress", address)) }
        members.append(.init(name: "HostConfig", value: .object(try hostConfig(binds: mounts.binds))))
        members.append(.object("NetworkingConfig", [.object("EndpointsConfig", try flags.networks.endpoints())]))
        return .object(members)
    }

    private func hostConfig(binds: [String]) throws(ValueError) -> [JSONValue.Member] {
        let networks = flags.networks
        var members: [JSONValue.Member] = [
            .text("NetworkMode", networks.mode), try networks.ports.bindings, .bool("PublishAllPorts", networks.publishAll),
            .object("LogConfig", [.text("Type", flags.logDriver), .map("Config", KeyValues.labels(flags.logOpt))]), .object("RestartPolicy", try restart()),
            .bool("AutoRemove", flags.rm), .list("CapAdd", listed(flags.capAdd)), .list("CapDrop", listed(flags.capDrop)),
            .text("CgroupnsMode", flags.cgroupns),
            .list("Dns", networks.dns), .list("DnsOptions", networks.dnsOption), .list("DnsSearch", networks.dnsSearch),
            .list("Links", listed(networks.link)), .list("ExtraHosts", flags.addHost), .list("GroupAdd", listed(flags.groupAdd)), .text("IpcMode", flags.ipc),
            .number("OomScoreAdj", try integer(flags.oomScoreAdj, "oom-score-adj")), .text("PidMode", flags.pid), .bool("Privileged", flags.privileged),
            .bool("ReadonlyRootfs", flags.readOnly), .list("SecurityOpt", try securityOptions()), .text("UTSMode", flags.uts),
            .text("UsernsMode", flags.userns),
            .number("ShmSize", try size(flags.shmSize, "shm-size")), .text("Runtime", flags.runtime), .text("CgroupParent", flags.cgroupParent)
        ]
        members += try flags.volumes.members(binds)
        members += try resources()
        let size = consoleSize ?? (0, 0)
        members.append(.init(name: "ConsoleSize", value: .array([.number("\(size.rows)"), .number("\(size.columns)")])))
        // Left out when they say nothing, as Docker's client does: their absence means the engine's default.
        if flags.`init` { members.append(.bool("Init", true)) }
        if !flags.tmpfs.isEmpty { members.append(.map("Tmpfs", temporary())) }
        if !flags.sysctl.isEmpty { members.append(.map("Sysctls", KeyValues.labels(flags.sysctl))) }
        if !flags.annotation.isEmpty { members.append(.map("Annotations", KeyValues.labels(flags.annotation))) }
        return members
    }

    private func resources() throws(ValueError) -> [JSONValue.Member] {
        var limits: [JSONValue] = []
        for text in flags.ulimit {
            let limit: (name: String, soft: Int64, hard: Int64)
            do throws(ValueError) { limit = try Values.limit(text) } catch {
                throw ValueError(description: "invalid argument \"\(text)\" for \"--ulimit\" flag: \(error)")
            }
            limits.append(.object([.text("Name", limit.name), .number("Hard", limit.hard), .number("Soft", limit.soft)]))
        }
        return [
            .number("Memory", try size(flags.memory, "m, --memory")), .number("MemoryReservation", try size(flags.memoryReservation, "memory-reservation")),
            .number("MemorySwap", try named("memory-swap", flags.memorySwap) { text throws(ValueError) in try Values.bytesOrUnlimited(text) }),
            .number("NanoCpus", try named("cpus", flags.cpus ?? "0") { text throws(ValueError) in try Values.billionths(text) }),
            .number("CpuShares", try integer(flags.cpuShares, "c, --cpu-shares")), .number("CpuPeriod", try integer(flags.cpuPeriod, "cpu-period")),
            .number("CpuQuota", try integer(flags.cpuQuota, "cpu-quota")), .text("CpusetCpus", flags.cpusetCpus), .text("CpusetMems", flags.cpusetMems),
            .bool("OomKillDisable", flags.oomKillDisable), .number("PidsLimit", try integer(flags.pidsLimit, "pids-limit")),
            .init(name: "Ulimits", value: .array(limits))
        ]
    }

    /// A seccomp profile is a file here and its contents there.
    private func securityOptions() throws(ValueError) -> [String]? {
        var all: [String] = []
        for option in flags.securityOpt {
            guard option.hasPrefix("seccomp="), !["seccomp=unconfined", "seccomp=builtin"].contains(option) else {
                all.append(option)
                continue
            }
            let name = String(option.dropFirst(8))
            do throws(KernelError) {
                let text = try readText(FilePath(name))
                guard let profile = JSONValue(Array(text.utf8)) else { throw KernelError(call: "read", subject: name, errno: 22) }
                all.append("seccomp=" + profile.text())
            } catch { throw ValueError(description: "opening seccomp profile (\(name)) failed: \(error.reason.lowercased())") }
        }
        return listed(all)
    }

    private func restart() throws(ValueError) -> [JSONValue.Member] {
        let policy = try Values.restartPolicy(flags.restart)
        guard !flags.rm || ["no", ""].contains(flags.restart) else {
            throw ValueError(description: "conflicting options: cannot specify both --restart and --rm")
        }
        return policy
    }

    private func temporary() -> [String: String] {
        Dictionary(
            flags.tmpfs.map { word in
                let parts = word.split(separator: ":", maxSplits: 1)
                return (String(parts.first ?? ""), parts.count == 2 ? String(parts[1]) : "")
            }, uniquingKeysWith: { $1 })
    }

    private func listed(_ words: [String]?) -> [String]? { words.flatMap { $0.isEmpty ? nil : $0 } }

    private func size(_ text: String, _ flag: String) throws(ValueError) -> Int64 {
        try named(flag, text) { text throws(ValueError) in try Values.bytes(text) }
    }

    private func integer(_ text: String, _ flag: String) throws(ValueError) -> Int64 {
        try named(flag, text) { text throws(ValueError) in
            guard let number = Int64(text) else { throw ValueError(description: "strconv.ParseInt: parsing \"\(text)\": invalid syntax") }
            return number
        }
    }

    private func named(_ flag: String, _ text: String, _ read: (String) throws(ValueError) -> Int64) throws(ValueError) -> Int64 {
        do throws(ValueError) { return try read(text) } catch {
            let shown = flag.contains(",") ? "-\(flag)" : "--\(flag)"
            throw ValueError(description: "invalid argument \"\(text)\" for \"\(shown)\" flag: \(error)")
        }
    }
}

extension JSONValue.Member {
    static func text(_ name: String, _ value: String) -> Self { .init(name: name, value: .string(value)) }
    static func bool(_ name: String, _ value: Bool) -> Self { .init(name: name, value: .bool(value)) }
    static func number(_ name: String, _ value: Int64) -> Self { .init(name: name, value: .number("\(value)")) }
    static func list(_ name: String, _ value: [String]?) -> Self { .init(name: name, value: value.map { .array($0.map(JSONValue.string)) } ?? .null) }
    static func object(_ name: String, _ members: [Self]) -> Self { .init(name: name, value: .object(members)) }
    static func map(_ name: String, _ value: [String: String]) -> Self {
        .object(name, value.sorted { $0.key < $1.key }.map { .text($0.key, $0.value) })
    }
}
