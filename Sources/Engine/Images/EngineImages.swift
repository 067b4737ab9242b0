// Images as the API shows them: the store's records in Docker's shapes, and what containers have to do with their removal. Chapter 12.
import Content
import Digests
public import DockerAPI
import Images
import Metadata
public import OCI
import Offload

extension ContainerEngine {
    /// All images, newest first, with Docker's filters.
    /// - Parameter plain: the API version is below 1.43, in which images without a name are called `<none>`
    public func listImages(_ filters: Filters, plain: Bool) async throws(EngineError) -> [ImageSummary] {
        if let key = filters.unknownKey(besides: ["dangling", "label", "label!", "before", "since", "until", "reference"]) {
            throw EngineError(.invalid, "invalid filter '\(key)'")
        }
        let until = try filters["until"]?.first.map { (text) throws(EngineError) in try filterMoment(text) }
        let dangling = try filters["dangling"]?.first.map { (text) throws(EngineError) in try truth(text, of: "dangling") }
        let images = images
        return try await asEngineError {
            let before = try await self.imageTime(filters["before"]), since = try await self.imageTime(filters["since"])
            let found = try await offload { () throws(ImagesError) in try images.list() }
            return found.compactMap { image in
                if let dangling, image.references.isEmpty != dangling { return nil }
                if let before, image.createdNanoseconds >= before { return nil }
                if let since, image.createdNanoseconds <= since { return nil }
                if let until, image.createdNanoseconds >= until { return nil }
                let labels = image.configuration.config?.labels ?? [:]
                guard hasLabels(labels, filters["label"] ?? []) else { return nil }
                if let not = filters["label!"], hasLabels(labels, not) { return nil }
                var (tags, digests) = (image.references, image.repositoryDigests)
                if let patterns = filters["reference"] {
                    (tags, digests) = (tags.filter { matches($0, patterns) }, digests.filter { matches($0, patterns) })
                    guard !tags.isEmpty || !digests.isEmpty else { return nil }
                }
                return imageSummary(image, tags.map(\.familiar), digests.map(\.familiar), plain: plain)
            }
        }
    }

    private func imageTime(_ texts: [String]?) async throws -> Int64? {
        guard let text = texts?.first else { return nil }
        let images = images
        return try await offload { () throws(ImagesError) in try images.resolve(text).createdNanoseconds }
    }

    /// Everything of one image.
    public func inspectImage(_ text: String) async throws(EngineError) -> ImageInspect {
        let image = try await image(text), configuration = image.configuration
        var inspect = ImageInspect(
            id: image.id.description, tags: image.tags, comment: configuration.comment ?? "",
            created: configuration.created ?? ContainerState.never,
            author: configuration.author ?? "", config: containerConfig(configuration.config), architecture: configuration.architecture, os: configuration.os,
            size: image.sizeBytes, layers: configuration.rootfs.diffIDs, tagged: image.taggedNanoseconds.map(timestamp) ?? ContainerState.never)
        inspect.RepoDigests = image.repositoryDigests.map(\.familiar)
        inspect.DockerVersion = configuration.dockerVersion ?? ""
        inspect.Variant = configuration.variant
        inspect.VirtualSize = image.sizeBytes
        return inspect
    }

    private func image(_ text: String) async throws(EngineError) -> ImageRecord {
        let images = images
        do throws(ImagesError) { return try await offload { () throws(ImagesError) in try images.resolve(text) } } catch { throw EngineError(error) }
    }

    /// How an image was made, newest step first.
    public func history(_ text: String) async throws(EngineError) -> [HistoryEntry] {
        let image = try await image(text), images = images
        return try await asEngineError {
            try await offload { () throws(ImagesError) in try images.history(of: image.id) }.map {
                HistoryEntry(
                    id: $0.id?.description ?? "<missing>", created: $0.createdNanoseconds / 1_000_000_000, createdBy: $0.createdBy,
                    tags: $0.tags.isEmpty ? nil : $0.tags,
                    size: $0.sizeBytes, comment: $0.comment)
            }
        }
    }

    /// Gives an image another name.
    public func tag(_ text: String, repository: String, tag: String) async throws(EngineError) {
        let name = try reference(repository, tag), image = try await image(text), images = images
        try await asEngineError { try await offload { () throws(ImagesError) in try images.tag(image.id.description, as: name) } }
        await publishImage("tag", image.id.description, name: name.familiar, of: image.id.description)
    }

