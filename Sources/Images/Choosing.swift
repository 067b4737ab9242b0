// What a name stands for at a registry: an image's manifest, or an index that offers several, one for each platform. An index may name further
// indexes; how deep and how many is bounded, for a registry may be hostile. A document that is both manifest and index is refused, as two
// readers would see two images in it (CVE-2021-41190). Attestations are manifests for the platform `unknown/unknown`, and fit nothing.
//
// https://github.com/opencontainers/image-spec/blob/main/image-index.md · chapter 08

import Digests
import FoundationEssentials
import OCI
import Registry

/// The image that was chosen.
struct ChosenImage: Sendable {
    /// The manifest of one image.
    let manifest: Manifest
    /// Every document that led to it, what the name stands for first, the manifest last.
    let documents: [FetchedManifest]
}

/// A document of a registry.
enum Document {
    case index(Index)
    case manifest(Manifest)

    init(_ fetched: FetchedManifest) throws(ImagesError) {
        func fail(_ why: String) -> ImagesError { .unusable("manifest \(fetched.descriptor.digest): \(why)") }
        let data = Data(fetched.bytes)
        do {
            let shape = try JSONDecoder().decode(Shape.self, from: data)
            guard shape.schemaVersion != 1, shape.fsLayers == nil else {
                throw fail("Docker Image Format v1 and Docker Image manifest version 2, schema 1 are not supported; have the image rebuilt or pushed anew")
            }
            guard shape.schemaVersion == 2 else { throw fail("schema version \(shape.schemaVersion.map { "\($0)" } ?? "none") is not supported") }
            guard shape.manifests == nil || (shape.layers == nil && shape.config == nil) else { throw fail("it is a manifest and an index at once") }
            let mediaType = shape.mediaType ?? fetched.descriptor.mediaType
            if shape.manifests != nil || MediaType.isIndex(mediaType) {
                self = .index(try JSONDecoder().decode(Index.self, from: data))
            } else if shape.config != nil {
                self = .manifest(try JSONDecoder().decode(Manifest.self, from: data))
            } else {
                throw fail("unsupported manifest format")
            }
        } catch let error as ImagesError {
            throw error
        } catch {
            throw fail("it is no manifest: \(reason(error))")
        }
    }

    /// Which members a document has.
    private struct Shape: Decodable {
        struct Anything: Decodable { init(from decoder: any Decoder) {} }
        var schemaVersion: Int?, mediaType: String?
        var manifests: Anything?, layers: Anything?, config: Anything?, fsLayers: Anything?
    }
}

/// A decoder's complaint in a few words.
func reason(_ error: any Error) -> String {
    func place(_ path: [any CodingKey]) -> String {
        path.isEmpty ? "" : path.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".") + ": "
    }
    return switch error {
    case DecodingError.keyNotFound(let key, let context): "\(place(context.codingPath))\(key.stringValue) is missing"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context): place(context.codingPath) + context.debugDescription
    default: "it is no valid JSON"
    }
}

/// Searches an index, and those within it, for a platform.
struct Choice {
    /// Indexes within indexes.
    static let greatestDepth = 4
    /// Documents fetched for one choice.
    static let mostDocuments = 32

    let repository: Repository
    let platform: Platform
    private var fetched = 0

    init(_ repository: Repository, _ platform: Platform) { (self.repository, self.platform) = (repository, platform) }

    /// - Throws: `.noMatch`, `.unusable`, `.registry`
    mutating func choose(_ top: FetchedManifest) async throws(ImagesError) -> ChosenImage {
        guard let chosen = try await search(top, above: []) else { throw .noMatch(platform) }
        return chosen
    }

    private mutating func search(_ document: FetchedManifest, above: [FetchedManifest]) async throws(ImagesError) -> ChosenImage? {
        let path = above + [document]
        switch try Document(document) {
        case .manifest(let manifest): return ChosenImage(manifest: manifest, documents: path)
        case .index(let index):
            guard path.count <= Self.greatestDepth else {
                throw .unusable("index \(path[0].descriptor.digest): more than \(Self.greatestDepth) indexes within one another")
            }
            for entry in fitting(index.manifests) {
                guard !path.contains(where: { $0.descriptor.digest == entry.digest }) else {
                    throw .unusable("index \(document.descriptor.digest): cyclic: it leads back to \(entry.digest)")
                }
                if let found = try await search(try await fetch(entry), above: path) { return found }
            }
            return nil
        }
    }

    /// What may run here, the best first; entries without platform last, as Docker has it.
    private func fitting(_ entries: [ContentDescriptor]) -> [ContentDescriptor] {
        let ranked = entries.enumerated().compactMap { place, entry -> (rank: Int, place: Int, entry: ContentDescriptor)? in
            guard MediaType.isManifest(entry.mediaType) || MediaType.isIndex(entry.mediaType), entry.annotations?["vnd.docker.reference.type"] == nil else {
                return nil
            }
            guard let offered = entry.platform else { return (.max, place, entry) }
            return platform.rank(of: offered).map { ($0, place, entry) }
        }
        return ranked.sorted { ($0.rank, $0.place) < ($1.rank, $1.place) }.map(\.entry)
    }

    private mutating func fetch(_ entry: ContentDescriptor) async throws(ImagesError) -> FetchedManifest {
        fetched += 1
        guard fetched <= Self.mostDocuments else { throw .unusable("index: more than \(Self.mostDocuments) manifests to look at for one image") }
        guard Digest(entry.digest) != nil else { throw .unusable("unsupported digest \(entry.digest): only sha256 is understood") }
        let found: FetchedManifest
        do throws(RegistryError) { found = try await repository.manifest(entry.digest) } catch { throw ImagesError(error) }
        guard Int64(found.bytes.count) == entry.size else {
            throw .unusable("manifest \(entry.digest): it has \(found.bytes.count) bytes instead of the promised \(entry.size)")
        }
        return found
    }
}
