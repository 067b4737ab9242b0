// What the image store refuses, in the words that Docker's clients match on. The HTTP status belongs to the edge; the case says enough for it.

public import Content
public import Digests
public import Metadata
import OCI
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

    public var description: String {
        switch self {
        case .notFound(let text): "No such image: \(text)"
        case .ambiguous(let text): "multiple IDs found with provided prefix: \(text)"
        case .conflict(let text): "conflict: \(text)"
        case .invalid(let text): text
        case .damaged(let image, let text): "images: \(image) is damaged: \(text)"
        case .content(let error): "images: \(error)"
        case .metadata(let error): "images: \(error)"
        case .snapshots(let error): "images: \(error)"
        }
    }
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
