// Reading a layer without making anything of it: its entries in their order, each with what its name means, and at the end the digest of the
// plain tar. This is what `tar -t` shows, in the words of layers. Chapter 07.

public import Digests
public import Linux

/// An entry of a layer as the tar tells it.
public struct LayerEntry: Sendable, Equatable {
    /// The path as it stands there.
    public let path: FilePath
    /// What the name asks for; nil for a name that unpacking would refuse.
    public let meaning: EntryName?
    /// What it is: `file`, `directory`, `link` (symbolic), `hard link`, `device`, `fifo`, `socket`.
    public let kind: String
    /// Permissions with setuid, setgid and sticky.
    public let mode: UInt32
    /// Owner.
    public let user: Int64
    /// Group.
    public let group: Int64
    /// Last change, in seconds since 1970.
    public let seconds: Int64
    /// Bytes of a file, holes included.
    public let bytes: Int64
    /// What a link leads to, or a device's numbers (`5:1`).
    public let target: String?
    /// Names of extended attributes.
    public let attributes: [String]
}

/// Goes through a layer's entries.
/// - Parameter layer: open for reading: tar, plain or compressed
/// - Returns: the digest of the plain tar, the layer's DiffID.
/// - Throws: `.damaged`; `.limit` for a tar that is longer than `limits` allow.
public func listLayer(_ layer: FileDescriptor, limits: UnpackLimits = .standard, _ body: (LayerEntry) -> Void) throws(ArchiveError) -> Digest {
    let stream = try LayerStream(layer, limits)
    let reader = try TarReader(stream)
    while let entry = try reader.next() { body(LayerEntry(entry)) }
    return try stream.finish()
}

extension LayerEntry {
    fileprivate init(_ entry: Entry) {
        let (kind, target) = words(for: entry.kind)
        let meaning: EntryName?
        do throws(RefusedName) { meaning = try EntryName(entry.path) } catch { meaning = nil }
        self.init(
            path: entry.path, meaning: meaning, kind: kind, mode: entry.mode, user: entry.user, group: entry.group, seconds: entry.seconds, bytes: entry.bytes,
            target: target, attributes: entry.attributes.map(\.name))
    }
}

private func words(for kind: Entry.Kind) -> (kind: String, target: String?) {
    switch kind {
    case .file: ("file", nil)
    case .directory: ("directory", nil)
    case .symbolicLink(let target): ("link", String(decoding: target.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
    case .hardLink(let target): ("hard link", target.string)
    case .characterDevice(let major, let minor), .blockDevice(let major, let minor): ("device", "\(major):\(minor)")
    case .fifo: ("fifo", nil)
    case .socket: ("socket", nil)
    }
}
