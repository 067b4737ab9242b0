// A blob's bytes on their way. Where the connection breaks, the rest is asked for with `Range`; whoever reads does not notice. chapter 08
public import OCI

/// The bytes of a blob in chunks as they come, to be read once. Never more than the descriptor promises, and an error where there are fewer.
/// Reading no further closes the connection.
public struct BlobStream: AsyncSequence, Sendable {
    public typealias Element = [UInt8]
    public typealias Failure = RegistryError

    /// What is being read.
    public let descriptor: ContentDescriptor
    let source: BlobSource
    let first: BlobPart

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(source: source, part: first) }

    /// Takes chunks one by one.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let source: BlobSource
        private var part: BlobPart
        /// How many bytes of `part` are known already.
        private var known: Int64
        private var offset: Int64 = 0
        /// Bytes since the connection broke last.
        private var progress = 0
        private var patience: Patience
        private var isOver = false

        init(source: BlobSource, part: BlobPart) {
            (self.source, self.part, known, patience) = (source, part, part.known, source.patience)
        }

        /// The next chunk, or nil after the last.
        /// - Throws: `RegistryError`, when attempts to go on have failed too
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(RegistryError) -> [UInt8]? {
            while !isOver {
                do throws(RegistryError) {
                    guard let chunk = try await part.body.next() else {
                        if offset == source.size { break }
                        throw .unreachable("\(part.words): unexpected EOF")
                    }
                    if let news = try news(in: chunk) { return news }
                } catch {
                    if offset == source.size, error != .cancelled, !isTooLong(error) { break }
                    try await goOn(after: error, isolation: actor)
                }
            }
            isOver = true
            return nil
        }

        private func isTooLong(_ error: RegistryError) -> Bool { if case .tooLong = error { true } else { false } }

        /// What is new in a chunk; nil where nothing is.
        private mutating func news(in chunk: [UInt8]) throws(RegistryError) -> [UInt8]? {
            let repeated = Int(Swift.min(known, Int64(chunk.count)))
            known -= Int64(repeated)
            let count = chunk.count - repeated
            guard offset + Int64(count) <= source.size else { throw source.tooLong("more than \(source.size)") }
            offset += Int64(count)
            progress += count
            if progress >= 65_536 { patience.refill() }
            guard count > 0 else { return nil }
            return repeated == 0 ? chunk : Array(chunk.dropFirst(repeated))
        }

        /// Opens the blob again, from where it broke off.
        private mutating func goOn(after error: RegistryError, isolation: isolated (any Actor)?) async throws(RegistryError) {
            part.body.end(error)
            guard let pause = patience.pause(after: ExchangeFailure(error: error, isTransient: error.isTransient)) else {
                isOver = true
                throw error.at(offset, of: source.size)
            }
            do { try await Task.sleep(for: pause) } catch { throw .cancelled }
            part = try await source.open(from: offset)
            (known, progress) = (part.known, 0)
        }
    }
}

extension RegistryError {
    /// Whether a body that ended so may be had another time.
    fileprivate var isTransient: Bool {
        switch self {
        case .unreachable, .stalled: true
        default: false
        }
    }

    fileprivate func at(_ offset: Int64, of size: Int64) -> RegistryError {
        switch self {
        case .unreachable(let text): .unreachable("\(text) (after \(offset) of \(size) bytes)")
        case .stalled(let text): .stalled("\(text) (after \(offset) of \(size) bytes)")
        default: self
        }
    }
}
