// Where a blob comes from, from any byte on. A registry may answer a `Range` with just that (206), ignore it and send all again (200), or say
// that there is no such range (416); how long the blob is in truth, each of them tells, and a length other than the manifest's is an error before
// a byte was taken. RFC 9110 §14. chapter 08
import Digests
import HTTP
import OCI

/// A body that is on its way.
struct BlobPart: Sendable {
    let body: AnswerBody
    /// Bytes at its beginning that have been read before.
    let known: Int64
    let words: String
}

/// One blob of a repository.
struct BlobSource: Sendable {
    let size: Int64
    private let subject: String, address: WebAddress
    private let session: Session

    init(_ name: Reference, _ descriptor: ContentDescriptor, _ session: Session) throws(RegistryError) {
        guard let digest = Digest(descriptor.digest), descriptor.size >= 0 else {
            throw .malformed("\(name.familiarName): blob with digest \"\(descriptor.digest)\" and \(descriptor.size) bytes: unsupported digest or size")
        }
        (size, self.session) = (descriptor.size, session)
        (subject, address) = ("blob \(digest) of \(name.familiarName)", session.address("/v2/\(name.path)/blobs/\(digest)"))
    }

    var patience: Patience { Patience(session.transport.settings) }

    /// Asks for it.
    ///
    /// - Parameters:
    ///   - offset: how many bytes are there already
    ///   - byRange: whether to ask for the rest only
    func open(from offset: Int64, byRange: Bool = true) async throws(RegistryError) -> BlobPart {
        var question = Question(address: address, purpose: .blob(from: offset), headers: ["Accept-Encoding": "identity"])
        if offset > 0, byRange { question.headers["Range"] = "bytes=\(offset)-" }
        let answer = try await session.ask(question)
        let range = ContentRange(answer.headers["Content-Range"])
        switch answer.status {
        case 200:
            try check(answer.headers["Content-Length"].flatMap { Int64($0) })
            return BlobPart(body: answer.body, known: offset, words: answer.question.words)
        case 206:
            guard let start = range?.start, start <= offset else { throw .malformed("\(subject): asked for bytes from \(offset), got others") }
            try check(range?.total)
            return BlobPart(body: answer.body, known: offset - start, words: answer.question.words)
        case 416 where byRange && offset > 0:
            try check(range?.total)
            return try await open(from: offset, byRange: false)
        default: throw answer.refusal()
        }
    }

    private func check(_ total: Int64?) throws(RegistryError) {
        guard let total, total != size else { return }
        throw total > size ? tooLong("\(total)") : tooShort(total)
    }

    func tooLong(_ count: String) -> RegistryError { .tooLong("\(subject): the registry has \(count) bytes, the manifest promises \(size)") }
    func tooShort(_ count: Int64) -> RegistryError { .tooShort("\(subject): the registry has \(count) bytes, the manifest promises \(size)") }
}

/// `bytes 100-199/200`, `bytes 100-199/*` or `bytes */200`.
struct ContentRange: Equatable {
    let start: Int64?, total: Int64?

    init?(_ text: String?) {
        guard let text, text.hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        (start, total) = (Int64(parts[0].prefix { $0 != "-" }), Int64(parts[1]))
    }
}
