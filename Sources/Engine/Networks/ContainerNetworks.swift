// A container's networks, from its creation to its removal: what create, start, end, removal and the engine's own start ask of them.
// Chapter 12 over chapter 09.
import DockerAPI
import Linux
import Metadata
import Networks
import ShimProtocol

extension ContainerEngine {
    /// Opens what networks need, before any container is looked at.
    func openNetworks() async throws { try await openNetworkStore() }

    /// What a create request says of networks, checked and put into the record.
    func planNetworks(_ request: CreateRequest, of record: inout ContainerRecord) throws(EngineError) {
        let networking = networking, mode = record.host.NetworkMode ?? "bridge"
        record.networks = try askedNetworks(request, mode: mode) { (text) throws(EngineError) in
            do throws(NetworksError) { return try networking.find(text) } catch {
                if case .notFound = error { return nil }
                throw EngineError(error)
            }
        }
        if mode == "host", (request.config.Hostname ?? "").isEmpty { record.config.Hostname = systemName().host }
        guard let other = sharer(mode) else { return }
        record.host.NetworkMode = "container:\(other.id)"
        (record.config.Hostname, record.config.Domainname) = (other.record.config.Hostname, other.record.config.Domainname)
    }

    /// The directory with a container's network files: that of the container whose network it shares.
    func networkFiles(of record: ContainerRecord) -> FilePath {
        dataDirectory(sharer(record.host.NetworkMode ?? "")?.id ?? record.id)
    }

    /// The container whose network a mode names; one that is not there is told at the start.
    private func sharer(_ mode: String) -> Container? {
        let prefix = "container:"
        guard mode.hasPrefix(prefix) else { return nil }
        do throws(EngineError) { return try find(String(mode.dropFirst(prefix.count))) } catch { return nil }
    }

    /// Connects a container that starts: namespace, addresses, ports, names.
    func connectNetworks(_ container: Container, _ shim: ShimLink) async throws { try await connect(container, shim) }

    /// Gives back what a run had.
    func disconnectNetworks(_ container: Container) async { await disconnect(container) }

    /// A container has another name from now on.
    func renameInNetworks(_ container: Container) async {
        let (networking, id, name) = (networking, container.id, container.name)
        guard let live = networking.live(id) else { return }
        networking.change(id) { $0.name = name }
        _ = try? await networking.thread.run { _ in networking.refreshNames(on: live.endpoints.map(\.network)) }  // nothing in it throws
    }

    /// Brings database, kernel and running containers together after a start of the engine.
    func repairNetworks() async { await repairNetworkState() }
}

/// Forgets all that networks know of a container, with its row.
func forgetNetworks(of container: String, in transaction: Transaction) throws(MetadataError) {
    try transaction.releaseAll(of: container, at: WallTime.now.nanoseconds)
}
