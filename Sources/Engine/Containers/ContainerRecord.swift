// What is known of a container for as long as it exists, and where it is kept: one row of the database, beside it in memory. The request stays
// as it was asked for; what was made of it (merged with the image, completed with defaults) stands beside it, so that a later engine can tell
// the two apart. Chapter 12.
public import DockerAPI
import FoundationEssentials
import Metadata
import ShimProtocol

/// What a container is, from its creation to its removal. The name is not in it, for it can change.
public struct ContainerRecord: Codable, Sendable {
    /// 64 hex digits.
    public var id: String
    public var createdNanoseconds: Int64
    /// The image's id, `sha256:…`.
    public var image: String
    /// Merged with the image's.
    public var config: ContainerConfig
    /// Completed with defaults.
    public var host: HostConfig
    public var path: String
    public var arguments: [String]
    public var mounts: [MountPoint]
    /// What else is known of mounts, by their destination.
    var mountDetails: [String: MountDetail]?
    /// What it asks of which networks, in this order.
    public var networks: [AskedNetwork]
}

/// What the database says of one container.
struct StoredContainer: Sendable {
    var record: ContainerRecord
    var name: String
    /// `making` until all of it is there, then `ready`; `removing` when it is on its way out.
    var stage: Stage
    /// What was asked for last: that it runs.
    var shouldRun: Bool
    var past: Past

    enum Stage: String, Sendable { case making, ready, removing }
}

/// The containers' table. `request` is the body of the create request.
let containersSchema = Schema(
    store: "containers",
    migrations: [
        """
        CREATE TABLE containers (
            id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, image TEXT NOT NULL, stage TEXT NOT NULL, shouldRun INTEGER NOT NULL DEFAULT 0,
            request TEXT NOT NULL, record TEXT NOT NULL, past TEXT NOT NULL
        ) STRICT;
        CREATE INDEX containersByImage ON containers (image);
        """
    ])

extension Transaction {
    /// Takes id and name at once; a name that is taken breaks the table's rule.
    func insertContainer(_ container: StoredContainer, request: String) throws(MetadataError) {
        try run(
            "INSERT INTO containers (id, name, image, stage, request, record, past) VALUES (?, ?, ?, ?, ?, ?, ?)", container.record.id, container.name,
            container.record.image, container.stage.rawValue, request, json(container.record), json(container.past))
    }

    func holder(ofContainerName name: String) throws(MetadataError) -> String? {
        try first("SELECT id FROM containers WHERE name = ?", name) { (row) throws(MetadataError) in try row.text("id") }
    }

    func setStage(_ stage: StoredContainer.Stage, of id: String) throws(MetadataError) {
        try run("UPDATE containers SET stage = ? WHERE id = ?", stage.rawValue, id)
    }

    func setRun(_ shouldRun: Bool, _ past: Past, of id: String) throws(MetadataError) {
        try run("UPDATE containers SET shouldRun = ?, past = ? WHERE id = ?", shouldRun, json(past), id)
    }

    /// Writes what of a container has changed beside its state: limits, policies, networks.
    func setRecord(_ record: ContainerRecord, of id: String) throws(MetadataError) {
        try run("UPDATE containers SET record = ?, image = ? WHERE id = ?", json(record), record.image, id)
    }

    func renameContainer(_ id: String, to name: String) throws(MetadataError) {
        try run("UPDATE containers SET name = ? WHERE id = ?", name, id)
    }

    func deleteContainer(_ id: String) throws(MetadataError) { try run("DELETE FROM containers WHERE id = ?", id) }

    func storedContainers() throws(MetadataError) -> [StoredContainer] {
        try rows("SELECT * FROM containers") { (row) throws(MetadataError) in
            StoredContainer(
                record: try value(row.text("record")), name: try row.text("name"), stage: StoredContainer.Stage(rawValue: try row.text("stage")) ?? .ready,
                shouldRun: try row.bool("shouldRun"), past: try value(row.text("past")))
        }
    }

    /// The containers of all images, for the image store.
    func containerImages() throws(MetadataError) -> [(id: String, image: String)] {
        try rows("SELECT id, image FROM containers WHERE stage <> 'removing'") { (row) throws(MetadataError) in
            (id: try row.text("id"), image: try row.text("image"))
        }
    }
}

/// A value of ours as text; it always encodes.
func json(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do { return String(decoding: try encoder.encode(value), as: UTF8.self) } catch { preconditionFailure("cannot encode a record: \(error)") }
}

private func value<Value: Decodable>(_ text: String) throws(MetadataError) -> Value {
    do { return try JSONDecoder().decode(Value.self, from: Data(text.utf8)) } catch { throw .corrupt("a container's record cannot be read: \(error)") }
}
