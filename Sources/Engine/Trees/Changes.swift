// `docker diff`, and what goes with it out of a container as a whole: `docker export`. Chapter 12 over chapter 07; moby, daemon/changes.go,
// daemon/export.go.
public import DockerAPI
import Offload
import Snapshots
import Trees

extension ContainerEngine {
    /// What a container changed in its image.
    public func pathChanges(of container: Container) async throws(EngineError) -> [PathChange] {
        let (helper, snapshots, id, thread) = (treeHelper, snapshots, container.id, OwnThread())
        return try await asEngineError {
            try await thread.run {
                let overlay = try snapshots.overlay(of: id)
                return try helper.changes(of: overlay.upper, over: overlay.lower).map { PathChange("\($0.path)", $0.kind.rawValue) }
            }
        }
    }

    /// A tar of a container's root; of volumes only the places where they are mounted.
    public func export(_ container: Container, called name: String) async throws(EngineError) -> OutgoingTar {
        let helper = treeHelper, thread = OwnThread()
        let stream = try await reach(container, "/", name, on: thread) { (tree) throws(TreesError) in try helper.export(tree) }
        publish("export", container)
        return OutgoingTar(thread, stream) { EngineError($0, "/", name) }
    }
}
