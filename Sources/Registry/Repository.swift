// One repository of one registry: its manifests and blobs, to be read. chapter 08
import Credentials
public import OCI
import Synchronization

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
    private let conversation: Conversation

    init(_ name: Reference, _ credential: Credential?, _ transport: Transport, _ tokens: TokenStore) {
        (self.name, conversation) = (name, Conversation(name, credential, transport, tokens))
    }

    /// Fetches a manifest or an index, and compares it with its digest.
    ///
    /// - Parameter tagOrDigest: which; the name's own digest, or else its tag (`latest`), where nil
    /// - Returns: at most 4 MiB
    /// - Throws: `notFound`, `denied`, `unauthorized`; `malformed` for what is no manifest or one of schema 1; `digestMismatch`; `tooLong`
    public func manifest(_ tagOrDigest: String? = nil) async throws(RegistryError) -> FetchedManifest {
        try await fetchManifest(name, tagOrDigest ?? name.digest ?? name.tag ?? "latest", conversation.session())
    }

    /// All tags of the repository, in the registry's order.
    ///
    /// - Throws: `notFound`, `denied`, `unauthorized`; `malformed` for what is no list, `tooLong` for more than ten thousand
    public func tags() async throws(RegistryError) -> [String] { try await fetchTags(name, conversation.session()) }

    /// Opens a blob. Its bytes come as they are read, and are *not* yet compared with its digest: whoever keeps them does that while they pass.
    ///
    /// - Parameter descriptor: as the manifest has it
    /// - Throws: `notFound`, `denied`, `unauthorized`; `tooLong` and `tooShort` where the registry has a blob of another size
    public func blob(_ descriptor: ContentDescriptor) async throws(RegistryError) -> BlobStream {
        let source = try await BlobSource(name, descriptor, conversation.session())
        return BlobStream(descriptor: descriptor, source: source, first: try await source.open(from: 0))
    }
}

/// The session of a repository, begun when it is needed first.
private final class Conversation: Sendable {
    private let begin: @Sendable () async throws(RegistryError) -> Session
    private let begun = Mutex<Session?>(nil)

    init(_ name: Reference, _ credential: Credential?, _ transport: Transport, _ tokens: TokenStore) {
        begin = { () async throws(RegistryError) in
            try await Session(name.domain, scope: "repository:\(name.path):pull", credential, transport, tokens)
        }
    }

    func session() async throws(RegistryError) -> Session {
        if let session = begun.withLock({ $0 }) { return session }
        let session = try await begin()
        begun.withLock { $0 = session }
        return session
    }
}
