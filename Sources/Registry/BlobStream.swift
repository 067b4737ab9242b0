// A blob's bytes on their way. Where the connection breaks, the rest is asked for with `Range`; whoever reads does not notice. chapter 08
public import OCI

/// The bytes of a blob in chunks as they come, to be read once. Never more than the descriptor promises, and an error where there are fewer.
public struct BlobStream: AsyncSequence, Sendable {
    public typealias Element = [UInt8]
    public typealias Failure = RegistryError

    /// What is being read.
    public let descriptor: ContentDescriptor

    /// Takes chunks one by one.
    public struct AsyncIterator: AsyncIteratorProtocol {
        /// The next chunk, or nil after the last.
        /// - Throws: `RegistryError`, when attempts to go on have failed too
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(RegistryError) -> [UInt8]? {
            throw .cancelled
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator() }
}
