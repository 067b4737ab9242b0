// Fetching a manifest: a few kilobytes from which everything else is found, so they are looked at closely. The bytes must be those that the
// digest names (the one we asked for, or the one that the registry tells with a tag), not too many, and one of the four kinds of document that
// there are; something that is two at once is a trap: an image for one reader, an index for the next.
// distribution-spec, "Pulling manifests"; image-spec, manifest.md. chapter 08
import Digests
import FoundationEssentials
import HTTP
import OCI

/// What we take, the newer first.
private let kinds = [MediaType.index, MediaType.manifest, MediaType.dockerIndex, MediaType.dockerManifest]
private let manifestLimit = 4 << 20

/// Fetches the manifest `which` (a tag or a digest) of a repository.
func fetchManifest(_ name: Reference, _ which: String, _ session: Session) async throws(RegistryError) -> FetchedManifest {
    let pin = Digest(which)
    guard pin != nil || Reference.isValid(tag: which) else { throw .malformed("\(name.familiarName): \"\(which)\" is neither a tag nor a digest") }
    let subject = "\(name.familiarName)\(pin == nil ? ":" : "@")\(which)"
    let question = Question(
        address: session.address("/v2/\(name.path)/manifests/\(which)"), purpose: .manifest, headers: ["Accept": kinds.joined(separator: ", ")])
    let answer = try await session.ask(question)
    guard answer.isSuccess else { throw answer.refusal(of: subject, repository: name.familiarName) }
    let bytes = try await manifestBytes(answer, subject)
    let digest = Digest(of: bytes)
    if let pin, pin != digest { throw .digestMismatch("manifest verification failed for digest \(pin): the registry's bytes have \(digest)") }
    if let told = answer.headers["Docker-Content-Digest"].flatMap({ Digest($0) }), told != digest {
        throw .digestMismatch("manifest for \(subject): the registry says \(told), its bytes have \(digest)")
    }
    let kind = try kind(of: bytes, answer.headers["Content-Type"], subject)
    return FetchedManifest(descriptor: ContentDescriptor(mediaType: kind, digest: "\(digest)", size: Int64(bytes.count)), bytes: bytes)
}

private func manifestBytes(_ answer: Answer, _ subject: String) async throws(RegistryError) -> [UInt8] {
    let promised = answer.headers["Content-Length"].flatMap { Int($0) }
    if let promised, promised > manifestLimit {
        throw .tooLong("manifest for \(subject) is too large: \(promised) bytes, and \(manifestLimit) are allowed")
    }
    let body = try await answer.body.collect(upTo: manifestLimit)
    guard body.isWhole else { throw .tooLong("manifest for \(subject) is too large: more than the \(manifestLimit) bytes that are allowed") }
    return body.bytes
}

/// The parts of a manifest by which its kind is known.
private struct Outline: Decodable {
    struct Part: Decodable {}
    let schemaVersion: Int?, mediaType: String?
    let manifests: [Part]?, layers: [Part]?, fsLayers: [Part]?
    let config: Part?
}

/// Which kind of document it is: what it says itself, or else what the registry says, or else what it looks like.
private func kind(of bytes: [UInt8], _ header: String?, _ subject: String) throws(RegistryError) -> String {
    let outline: Outline
    do { outline = try JSONDecoder().decode(Outline.self, from: Data(bytes)) } catch {
        throw .malformed("manifest for \(subject) is no manifest: \(excerpt(bytes))")
    }
    let told = header.map { String($0.prefix { $0 != ";" && $0 != " " }).lowercased() }
    if outline.schemaVersion == 1 || outline.fsLayers != nil {
        throw .malformed(
            "manifest for \(subject) has schema 1, which was given up in 2016 and is not supported: its author must push it again with a newer Docker")
    }
    guard outline.manifests == nil || (outline.layers == nil && outline.config == nil) else {
        throw .malformed("manifest for \(subject) is an image and an index at once")
    }
    if let own = outline.mediaType, let told, kinds.contains(told), own != told {
        throw .malformed("manifest for \(subject) calls itself \(own), the registry calls it \(told)")
    }
    let looks = outline.manifests != nil ? MediaType.index : outline.config != nil ? MediaType.manifest : nil
    guard let kind = outline.mediaType ?? told.flatMap({ kinds.contains($0) ? $0 : nil }) ?? looks, kinds.contains(kind) else {
        throw .malformed("manifest for \(subject): unsupported media type \(outline.mediaType ?? told ?? "")")
    }
    guard [MediaType.index, MediaType.dockerIndex].contains(kind) == (outline.manifests != nil) else {
        throw .malformed("manifest for \(subject): its contents are not those of \(kind)")
    }
    return kind
}
