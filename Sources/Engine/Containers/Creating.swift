// Create: everything that is neither visible nor exclusive is done here, so that start is quick: spec, seccomp, directories, the parked shim.
// The name is taken in the database, in one transaction with the row; whoever comes second gets Docker's 409. What fails half-way is taken
// back, and what a killed daemon leaves half-made is marked `making` and removed by the next one. Chapter 12.
import Digests
public import DockerAPI
import Images
import Linux
import Logging
import Metadata
import OCI
import Offload
import ShimProtocol
import Snapshots
import Synchronization
import Volumes

extension ContainerEngine {
    /// Makes a container.
    /// - Parameters:
    ///   - name: as asked for; nil makes one up
    ///   - request: the body, decoded
    ///   - text: the body as it came, which is kept
    /// - Throws: `invalid`, `notFound` (no such image), `conflict` (the name is taken), `unsupported`.
    public func create(name: String?, _ request: CreateRequest, text: String) async throws(EngineError) -> CreateReply {
        let warnings = try check(request, on: machine)
        if let name, !isValidContainerName(bare(name)) {
            throw EngineError(.invalid, "Invalid container name (\(name)), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
        }
        return try await asEngineError {
            let images = self.images, imageName = request.config.Image ?? ""
            let image = try await offload { () throws(ImagesError) in try images.resolve(imageName) }
            let record = try self.makeRecord(request, image)
            let container = try await self.insert(record, name: name.map(bare), text)
            do {
                try await self.furnish(container, image)
            } catch {
                await self.discard(record.id)
                throw error
            }
            self.containers.withLock { $0[record.id] = container }
            self.publish("create", container)
            return CreateReply(id: record.id, warnings: warnings)
        }
    }

    private func makeRecord(_ request: CreateRequest, _ image: ImageRecord) throws(EngineError) -> ContainerRecord {
        let id = randomIdentifier()
        let config = merged(request.config, with: image.configuration.config, id: id)
        guard let (path, arguments) = commandLine(config) else { throw EngineError(.invalid, "no command specified") }
        let host = completed(request.hostConfig, on: machine)
        var record = ContainerRecord(
            id: id, createdNanoseconds: WallTime.now.nanoseconds, image: image.id.description, config: config, host: host, path: path, arguments: arguments,
            mounts: [], networks: [])
        try planNetworks(request, of: &record)
        try planVolumes(request, image, of: &record)
        _ = try makeSpec(record, SpecSurroundings(files: dataDirectory(id), cgroupPath: cgroupPath(id, host.CgroupParent), available: available))
        return record
    }

    // MARK: The name

    /// Takes id and name. A made-up name that is taken is made up again, at last it is the short id.
    private func insert(_ record: ContainerRecord, name: String?, _ text: String) async throws -> Container {
        var generator = SystemRandomNumberGenerator()
        for attempt in 0...6 {
            let tried = name ?? (attempt < 6 ? randomName(attempt: attempt, using: &generator) : String(record.id.prefix(12)))
            let stored = StoredContainer(record: record, name: tried, stage: .making, shouldRun: false, past: Past())
            if let holder = try await take(stored, text) {
                guard name == nil else { throw nameTaken(tried, by: holder) }
                continue
            }
            return Container(record, name: tried)
        }
        throw EngineError(.conflict, "no name is free")
    }

    /// - Returns: the id of the container that bears the name already, or nil where it is ours now.
    private func take(_ stored: StoredContainer, _ text: String) async throws -> String? {
        let (metadata, images) = (metadata, images)
        return try await offloadMetadata {
            try metadata.write { (transaction) throws(MetadataError) in
                if let holder = try transaction.holder(ofContainerName: stored.name) { return holder }
                guard let image = Digest(stored.record.image), try images.exists(image, in: transaction) else {
                    throw MetadataError.constraint("No such image: \(stored.record.config.Image ?? "")")
                }
                try transaction.insertContainer(stored, request: text)
                return nil
            }
        }
    }

    // MARK: What it needs

    private func furnish(_ container: Container, _ image: ImageRecord) async throws {
        let (id, snapshots) = (container.id, snapshots)
        try await offload {
            try makeDirectories(self.dataDirectory(id), mode: 0o710)
            _ = try snapshots.prepare(container: id, from: image.chain)
        }
        try await prepareVolumes(container)
        if container.record.host.processesOf == nil {
            try await offload { try self.writeBundle(container) }
            try await park(container)
        }
        let metadata = metadata
        try await offloadMetadata { () throws(MetadataError) in
            try metadata.write { (transaction) throws(MetadataError) in try transaction.setStage(.ready, of: id) }
        }
    }

    /// Writes the network's files, config.json and shim.json. Blocks.
    func writeBundle(_ container: Container) throws {
        let (record, id) = (container.record, container.id)
        try writeNetworkFiles(record, in: dataDirectory(id), facts(of: container))
        let bundle = bundle(id)
        try makeDirectories(bundle.appending("rootfs"), mode: 0o700)
        let surroundings = SpecSurroundings(
            files: networkFiles(of: record), cgroupPath: cgroupPath(id, record.host.CgroupParent), available: available, devices: try hostDevices(record.host),
            openFiles: settings.openFiles, joined: try joinedNamespaces(record.host), volumes: settings.dataRoot.appending("volumes"),
            backings: try volumeBackings(record))
        try writeFile(bundle.appending("config.json"), json(try makeSpec(record, surroundings)), mode: 0o600)
        try shimConfiguration(record).write(to: bundle.appending("shim.json"))
    }

    private func shimConfiguration(_ record: ContainerRecord) throws -> ShimConfiguration {
        let mount = try snapshots.overlay(of: record.id), limits = try logLimits(record.host), size = record.host.ConsoleSize ?? []
        let hasSize = size.count == 2 && size[0] > 0 && size[1] > 0
        return ShimConfiguration(
            id: record.id, overlay: .init(lower: mount.lower.map(\.string), upper: mount.upper.string, work: mount.work.string),
            network: record.host.NetworkMode == "host" ? .host : .new,
            log: .init(
                driver: record.host.LogConfig?.Type == "none" ? .none : .jsonFile, path: logPath(record.id).string, maxBytes: limits.maxBytes,
                maxFiles: limits.maxFiles),
            exitRecordPath: exitPath(record.id).string, terminal: record.config.Tty ?? false, openStdin: record.config.OpenStdin ?? false,
            stdinOnce: record.config.StdinOnce ?? false, consoleSize: hasSize ? OCI.ConsoleSize(height: size[0], width: size[1]) : nil,
            filterCache: settings.execRoot.appending("filters").string)
    }

    /// Starts a shim and waits until it is there.
    func park(_ container: Container) async throws {
        let (shims, bundle) = (shims, bundle(container.id))
        let link = try await offload { () throws(KernelError) in
            try shims.start(bundle, onEvent: self.received(for: container), onEnd: self.shimEnded(for: container))
        }
        guard let hello = await link.hello.value else { throw EngineError(.failed, "slipway-shim ended before it was ready") }
        modules.withLock { $0 = hello.modules }
        _ = container.apply(.parked(link))
    }

    /// Removes what was made of a container that did not come to be, as far as it can be.
    private func discard(_ id: String) async {
        do {
            try await offload {
                _ = try self.volumes.store.release(container: id, withAnonymous: true)
                try self.removeFiles(id)
            }
            let metadata = metadata
            try await offloadMetadata { () throws(MetadataError) in
                try metadata.write { (transaction) throws(MetadataError) in
                    try forgetNetworks(of: id, in: transaction)
                    try transaction.deleteContainer(id)
                }
            }
        } catch {
            log.warning("remove the half-made container \(id): \(error)")
        }
    }
}

/// A name without the slash that Docker puts before it.
func bare(_ name: String) -> String { name.hasPrefix("/") ? String(name.dropFirst()) : name }

func nameTaken(_ name: String, by holder: String) -> EngineError {
    EngineError(
        .conflict,
        "Conflict. The container name \"/\(name)\" is already in use by container \"\(holder)\". You have to remove (or rename) that container to be able to reuse that name."
    )
}
