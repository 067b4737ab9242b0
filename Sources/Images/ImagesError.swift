// What the image store refuses, in the words that Docker's clients match on. The HTTP status belongs to the edge; the case says enough for it.

public import Content
public import Digests
public import Metadata
public import OCI
public import Registry
public import Snapshots

/// Why an image could not be found, made or removed.
public enum ImagesError: Error, Equatable, CustomStringConvertible {
    /// Nothing has this name or id. Status 404.
    case notFound(String)
    /// Several images' ids begin with these digits. Status 400.
    case ambiguous(String)
    /// The image is in use. Status 409.
    case conflict(String)
    /// The caller's words make no sense: a bad name, a bad `changes` line. Status 400.
    case invalid(String)
    /// A stored image cannot be read any more.
    case damaged(Digest, String)
    /// The content store refused.
    case content(ContentError)
    /// The database refused.
    case metadata(MetadataError)
    /// The snapshot store refused, or the layer could not be unpacked.
    case snapshots(SnapshotsError)
    /// A layer could not be unpacked, or not be put on those below it.
    case layer(String, SnapshotsError)
    /// The registry refused, failed, or could not be reached; in dockerd's words. Status 404 for `notFound` and `denied`, else 500.
    case registry(RegistryError)
    /// What the registry gave is no image that could be used: wrong bytes, a document that contradicts itself.
    case unusable(String)
    /// An index has nothing for this platform.
    case noMatch(Platform)
    /// Whoever wanted it has gone.
    case cancelled

    public var description: String {
        switch self {
        case .notFound(let text): "No such image: \(text)"
        case .ambiguous(let text): "multiple IDs found with provided prefix: \(text)"
        case .conflict(let text): "conflict: \(text)"
        case .invalid(let text): text
        case .damaged(let image, let text): "images: \(image) is damaged: \(text)"
        case .content(let error): "images: \(inGo("\(error)"))"
        case .metadata(.diskFull(let text)): "images: database: \(text): \(noSpace)"
        case .metadata(let error): "images: \(error)"
        case .snapshots(.metadata(.diskFull(let text))): "images: database: \(text): \(noSpace)"
        case .snapshots(let error): "images: \(inGo("\(error)"))"
        case .layer(let digest, .metadata(.diskFull(let text))): "failed to register layer \(digest): database: \(text): \(noSpace)"
        case .layer(let digest, let error): "failed to register layer \(digest): \(inGo("\(error)"))"
        case .registry(let error): "\(error)"
        case .unusable(let text): text
        case .noMatch(let platform): "no matching manifest for \(platform) in the manifest list entries"
        case .cancelled: "context canceled"
        }
    }

    /// A registry's error, of which only the cancelling is ours.
    init(_ error: RegistryError) {
        self = error == .cancelled ? .cancelled : .registry(error)
    }

    /// Whether another registry might do better.
    var isOfRegistry: Bool {
        if case .registry = self { true } else { false }
    }
}

/// Go's word for ENOSPC, which Docker's clients and scripts look for.
private let noSpace = "no space left on device"

/// The C library's words for ENOSPC, as Go spells them.
private func inGo(_ text: String) -> String {
    let ours = "No space left on device"
    return text.hasSuffix(ours) ? text.dropLast(ours.count) + noSpace : text
}

/// Runs a transaction, wrapping its error.
func stored<Result>(_ body: () throws(MetadataError) -> Result) throws(ImagesError) -> Result {
    do throws(MetadataError) { return try body() } catch { throw .metadata(error) }
}

/// Uses the content store, wrapping its error.
func content<Result: ~Copyable>(_ body: () throws(ContentError) -> Result) throws(ImagesError) -> Result {
    do throws(ContentError) { return try body() } catch { throw .content(error) }
}

/// Uses the snapshot store, wrapping its error.
func snapshots<Result>(_ body: () throws(SnapshotsError) -> Result) throws(ImagesError) -> Result {
    do throws(SnapshotsError) { return try body() } catch { throw .snapshots(error) }
}

/// Reads a name as people type it, with Docker's words where it is none.
func reference(_ text: String) throws(ImagesError) -> Reference {
    do throws(ReferenceError) { return try Reference(parsing: text) } catch { throw .invalid(error.description) }
}
