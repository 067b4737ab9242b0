// The engine: what it owns, and how the parts find each other. It never forks; it spawns a shim for each container, and that outlives it.
// What is asked for is in the database, what runs is read from the shims, and `Reconcile.swift` brings the two together at the start.
//
//     Daemon ──requests──► Engine ──► Container (mailbox, Life) ──► ShimLink ──► slipway-shim
//                            ├─► ImageStore, SnapshotStore, ContentStore (blocking: through `offload`)
//                            └─► EventHub
//
// Chapter 12.
import Capabilities
import Cgroups
public import Content
import DockerAPI
public import Images
public import Linux
public import Logging
import Metadata
import Networks
import Offload
import Registry
public import ShimProtocol
import Snapshots
import Synchronization
import Trees
import Volumes

/// How an engine is set up.
public struct EngineSettings: Sendable {
    /// What lasts: database, images, layers, logs.
    public var dataRoot: FilePath
    /// What lasts until the machine goes down: bundles, sockets.
    public var execRoot: FilePath
    /// The cgroup above all containers'; nil for `/slipway[-INSTANCE]`.
    public var cgroupParent: String?
    /// slipway-shim
    public var shim: FilePath
    /// slipway-tree
    public var tree: FilePath
    /// Registries that may be spoken to without TLS, or with certificates that nobody vouches for.
    public var insecureRegistries: [String] = []
    /// Where proxies are named: `HTTP_PROXY` and the like.
    public var environment: [String: String] = [:]

    /// How many files containers may have open; nil for as many as this process.
    public var openFiles: OpenFiles?

    public init(dataRoot: FilePath, execRoot: FilePath, shim: FilePath, tree: FilePath) {
        (self.dataRoot, self.execRoot, self.shim, self.tree) = (dataRoot, execRoot, shim, tree)
    }
}

/// A container engine on one data root.
public final class ContainerEngine: Sendable {
    public let settings: EngineSettings
    /// Part of every name on the host: eight hex digits of the exec root's path, empty for the default one.
    public let instance: String
    public let events = EventHub()
    public let images: ImageStore
    public let content: ContentStore
    let puller: Puller
    public let startedAt: WallTime
    let log: Logger
    let metadata: Metadata
    let snapshots: SnapshotStore
    let volumes: EngineVolumes
    let shims: ShimThread
    let hierarchies: Hierarchies
    let available: CapabilitySet
    public let machine: MachineFacts
    private let rootLock: LockedRoot
    let containers = Mutex<[String: Container]>([:])
    let execs = Mutex<[String: Exec]>([:])
    let modules = Mutex<[String: String]>([:])
    let networking: Networking
    let trees = TreeStates()
    /// Database, shims and kernel have been brought together: what was pending may go on.
    let isReconciled = Promise<Void>()

    /// The version of Slipway.
    public static let version = "0.1.0"

    /// Opens the data root, which must be nobody else's, and brings memory, shims and database together. Blocks for long.
    public init(_ settings: EngineSettings, log: Logger) async throws {
        (self.settings, self.log) = (settings, log)
        startedAt = WallTime.now
        instance = instanceIdentifier(settings.execRoot)
        let opened = try await offload { try OpenedStores(settings) }
        rootLock = opened.lock
        (metadata, content, snapshots, images) = (opened.metadata, opened.content, opened.snapshots, opened.images)
        puller = Puller(images, RegistryClient(registrySettings(settings)))
        volumes = EngineVolumes(opened.volumes)
        hierarchies = opened.hierarchies
        available = opened.available
        machine = MachineFacts(processors: opened.processors, isUnified: opened.hierarchies.layout == .v2)
        shims = try ShimThread(executable: settings.shim)
        networking = Networking(instance: instance, log: log)
        if content.collected.files > 0 { log.info("removed \(content.collected.files) blobs left half fetched, \(content.collected.bytes) bytes") }
        try await reconcile()
        isReconciled.fulfil(())
    }

    // MARK: Paths

    func dataDirectory(_ id: String) -> FilePath { settings.dataRoot.appending("containers").appending(id) }
    func bundle(_ id: String) -> FilePath { settings.execRoot.appending("containers").appending(id) }
    func logPath(_ id: String) -> FilePath { dataDirectory(id).appending("\(id)-json.log") }
    func exitPath(_ id: String) -> FilePath { dataDirectory(id).appending("exit.json") }

    /// A container's cgroup below the top of the hierarchies.
    func cgroupPath(_ id: String, _ asked: String?) -> String {
        let parent = asked.flatMap { $0.isEmpty ? nil : $0 } ?? settings.cgroupParent ?? "/slipway" + (instance.isEmpty ? "" : "-\(instance)")
        return (parent.hasPrefix("/") ? parent : "/" + parent) + "/" + id
    }

