// What a container uses: the numbers of its cgroup from its shim, and what the host's /proc says besides: the time of all processors, the memory there
// is, and the interfaces of the container's network. A client computes percentages from two samples, so each sample carries the one before it.
// Chapter 12; moby, daemon/stats.go, daemon/stats_unix.go; man 5 proc.
public import DockerAPI
import Linux
import Offload
import ShimProtocol

/// Samples of one container, a second apart. One client's.
public struct StatisticsStream: Sendable {
    let engine: ContainerEngine
    let container: Container
    private var last: ContainerStatistics?

    init(_ engine: ContainerEngine, _ container: Container) { (self.engine, self.container) = (engine, container) }

    /// The next sample, at once the first time and a second after the last one from then on. Without a run it is empty.
    /// - Returns: nil when the container is gone.
    public mutating func next() async throws -> ContainerStatistics? {
        if last != nil {
            try await Task.sleep(for: .seconds(1))
            if container.removed.current != nil { return nil }
        }
        var sample = await engine.sample(container)
        let before = last
        last = sample
        if let before { sample.follow(before) }
        return sample
    }
}

extension ContainerEngine {
    /// Samples until the container is removed.
    public func statistics(of container: Container) -> StatisticsStream { StatisticsStream(self, container) }

    /// One sample. With `isComparable` there is one before it, a second earlier.
    public func statistics(of container: Container, isComparable: Bool) async throws(EngineError) -> ContainerStatistics {
        var stream = statistics(of: container)
        return try await asEngineError {
            let first = try await stream.next() ?? ContainerStatistics(name: "/" + container.name, id: container.id)
            guard isComparable, container.isRunning else { return first }
            return try await stream.next() ?? first
        }
    }

    /// What is used now; of a container that does not run, nothing.
    func sample(_ container: Container) async -> ContainerStatistics {
        var sample = ContainerStatistics(name: "/" + container.name, id: container.id)
        guard let run = container.run, let usage = try? await run.shim.ask(.stats).stats else { return sample }  // ended meanwhile, or an old shim
        let host = await offload { HostUsage(process: run.pid) }
        sample.fill(usage, host)
        if container.record.host.NetworkMode != "host" { sample.networks = host.networks.isEmpty ? nil : host.networks }
        return sample
    }
}

/// What /proc tells.
private struct HostUsage: Sendable {
    /// Time of all processors since boot, idle time included, in nanoseconds.
    let processorNanoseconds: UInt64
    let processors: Int
    let totalMemoryBytes: UInt64
    let networks: [String: ContainerStatistics.Network]

    /// - Parameter process: whose network's interfaces are told
    init(process: Int32) {
        // What cannot be read counts nothing: statistics are no reason to fail.
        (processorNanoseconds, processors) = processorTime((try? readText("/proc/stat")) ?? "")  // see above
        totalMemoryBytes = UInt64(memoryBytes())
        networks = interfaces((try? readText(FilePath("/proc/\(process)/net/dev"))) ?? "")  // see above
    }
}

/// Reads /proc/stat: user, nice, system, idle, iowait, irq and softirq of `cpu`, in ticks of ten milliseconds, and how many processors are on.
func processorTime(_ text: String) -> (nanoseconds: UInt64, processors: Int) {
    let lines = text.split(separator: "\n").filter { $0.hasPrefix("cpu") }.map { $0.split(separator: " ") }
    let ticks = (lines.first ?? []).dropFirst().prefix(7).compactMap { UInt64($0) }.reduce(0, +)
    return (ticks * 10_000_000, lines.count { $0[0] != "cpu" })
}

/// Reads /proc/PID/net/dev, without the loopback: bytes, packets, errs, drop, four more, and the same of what was sent.
func interfaces(_ text: String) -> [String: ContainerStatistics.Network] {
    var found: [String: ContainerStatistics.Network] = [:]
    for line in text.split(separator: "\n") {
        guard let colon = line.firstIndex(of: ":") else { continue }  // a heading
        let name = String(line[..<colon].drop(while: \.isWhitespace)),
            numbers = line[line.index(after: colon)...].split(separator: " ").compactMap { UInt64($0) }
        guard name != "lo", numbers.count >= 16 else { continue }
        found[name] = ContainerStatistics.Network(
            received: (numbers[0], numbers[1], numbers[2], numbers[3]), sent: (numbers[8], numbers[9], numbers[10], numbers[11]))
    }
    return found
}

// MARK: Into Docker's words

extension ContainerStatistics {
    /// Takes over the sample before this one.
    mutating func follow(_ before: ContainerStatistics) {
        (preread, precpu_stats) = (before.read, before.cpu_stats)
    }

    fileprivate mutating func fill(_ usage: ContainerUsage, _ host: HostUsage) {
        read = usage.at.description
        (pids_stats.current, pids_stats.limit) = (usage.pids?.current, usage.pids?.limit)
        cpu_stats = Processor(usage.processor)
        (cpu_stats.system_cpu_usage, cpu_stats.online_cpus) = (host.processorNanoseconds, host.processors)
        memory_stats = Memory(usage.memory, hostBytes: host.totalMemoryBytes)
        blkio_stats.io_service_bytes_recursive = usage.blocks?.serviceBytes?.map(Blocks.Entry.init)
        if usage.cgroupVersion == 1 { blkio_stats.io_serviced_recursive = usage.blocks?.serviced?.map(Blocks.Entry.init) }
    }
}

extension ContainerStatistics.Processor {
    init(_ time: ContainerUsage.Processor?) {
        self.init()
        guard let time else { return }
        (cpu_usage.total_usage, cpu_usage.usage_in_kernelmode, cpu_usage.usage_in_usermode) = (time.total, time.kernel, time.user)
        cpu_usage.percpu_usage = time.perProcessor
        throttling_data.periods = time.periods ?? 0
        (throttling_data.throttled_periods, throttling_data.throttled_time) = (time.throttledPeriods ?? 0, time.throttled ?? 0)
    }
}

extension ContainerStatistics.Memory {
    /// Without a limit of its own a container may use what the host has.
    init(_ memory: ContainerUsage.Memory?, hostBytes: UInt64) {
        self.init()
        guard let memory else { return }
        (usage, max_usage, stats) = (memory.usage, memory.peak, memory.details)
        failcnt = memory.failures == 0 ? nil : memory.failures
        limit = min(memory.limit ?? hostBytes, hostBytes)
    }
}

extension ContainerStatistics.Blocks.Entry {
    init(_ entry: ContainerUsage.Blocks.Entry) { self.init(major: entry.major, minor: entry.minor, op: entry.operation, value: entry.value) }
}
