// What the content store refuses, and the one place that tells a missing file from other trouble.

public import Digests
import Glibc
public import Linux

/// Why a blob could not be stored or found.
public enum ContentError: Error, Equatable, CustomStringConvertible {
    /// The kernel refused: a full disk, an unreadable directory.
    case kernel(KernelError)
    /// No blob has this digest.
    case notFound(Digest)
    /// The bytes are not those that were promised, or no longer those that were stored.
    case mismatch(expected: Digest, found: Digest)
    /// More or fewer bytes than were promised.
    case wrongSize(expected: Int, found: Int)
    /// The blob is too long to be read at once.
    case tooLong(Digest, limitBytes: Int)
    /// The writer was committed or discarded before.
    case closed

    public var description: String {
        switch self {
        case .kernel(let error): "content: \(error)"
        case .notFound(let digest): "content: no blob \(digest)"
        case .mismatch(let expected, let found): "content: digest mismatch: expected \(expected), found \(found)"
        case .wrongSize(let expected, let found): "content: wrong size: expected \(expected) bytes, found \(found)"
        case .tooLong(let digest, let limit): "content: blob \(digest) has more than \(limit) bytes"
        case .closed: "content: the blob was committed or discarded before"
        }
    }
}

extension KernelError {
    /// Nothing lies at the path.
    var isMissing: Bool { errno == ENOENT }
}

/// Runs kernel calls, wrapping their error.
func kernel<Result: ~Copyable>(_ body: () throws(KernelError) -> Result) throws(ContentError) -> Result {
    do throws(KernelError) { return try body() } catch { throw .kernel(error) }
}