    // MARK: Finding

    /// All containers, newest first.
    public var all: [Container] {
        containers.withLock { Array($0.values) }.sorted { ($0.record.createdNanoseconds, $0.id) > ($1.record.createdNanoseconds, $1.id) }
    }

    /// The container that `text` means: a full id, a name with or without slash, or the beginning of an id.
    /// - Throws: `notFound`, or `invalid` where several ids begin so.
    public func find(_ text: String) throws(EngineError) -> Container {
        let known = containers.withLock { $0 }
        if let container = known[text] { return container }
        let name = text.hasPrefix("/") ? String(text.dropFirst()) : text
        if let container = known.values.first(where: { $0.name == name }) { return container }
        let matches = text.isEmpty ? [] : known.values.filter { $0.id.hasPrefix(text) }
        guard matches.count < 2 else { throw EngineError(.invalid, "multiple IDs found with provided prefix: \(text)") }
        guard let container = matches.first else { throw .noSuchContainer(text) }
        return container
    }

    /// Publishes an event of a container, with what Docker tells of it.
    func publish(_ action: String, _ container: Container, _ more: [String: String] = [:]) {
        var attributes = container.record.config.Labels ?? [:]
        attributes["image"] = container.record.config.Image ?? ""
        attributes["name"] = container.name
        events.publish("container", action, container.id, attributes.merging(more) { $1 })
    }

}

/// What holds for all registries: the engine's settings, and the proxies that the environment names.
private func registrySettings(_ settings: EngineSettings) -> RegistrySettings {
    var registries = RegistrySettings()
    registries.insecure = settings.insecureRegistries
    registries.useProxies(of: settings.environment)
    registries.userAgent = "slipway/\(ContainerEngine.version)"
    return registries
}

/// All that must be open before an engine can be.
private struct OpenedStores: Sendable {
    let lock: LockedRoot
    let metadata: Metadata, content: ContentStore, snapshots: SnapshotStore, images: ImageStore
    let volumes: VolumeStore
    let hierarchies: Hierarchies
    let available: CapabilitySet
    let processors: Int

    init(_ settings: EngineSettings) throws {
        try makeDirectories(settings.dataRoot.appending("containers"), mode: 0o710)
        try makeDirectories(settings.execRoot.appending("containers"), mode: 0o700)
        lock = try LockedRoot(settings.dataRoot)
        let schemas = [SnapshotStore.schema, ImageStore.schema, containersSchema, networksSchema, VolumeStore.schema]
        metadata = try Metadata(path: settings.dataRoot.appending("slipway.db"), schemas: schemas)
        content = try ContentStore(root: settings.dataRoot.appending("content"))
        snapshots = try SnapshotStore(root: settings.dataRoot.appending("snapshots"), metadata: metadata, helper: TreeHelper(executable: settings.tree))
        images = try ImageStore(metadata: metadata, content: content, snapshots: snapshots)
        let helper = TreeHelper(executable: settings.tree)
        volumes = try VolumeStore(root: settings.dataRoot.appending("volumes"), metadata: metadata, helper: helper)
        hierarchies = try Hierarchies.discover()
        available = try CapabilitySet.available()
        processors = processorCount()
    }
}

/// One owner for each data root. man 2 flock: the lock goes with the process, however that ends.
private final class LockedRoot: Sendable {
    private let descriptor: Descriptor

    init(_ root: FilePath) throws {
        descriptor = try open(root.appending("lock"), [.readWrite, .create], mode: 0o600)
        let isOurs = try descriptor.borrow { (file) throws(KernelError) in try lock(file) }
        guard isOurs else { throw EngineError(.failed, "the data root \(root) belongs to another engine that runs") }
    }
}

/// Processors, as `/proc/cpuinfo` counts them.
private func processorCount() -> Int {
    let text = (try? readText("/proc/cpuinfo")) ?? ""  // unreadable: one, at least
    return max(1, text.split(separator: "\n").count { $0.hasPrefix("processor") })
}

/// The exec root of an engine without a name of its own.
public let defaultExecRoot: FilePath = "/run/slipway"

/// FNV-1a of the exec root's path as eight hex digits; empty for the default.
public func instanceIdentifier(_ execRoot: FilePath) -> String {
    guard execRoot != defaultExecRoot else { return "" }
    let hash = execRoot.string.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
    let text = String(hash, radix: 16)
    return String(repeating: "0", count: 8 - text.count) + text
}
