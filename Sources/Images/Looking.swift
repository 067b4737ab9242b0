// An image as a registry has it, without its layers: the documents that lead to it and its configuration, each named by a digest in the one before.
// Looked at, not kept: nothing of it reaches the store. The choice among platforms is the one that a pull makes. Chapter 08.

import Digests
public import OCI
public import Registry

/// The documents of an image in a registry.
public struct RemoteImage: Sendable {
    /// What the name stands for first, then indexes within, the manifest last.
    public let documents: [FetchedManifest]
    /// What the last document says.
    public let manifest: Manifest
    /// The configuration as it came; its digest is the image's id.
    public let configurationBytes: [UInt8]
    /// What the configuration says.
    public let configuration: ImageConfiguration

    /// Fetches them.
    ///
    /// - Parameters:
    ///   - repository: with the name that is meant
    ///   - platform: which image of an index
    /// - Throws: `.noMatch` where there is none for the platform, `.unusable`, `.registry`
    public static func look(in repository: Repository, for platform: Platform) async throws(ImagesError) -> RemoteImage {
        let top: FetchedManifest
        do throws(RegistryError) { top = try await repository.manifest() } catch { throw ImagesError(error) }
        var choice = Choice(repository, platform)
        let chosen = try await choice.choose(top)
        let bytes = try await small(chosen.manifest.config, from: repository)
        return RemoteImage(
            documents: chosen.documents, manifest: chosen.manifest, configurationBytes: bytes,
            configuration: try decode(ImageConfiguration.self, bytes, of: Digest(of: bytes)))
    }

    /// What an image's configuration says.
    static func configuration(_ descriptor: ContentDescriptor, from repository: Repository) async throws(ImagesError) -> ImageConfiguration {
        let bytes = try await small(descriptor, from: repository)
        return try decode(ImageConfiguration.self, bytes, of: Digest(of: bytes))
    }

    /// A blob that is read into memory and compared with its digest.
    private static func small(_ descriptor: ContentDescriptor, from repository: Repository) async throws(ImagesError) -> [UInt8] {
        guard descriptor.size <= 8 << 20 else { throw .unusable("configuration \(descriptor.digest): \(descriptor.size) bytes are no configuration") }
        var bytes: [UInt8] = []
        do throws(RegistryError) {
            for try await chunk in try await repository.blob(descriptor) { bytes += chunk }
        } catch {
            throw ImagesError(error)
        }
        guard Digest(of: bytes).description == descriptor.digest else { throw .unusable("configuration \(descriptor.digest): the bytes are others") }
        return bytes
    }
}

extension Index {
    /// Reads an index that `RemoteImage` found; nil for a document that is none.
    public init?(_ fetched: FetchedManifest) {
        guard case .index(let index) = try? Document(fetched) else { return nil }  // then it is a manifest, or nothing
        self = index
    }
}
