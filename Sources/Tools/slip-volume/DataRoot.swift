// A data root like slipwayd's. Who changes it owns it; who only looks reads the database and asks nobody. man 2 flock.
import ArgumentParser
import Linux
import Metadata
import Trees
import Volumes

struct RootOption: ParsableArguments {
    @Option(help: "The data root.")
    var root = "slip-volumes"

    /// The store, ours alone until the process ends.
    func open() throws -> OwnedStore { try OwnedStore(FilePath(root)) }

    /// All volumes, with the containers that have them.
    func look() throws -> (volumes: [Volume], users: [String: [String]]) {
        let path = FilePath(root).appending("slipway.db")
        guard exists(path) else { return ([], [:]) }
        return try VolumeStore.look(in: try Metadata(path: path, schemas: [], readOnly: true))
    }
}

/// A store that is ours alone.
final class OwnedStore {
    private let lock: Descriptor
    let store: VolumeStore

    init(_ path: FilePath) throws {
        try makeDirectories(path, mode: 0o710)
        let root = try whole(path)
        lock = try Linux.open(root.appending("lock"), [.readWrite, .create], mode: 0o600)
        let isOurs = try lock.borrow { (file) throws(KernelError) in try Linux.lock(file) }
        guard isOurs else { throw Refusal("the data root \(root) belongs to an engine that runs: ask that one, or name another --root") }
        let metadata = try Metadata(path: root.appending("slipway.db"), schemas: [VolumeStore.schema])
        store = try VolumeStore(root: root.appending("volumes"), metadata: metadata, helper: try .besideThisProgram())
    }
}

/// Something that we refuse, in a sentence.
struct Refusal: Error, CustomStringConvertible {
    let description: String
    init(_ text: String) { description = text }
}

/// The path from the root, without links. The kernel knows it of every open directory.
func whole(_ path: FilePath) throws(KernelError) -> FilePath {
    let place = try open(path, [.path, .directory])
    return FilePath(try place.borrow { (place) throws(KernelError) in try readLink(FilePath("/proc/self/fd/\(place.rawValue)")) })
}
