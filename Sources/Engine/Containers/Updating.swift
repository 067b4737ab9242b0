// Update: other limits and another restart policy for a container that is there. What a request leaves out, or has as zero, stays as it is. A
// container that runs gets its limits first and its record after that, so that what stands in the record holds; all limits or none change. Chapter
// 12; moby, daemon/update.go and container/container_unix.go (UpdateContainer).
public import DockerAPI
import Linux
import Metadata
import OCI
import Offload
import ShimProtocol
import Synchronization

extension ContainerEngine {
    /// Changes limits and restart policy.
    /// - Parameter request: of all keys, limits and the policy count; nil, zero and the empty text leave what is there
    /// - Returns: warnings for the reply.
    /// - Throws: `invalid` and `conflict` in Docker's words; `failed` where the kernel refuses; nothing has changed then.
    public func update(_ container: Container, _ request: HostConfig) async throws(EngineError) -> [String] {
        var warnings = try checkUpdate(request, on: machine)
        let more: [String] = try await asEngineError {
            try await container.mailbox.perform {
                guard !["removing", "dead"].contains(container.status) else {
                    throw cannotUpdate(container, .conflict, "container is marked for removal and cannot be \"update\"")
                }
                var record = container.record
                do throws(EngineError) {
                    record.host = try updated(record.host, by: request)
                } catch {
                    throw cannotUpdate(container, error.kind, error.message)
                }
                let warnings = try await self.changeLimits(of: container, request)
                try await self.keep(record, of: container)
                self.publish("update", container)
                return warnings
            }
        }
        warnings += more
        return warnings
    }

    /// Changes the limits of a run, if there is one.
    private func changeLimits(of container: Container, _ request: HostConfig) async throws(EngineError) -> [String] {
        guard let run = container.run else { return [] }
        do throws(ShimFailure) {
            return try await run.shim.ask(.update(resources: limitChanges(request))).warnings ?? []
        } catch {
            guard error.kind != .notRunning else { return [] }  // it has just ended, and the record counts for the next run
            throw cannotUpdate(container, .failed, "\(error)")
        }
    }

    /// Writes the record to the database, and for a container that waits for its start to the bundle from which that will be.
    private func keep(_ record: ContainerRecord, of container: Container) async throws {
        let metadata = metadata
        try await offloadMetadata { () throws(MetadataError) in
            try metadata.write { (transaction) throws(MetadataError) in try transaction.setRecord(record, of: record.id) }
        }
        container.state.withLock { $0.record = record }
        if container.parked != nil { try await offload { try self.writeBundle(container) } }
    }
}

private func cannotUpdate(_ container: Container, _ kind: EngineError.Kind, _ reason: String) -> EngineError {
    EngineError(kind, "Cannot update container \(container.id): \(reason)")
}

// MARK: Rules

/// Checks a request by itself: as at the creation, but that swap may be given alone.
func checkUpdate(_ request: HostConfig, on machine: MachineFacts) throws(EngineError) -> [String] {
    var limits = request
    if (request.Memory ?? 0) == 0 { limits.MemorySwap = nil }
    try checkResources(limits, machine)
    var policy = HostConfig()
    policy.RestartPolicy = request.RestartPolicy
    try checkPolicy(ContainerConfig(), policy)
    return (request.BlkioWeight ?? 0) == 0 ? [] : ["Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded."]
}

/// What a container has after an update. Pure.
/// - Throws: `conflict` where the two contradict each other.
func updated(_ host: HostConfig, by request: HostConfig) throws(EngineError) -> HostConfig {
    try checkConflicts(host, request)
    var result = host
    set(&result.CpuShares, request.CpuShares)
    set(&result.NanoCpus, request.NanoCpus)
    set(&result.CpuPeriod, request.CpuPeriod)
    set(&result.CpuQuota, request.CpuQuota)
    set(&result.Memory, request.Memory)
    set(&result.MemorySwap, request.MemorySwap)
    set(&result.MemoryReservation, request.MemoryReservation)
    if let text = request.CpusetCpus, !text.isEmpty { result.CpusetCpus = text }
    if let text = request.CpusetMems, !text.isEmpty { result.CpusetMems = text }
    if let limit = request.PidsLimit { result.PidsLimit = limit > 0 ? limit : 0 }
    if let policy = request.RestartPolicy, !(policy.Name ?? "").isEmpty { result.RestartPolicy = policy }
    return result
}

private func set(_ value: inout Int64?, _ wanted: Int64?) {
    if let wanted, wanted != 0 { value = wanted }
}

private func checkConflicts(_ host: HostConfig, _ request: HostConfig) throws(EngineError) {
    func has(_ value: Int64?) -> Bool { (value ?? 0) > 0 }
    func refuse(_ words: String) -> EngineError { EngineError(.conflict, words) }
    if has(request.NanoCpus), has(host.CpuPeriod) { throw refuse("Conflicting options: Nano CPUs cannot be updated as CPU Period has already been set") }
    if has(request.NanoCpus), has(host.CpuQuota) { throw refuse("Conflicting options: Nano CPUs cannot be updated as CPU Quota has already been set") }
    if has(request.CpuPeriod), has(host.NanoCpus) { throw refuse("Conflicting options: CPU Period cannot be updated as NanoCPUs has already been set") }
    if has(request.CpuQuota), has(host.NanoCpus) { throw refuse("Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set") }
    let (memory, both) = (request.Memory ?? 0, host.MemorySwap ?? 0)
    if memory > both, both > 0, (request.MemorySwap ?? 0) == 0 {
        throw refuse("Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time")
    }
    if host.AutoRemove == true, let name = request.RestartPolicy?.Name, !["", "no"].contains(name) {
        throw refuse("Restart policy cannot be updated because AutoRemove is enabled for the container")
    }
}

/// What a request changes, for the shim: only what is said, -1 for no limit.
func limitChanges(_ request: HostConfig) -> OCI.Resources {
    func said(_ value: Int64?) -> Int64? { value == 0 ? nil : value }
    var resources = OCI.Resources(), memory = OCI.MemoryLimits(), processor = OCI.CPULimits()
    (memory.limit, memory.swap, memory.reservation) = (said(request.Memory), said(request.MemorySwap), said(request.MemoryReservation))
    processor.shares = said(request.CpuShares).flatMap { UInt64(exactly: $0) }
    (processor.quota, processor.period) = (said(request.CpuQuota), said(request.CpuPeriod).flatMap { UInt64(exactly: $0) })
    if let billionths = said(request.NanoCpus) { (processor.quota, processor.period) = (billionths * 100_000 / 1_000_000_000, 100_000) }
    (processor.cpus, processor.mems) = (request.CpusetCpus, request.CpusetMems)
    (resources.memory, resources.cpu) = (memory, processor)
    resources.pids = request.PidsLimit.map { OCI.PidsLimit(limit: $0 > 0 ? $0 : -1) }
    return resources
}
