// One repository of one registry: its manifests and blobs, to be read. chapter 08
public import OCI

/// A manifest or an index as the registry has it.
public struct FetchedManifest: Sendable, Equatable {
    /// Its media type, digest and length.
    public let descriptor: ContentDescriptor
    /// The bytes that the digest is of.
    public let bytes: [UInt8]
}

/// A repository as a credential sees it.
public struct Repository: Sendable {
    /// The name it was opened with.
    public let name: Reference

    /// Fetches a manifest or an index, and compares it with its digest.
    ///
    /// - Parameter tagOrDigest: which; the name's own digest, or else its tag (`latest`), where nil
    /// - Returns: at most 4 MiB
    /// - Throws: `notFound`, `denied`, `unauthorized`; `malformed` for what is no manifest or one of schema 1; `digestMismatch`; `tooLong`
    public func manifest(_ tagOrDigest: String? = nil) async throws(RegistryError) -> FetchedManifest {
        throw .cancelled
    }

    /// Opens a blob. Its bytes come as they are read, and are *not* yet compared with its digest: whoever keeps them does that while they pass.
    ///
    /// - Parameter descriptor: as the manifest has it
    /// - Throws: `notFound`, `denied`, `unauthorized`; `tooLong` and `tooShort` where the registry has a blob of another size
    public func blob(_ descriptor: ContentDescriptor) async throws(RegistryError) -> BlobStream {
        throw .cancelled
    }
}
