// A container's networks, from its creation to its removal: what create, start, end, removal and the engine's own start ask of them.
// Chapter 12 over chapter 09.
import DockerAPI
import Metadata
import ShimProtocol

extension ContainerEngine {
    /// Opens what networks need, before any container is looked at.
    func openNetworks() async throws {}

    /// What a create request says of networks, checked and put into the record.
    func planNetworks(_ request: CreateRequest, of record: inout ContainerRecord) throws(EngineError) {}

    /// Connects a container that starts: namespace, addresses, ports, names.
    func connectNetworks(_ container: Container, _ shim: ShimLink) async throws {}

    /// Gives back what a run had.
    func disconnectNetworks(_ container: Container) async {}

    /// Brings database, kernel and running containers together after a start of the engine.
    func repairNetworks() async {}
}

/// Writes what a new container asked for, with its row.
func insertNetworks(of record: ContainerRecord, in transaction: Transaction) throws(MetadataError) {}

/// Forgets all that networks know of a container, with its row.
func forgetNetworks(of container: String, in transaction: Transaction) throws(MetadataError) {}
