// The rows of volumes and of their users. Part of the caller's transaction. Chapter 10.

import FoundationEssentials
import Metadata

/// That a container has a volume.
public struct VolumeUse: Sendable, Equatable {
    /// The container's id.
    public let container: String
    /// Whether nobody named the volume to this container: `docker rm -v` takes such a one along.
    public let isAnonymous: Bool

    /// A use.
    public init(container: String, isAnonymous: Bool) { (self.container, self.isAnonymous) = (container, isAnonymous) }
}

extension Transaction {
    func volumes() throws(MetadataError) -> [Volume] {
        try rows("SELECT * FROM volumes WHERE stage IN ('ready', 'filling') ORDER BY name", decode: volume)
    }

    func volume(named name: String) throws(MetadataError) -> Volume? {
        try first("SELECT * FROM volumes WHERE name = ? AND stage IN ('ready', 'filling')", name, decode: volume)
    }

    private func volume(_ row: Row) throws(MetadataError) -> Volume {
        Volume(
            name: try row.text("name"), createdNanoseconds: Int64(try row.int("created")), labels: try words(row.text("labels")),
            options: try words(row.text("options")))
    }

    func insert(_ volume: Volume, stage: String = "making") throws(MetadataError) {
        try run(
            "INSERT INTO volumes (name, stage, created, labels, options) VALUES (?, ?, ?, ?, ?)", volume.name, stage, volume.createdNanoseconds,
            text(volume.labels), text(volume.options))
    }

    /// A container may have a volume at several places, and it is named if one of them names it. Before the container's first run an unnamed one
    /// holds nothing but a copy of the image's files, so it goes if the container is found gone.
    func insert(_ use: VolumeUse, of volume: String) throws(MetadataError) {
        try run(
            """
            INSERT INTO volume_users (volume, container, anonymous, goes) VALUES (?1, ?2, ?3, ?3)
            ON CONFLICT DO UPDATE SET anonymous = min(anonymous, excluded.anonymous), goes = min(goes, excluded.goes)
            """, volume, use.container, use.isAnonymous)
    }

    func users() throws(MetadataError) -> [String: [String]] {
        let pairs = try rows("SELECT volume, container FROM volume_users ORDER BY volume, container") { (row) throws(MetadataError) in
            (volume: try row.text("volume"), container: try row.text("container"))
        }
        return Dictionary(grouping: pairs, by: \.volume).mapValues { $0.map(\.container) }
    }

    func users(of volume: String) throws(MetadataError) -> [String] {
        try rows("SELECT container FROM volume_users WHERE volume = ? ORDER BY container", volume) { (row) throws(MetadataError) in try row.text("container") }
    }
}

/// A dictionary as text; it always encodes.
private func text(_ words: [String: String]) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do { return String(decoding: try encoder.encode(words), as: UTF8.self) } catch { preconditionFailure("cannot encode words: \(error)") }
}

private func words(_ text: String) throws(MetadataError) -> [String: String] {
    do { return try JSONDecoder().decode([String: String].self, from: Data(text.utf8)) } catch { throw .corrupt("a volume's words cannot be read: \(error)") }
}
