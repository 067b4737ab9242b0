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
        if let key = filters.unknownKey(besides: ["dangling", "label", "before", "since", "until", "reference"]) {
            throw EngineError(.invalid, "invalid filter '\(key)'")
        }
        if filters["until"] != nil { throw EngineError(.unsupported, "filter 'until' is not supported by this engine yet") }
        let images = images
        return try await asEngineError {
            let before = try await self.imageTime(filters["before"]), since = try await self.imageTime(filters["since"])
            let found = try await offload { () throws(ImagesError) in try images.list() }
            return found.filter { image in
                if let wanted = filters["dangling"]?.first, image.references.isEmpty != ["1", "true"].contains(wanted.lowercased()) { return false }
                if let wanted = filters["reference"], !wanted.contains(where: { matches(image, pattern: $0) }) { return false }
                if let before, image.createdNanoseconds >= before { return false }
                if let since, image.createdNanoseconds <= since { return false }
                return hasLabels(image.configuration.config?.labels ?? [:], filters["label"] ?? [])
            }.map { imageSummary($0, plain: plain) }
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
            created: configuration.created ?? timestamp(image.createdNanoseconds),
            author: configuration.author ?? "", config: containerConfig(configuration.config), architecture: configuration.architecture, os: configuration.os,
            size: image.sizeBytes, layers: configuration.rootfs.diffIDs, tagged: image.taggedNanoseconds.map(timestamp) ?? ContainerState.never)
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
        publishImage("tag", image.id.description, name: name.familiar)
    }

    /// Removes a name, or an image.
    public func removeImage(_ text: String, force: Bool, prune: Bool) async throws(EngineError) -> [ImageRemoval] {
        let image = try await image(text), (images, running) = (images, Set(all.filter(\.isRunning).map(\.id)))
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
                publishImage("untag", image.id.description, name: image.id.description)
                return ImageRemoval(untagged: name)
            case .deleted(let id):
                publishImage("delete", id.description, name: id.description)
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
        publishImage("import", image.id.description, name: name?.familiar ?? image.id.description)
        return image.id.description
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

private func imageSummary(_ image: ImageRecord, plain: Bool) -> ImageSummary {
    let tags = image.tags.isEmpty && plain ? ["<none>:<none>"] : image.tags
    var summary = ImageSummary(
        id: image.id.description, created: image.createdNanoseconds / 1_000_000_000, tags: tags, digests: image.tags.isEmpty && plain ? ["<none>@<none>"] : [],
        size: image.sizeBytes, labels: image.configuration.config?.labels)
    summary.VirtualSize = image.sizeBytes
    return summary
}

/// Docker's `reference` filter: a pattern over the short name, with or without its tag; `*` and `?` stop at slashes.
private func matches(_ image: ImageRecord, pattern: String) -> Bool {
    image.references.contains { glob(pattern, $0.familiar) || glob(pattern, $0.familiarName) }
}

/// `path.Match` without character classes.
func glob(_ pattern: some StringProtocol, _ text: some StringProtocol) -> Bool {
    guard let first = pattern.first else { return text.isEmpty }
    let rest = pattern.dropFirst()
    switch first {
    case "*":
        var tail = text[...]
        while true {
            if glob(rest, tail) { return true }
            guard let next = tail.first, next != "/" else { return false }
            tail = tail.dropFirst()
        }
    case "?": return text.first.map { $0 != "/" && glob(rest, text.dropFirst()) } ?? false
    default: return text.first == first && glob(rest, text.dropFirst())
    }
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
