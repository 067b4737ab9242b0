// `slipway update`: other limits for containers that are there, running or not. What is not named stays as it is. chapter 04, 13

internal import ArgumentParser
internal import JSON

struct UpdateCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Change limits and restart policy of one or more containers",
        usage: "slipway update [OPTIONS] CONTAINER [CONTAINER...]")
    static let flags = FlagTable(
        valued: "blkio-weight cpu-period cpu-quota cpu-shares/c cpus cpuset-cpus cpuset-mems memory/m memory-reservation memory-swap pids-limit restart")

    @Option(help: "Weight of block I/O (10 to 1000), or 0") var blkioWeight: String?
    @Option(help: "Length of a CPU period, microseconds") var cpuPeriod: String?
    @Option(help: "CPU time in a period, microseconds") var cpuQuota: String?
    @Option(name: [.customShort("c"), .long], help: "CPU shares (relative weight)") var cpuShares: String?
    @Option(help: "Number of CPUs") var cpus: String?
    @Option(help: "CPUs to run on (0-3, 0,1)") var cpusetCpus: String?
    @Option(help: "Memory nodes to use (0-3, 0,1)") var cpusetMems: String?
    @Option(name: .shortAndLong, help: "Memory limit") var memory: String?
    @Option(help: "Soft memory limit") var memoryReservation: String?
    @Option(help: "Limit of memory plus swap; -1 for unlimited swap") var memorySwap: String?
    @Option(help: "Limit of processes; -1 for unlimited") var pidsLimit: String?
    @Option(help: "Restart policy: no, always, on-failure[:N], unless-stopped") var restart: String?
    @Argument(help: .hidden) var words: [String] = []

    func run(_ session: Session) throws(Failure) -> Int32 {
        guard !words.isEmpty else { throw .usage("update", "at least 1 argument", "[OPTIONS] CONTAINER [CONTAINER...]") }
        let body: JSONValue
        do throws(ValueError) { body = try self.body() } catch { throw Failure("\(error)", code: 125) }
        guard !body.members.isEmpty else { throw Failure("you must provide one or more flags when using this command") }
        return session.forEach(words) { name throws(Failure) in
            let reply = try session.json("POST", ["containers", name, "update"], body: body)
            for warning in reply["Warnings"]?.items ?? [] { Output.complain("WARNING: \(warning.string ?? "")\n") }
            return name
        }
    }

    /// Only what was named: a key that is missing leaves things as they are.
    func body() throws(ValueError) -> JSONValue {
        var members: [JSONValue.Member] = []
        func add(_ key: String, _ flag: String, _ text: String?, _ read: (String) throws(ValueError) -> Int64) throws(ValueError) {
            guard let text else { return }
            do throws(ValueError) { members.append(.number(key, try read(text))) } catch {
                throw ValueError(description: "invalid argument \"\(text)\" for \"--\(flag)\" flag: \(error)")
            }
        }
        try add("BlkioWeight", "blkio-weight", blkioWeight, Values.integer)
        try add("CpuPeriod", "cpu-period", cpuPeriod, Values.integer)
        try add("CpuQuota", "cpu-quota", cpuQuota, Values.integer)
        try add("CpuShares", "cpu-shares", cpuShares, Values.integer)
        try add("NanoCpus", "cpus", cpus, Values.billionths)
        try add("Memory", "memory", memory, Values.bytes)
        try add("MemoryReservation", "memory-reservation", memoryReservation, Values.bytes)
        try add("MemorySwap", "memory-swap", memorySwap, Values.bytesOrUnlimited)
        try add("PidsLimit", "pids-limit", pidsLimit, Values.integer)
        if let cpusetCpus { members.append(.text("CpusetCpus", cpusetCpus)) }
        if let cpusetMems { members.append(.text("CpusetMems", cpusetMems)) }
        if let restart { members.append(.object("RestartPolicy", try Values.restartPolicy(restart))) }
        return .object(members)
    }
}

extension Values {
    /// A whole number.
    static func integer(_ text: String) throws(ValueError) -> Int64 {
        guard let number = Int64(text) else { throw ValueError(description: "strconv.ParseInt: parsing \"\(text)\": invalid syntax") }
        return number
    }

    /// `on-failure:3` as the members of a RestartPolicy.
    static func restartPolicy(_ text: String) throws(ValueError) -> [JSONValue.Member] {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false), name = String(parts.first ?? "")
        guard text.isEmpty || !name.isEmpty else { throw ValueError(description: "invalid restart policy format: no policy provided before colon") }
        guard parts.count < 2 || Int64(parts[1]) != nil else {
            throw ValueError(description: "invalid restart policy format: maximum retry count must be an integer")
        }
        return [.text("Name", name), .number("MaximumRetryCount", parts.count == 2 ? Int64(parts[1]) ?? 0 : 0)]
    }
}
