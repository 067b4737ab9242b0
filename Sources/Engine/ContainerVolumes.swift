// A container's volumes, from its creation to its removal: what create, start, end, removal and the engine's own start ask of them.
// Chapter 12 over chapter 10.
import DockerAPI
import Images

extension ContainerEngine {
    /// What a create request and the image say of volumes, put into the record's mounts.
    func planVolumes(_ request: CreateRequest, _ image: ImageRecord, of record: inout ContainerRecord) throws(EngineError) {}

    /// Makes volumes that are not there, and fills those that are empty from the image.
    func prepareVolumes(_ container: Container) async throws {}

    /// Marks the volumes of a container that starts as mounted.
    func mountVolumes(_ container: Container) async throws {}

    /// Marks them as unmounted.
    func unmountVolumes(_ container: Container) async {}

    /// Lets go of the volumes of a container that is removed, and removes anonymous ones where that was asked for.
    func releaseVolumes(_ container: Container, withAnonymous: Bool) async {}

    /// Brings the store and the containers together after a start of the engine.
    func repairVolumes() async {}
}
