// `docker commit`: what a container wrote becomes a layer. slipway-tree packs the upper directory, the daemon hashes the tar as it comes through
// the pipe; a running container stands still meanwhile, so that the layer is of one moment. Chapter 12 over chapters 07 and 08; moby,
// daemon/commit.go.
import Content
import Digests
public import DockerAPI
import Images
import OCI
import Offload
import Snapshots
import Trees

/// What `POST /commit` asks for.
public struct CommitRequest: Sendable {
    public var author = "", comment = "", repository = "", tag = ""
    /// Lines such as `CMD ["sh"]`.
    public var changes: [String] = []
    /// The body; nil means the container's own configuration.
    public var config: ContainerConfig?
    /// A running container is paused meanwhile.
    public var pauses = true

    public init() {}
}

extension ContainerEngine {
    /// Makes an image of a container.
    /// - Returns: the image's id
    /// - Throws: `invalid` for a bad name or a bad line, before anything is done; `conflict` for a container that is being removed.
    public func commit(_ container: Container, _ request: CommitRequest) async throws(EngineError) -> String {
        guard !["removing", "dead"].contains(container.status) else {
            throw EngineError(.conflict, "You cannot commit container \(container.id) which is Dead or marked for removal")
        }
        let name = request.repository.isEmpty ? nil : try reference(request.repository, request.tag)
        let record = container.record, images = images
        let own = runDefaults(record.config)
        var wish = CommitWish(request.config.map { runDefaults($0) } ?? own)
        (wish.changes, wish.author, wish.comment, wish.name) = (request.changes, request.author, request.comment, name)
        wish.createdBy = (record.config.Cmd ?? []).joined(separator: " ")
        do throws(ImagesError) { wish = try wish.completed(by: own) } catch { throw EngineError(error) }
        let complete = wish
        let image = try await asEngineError {
            let parent = try await offload { () throws(ImagesError) in try images.resolve(record.image) }
            let blob = try await self.standingStill(container, request.pauses) { try await self.layerBlob(of: container) }
            return try await offload { () throws(ImagesError) in try images.commit(blob, onto: parent, complete) }
        }
        if let name { await publishImage("tag", image.id.description, name: name.familiar, of: image.id.description) }
        publish("commit", container, ["comment": request.comment, "imageID": image.id.description, "imageRef": name?.familiar ?? ""])
        return image.id.description
    }

    /// The tar of what a container wrote, in the content store; nil where it wrote nothing.
    private func layerBlob(of container: Container) async throws -> Blob? {
        let (helper, content, snapshots, id, thread) = (treeHelper, content, snapshots, container.id, OwnThread())
        return try await thread.run {
            let writer = try content.ingest()
            do {
                let tar = try helper.pack(try snapshots.overlay(of: id).upper, form: .layer)
                while let bytes = try tar.next() { try writer.write(bytes) }
                let blob = try writer.commit()
                return blob.sizeBytes == emptyTarBytes ? nil : blob
            } catch {
                writer.discard()
                throw error
            }
        }
    }

    /// Pauses a container that runs and is not paused already, for the time of `body`.
    private func standingStill<Value: Sendable>(_ container: Container, _ isWanted: Bool, _ body: () async throws -> Value) async throws -> Value {
        guard isWanted, container.isRunning, !container.isPaused else { return try await body() }
        try await pause(container)
        let outcome: Result<Value, any Error>
        do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
        do throws(EngineError) { try await unpause(container) } catch {
            if container.isPaused { throw error }  // else somebody else did it, or it has ended
        }
        return try outcome.get()
    }
}

/// Two blocks of zeros: a tar without entries.
private let emptyTarBytes = 1024

extension CommitWish {
    /// The wish with its lines applied, and what it leaves open taken from the container. moby, daemon/commit.go (merge).
    fileprivate func completed(by own: ImageConfiguration.RunDefaults) throws(ImagesError) -> CommitWish {
        var result = self, made = try changedDefaults()
        if (made.user ?? "").isEmpty { made.user = own.user }
        if (made.workingDir ?? "").isEmpty { made.workingDir = own.workingDir }
        if (made.stopSignal ?? "").isEmpty { made.stopSignal = own.stopSignal }
        made.healthcheck = made.healthcheck ?? own.healthcheck
        made.exposedPorts = merged(made.exposedPorts, own.exposedPorts)
        made.volumes = merged(made.volumes, own.volumes)
        made.labels = merged(made.labels, own.labels)
        let set = Set((made.env ?? []).map { $0.prefix { $0 != "=" } })
        made.env = (made.env ?? []) + (own.env ?? []).filter { !set.contains($0.prefix { $0 != "=" }) }
        if (made.entrypoint ?? []).isEmpty {
            if (made.cmd ?? []).isEmpty { made.cmd = own.cmd }
            made.entrypoint = made.entrypoint ?? own.entrypoint
        }
        (result.defaults, result.changes) = (made, [])
        return result
    }

    private func merged<Value>(_ made: [String: Value]?, _ own: [String: Value]?) -> [String: Value]? {
        guard let own else { return made }
        return (made ?? [:]).merging(own) { mine, _ in mine }
    }
}

/// A container's configuration as an image's defaults.
private func runDefaults(_ config: ContainerConfig) -> ImageConfiguration.RunDefaults {
    var defaults = ImageConfiguration.RunDefaults()
    (defaults.user, defaults.env, defaults.entrypoint, defaults.cmd) = (config.User, config.Env, config.Entrypoint, config.Cmd)
    (defaults.workingDir, defaults.labels, defaults.stopSignal) = (config.WorkingDir, config.Labels, config.StopSignal)
    (defaults.stopTimeout, defaults.onBuild, defaults.shell, defaults.argsEscaped) = (config.StopTimeout, config.OnBuild, config.Shell, config.ArgsEscaped)
    defaults.exposedPorts = config.ExposedPorts?.mapValues { _ in .init() }
    defaults.volumes = config.Volumes?.mapValues { _ in .init() }
    if let health = config.Healthcheck {
        var check = ImageConfiguration.Healthcheck()
        (check.test, check.interval, check.timeout, check.retries) = (health.Test, health.Interval, health.Timeout, health.Retries)
        (check.startPeriod, check.startInterval) = (health.StartPeriod, health.StartInterval)
        defaults.healthcheck = check
    }
    return defaults
}