    /// Removes a name, or an image.
    public func removeImage(_ text: String, force: Bool, prune: Bool) async throws(EngineError) -> [ImageRemoval] {
        let image = try await image(text), (images, running) = (images, Set(all.filter(\.isUp).map(\.id)))
        let labels = image.configuration.config?.labels ?? [:]
        let removals = try await asEngineError {
            try await offload {
                try images.remove(text, force: force, prune: prune) { (transaction) throws(MetadataError) in
                    try transaction.containerImages().compactMap { user in
                        Digest(user.image).map { ImageUser(container: user.id, image: $0, isRunning: running.contains(user.id)) }
                    }
                }
            }
        }
        return removals.map { removal in
            switch removal {
            case .untagged(let name):
                publishImage("untag", image.id.description, name: image.id.description, labels)
                return ImageRemoval(untagged: name)
            case .deleted(let id):
                // The layers that went with it are reported too, but are no event.
                if id == image.id { publishImage("delete", id.description, name: id.description, [:]) }
                return ImageRemoval(deleted: id.description)
            }
        }
    }

    // MARK: Import

    /// Makes an image of a tar archive that comes in pieces.
    /// - Parameters:
    ///   - pieces: the archive, compressed or not; stored as it comes
    ///   - platform: `os/architecture[/variant]`, empty for this machine's
    /// - Returns: the image's id
    public func importImage<Pieces: AsyncSequence & Sendable>(
        _ pieces: Pieces, name: Reference?, changes: [String], message: String, platform: String
    ) async throws(EngineError) -> String where Pieces.Element == [UInt8] {
        let (images, content) = (images, content)
        let parts = platform.split(separator: "/").map(String.init)
        let wanted = parts.count > 1 ? Platform(architecture: parts[1], os: parts[0], variant: parts.count > 2 ? parts[2] : nil) : nil
        let image = try await asEngineError {
            let writer = try await offload { () throws(ContentError) in try content.ingest() }
            do {
                for try await piece in pieces { try await offload { () throws(ContentError) in try writer.write(piece) } }
                return try await offload {
                    try images.importRoot(try writer.commit(), name: name, changes: changes, message: message.isEmpty ? nil : message, platform: wanted)
                }
            } catch {
                await offload { writer.discard() }
                throw error
            }
        }
        publishImage("import", image.id.description, name: name?.familiar ?? image.id.description, image.configuration.config?.labels ?? [:])
        return image.id.description
    }

    // MARK: Events

    /// Publishes an event of an image; its labels are among the attributes.
    func publishImage(_ action: String, _ actor: String, name: String, _ labels: [String: String]) {
        events.publish("image", action, actor, labels.merging(["name": name]) { $1 })
    }

    /// The same, where the labels have to be looked up; an image that has gone meanwhile has none.
    func publishImage(_ action: String, _ actor: String, name: String, of image: String) async {
        let images = images
        let labels = await offload { (try? images.resolve(image))?.configuration.config?.labels }  // gone meanwhile
        publishImage(action, actor, name: name, labels ?? [:])
    }

    /// A name of repository and tag, which may be in the repository already.
    public func reference(_ repository: String, _ tag: String) throws(EngineError) -> Reference {
        do throws(ReferenceError) {
            let name = try Reference(parsing: repository)
            guard !tag.isEmpty else { return name.withDefaultTag }
            guard Reference.isValid(tag: tag) else { throw .invalidFormat }
            return name.with(tag: tag)
        } catch {
            throw EngineError(.invalid, error.description)
        }
    }
}

private func imageSummary(_ image: ImageRecord, _ tags: [String], _ digests: [String], plain: Bool) -> ImageSummary {
    let isBare = plain && tags.isEmpty && digests.isEmpty
    var summary = ImageSummary(
        id: image.id.description, created: image.createdNanoseconds / 1_000_000_000, tags: isBare ? ["<none>:<none>"] : tags,
        digests: isBare ? ["<none>@<none>"] : digests, size: image.sizeBytes, labels: image.configuration.config?.labels)
    summary.VirtualSize = image.sizeBytes
    return summary
}

/// An image's defaults in the shape of a container's configuration.
private func containerConfig(_ defaults: ImageConfiguration.RunDefaults?) -> ContainerConfig {
    var config = ContainerConfig()
    (config.Hostname, config.Domainname, config.User, config.Image) = ("", "", defaults?.user ?? "", "")
    (config.AttachStdin, config.AttachStdout, config.AttachStderr, config.Tty, config.OpenStdin, config.StdinOnce) = (false, false, false, false, false, false)
    (config.Env, config.Cmd, config.Entrypoint, config.OnBuild) = (defaults?.env, defaults?.cmd, defaults?.entrypoint, defaults?.onBuild)
    (config.WorkingDir, config.Labels, config.StopSignal, config.Shell) = (defaults?.workingDir ?? "", defaults?.labels, defaults?.stopSignal, defaults?.shell)
    config.ExposedPorts = defaults?.exposedPorts?.mapValues { _ in Empty() }
    config.Volumes = defaults?.volumes?.mapValues { _ in Empty() }
    return config
}
