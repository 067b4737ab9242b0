// Blobs from a registry into the content store. The bytes come in small pieces from the network; they are gathered into blocks, and each block
// is hashed and written by a thread that may wait, while the next one gathers: so memory is bounded by two blocks a download, and a slow disk
// slows the network down. Nothing is visible before its digest and its size are right. Chapter 08.

import Content
import Digests
import Linux
import OCI
import Offload
import Registry

/// A blob as a manifest promises it.
struct BlobKey: Hashable, Sendable {
    let digest: Digest
    let sizeBytes: Int64

    /// - Throws: `.unusable` where the descriptor cannot be meant
    init(_ descriptor: ContentDescriptor) throws(ImagesError) {
        guard let digest = Digest(descriptor.digest) else { throw .unusable("unsupported digest \(descriptor.digest): only sha256 is understood") }
        guard descriptor.size >= 0 else { throw .unusable("blob \(digest): a size of \(descriptor.size) bytes makes no sense") }
        (self.digest, sizeBytes) = (digest, descriptor.size)
    }
}

extension Puller {
    /// A blob in the content store, fetched unless it is there or on its way already.
    ///
    /// - Parameters:
    ///   - slots: the pull's places for downloads; nil for what needs none, such as a configuration
    ///   - report: where it is
    func download(
        _ descriptor: ContentDescriptor, from repository: Repository, _ slots: Slots?, report: @escaping @Sendable (LayerProgress) -> Void = { _ in }
    ) async throws(ImagesError) -> Blob {
        let key = try BlobKey(descriptor)
        return try await downloads.ride(key, owner: repository.name.name, watch: report) { (report) throws(ImagesError) in
            if let blob = try await self.stored(key) {
                report(.downloadComplete)
                return blob
            }
            guard let slots else { return try await self.fetch(descriptor, key, repository, report) }
            return try await slots.within(waiting: { report(.waiting) }) { () throws(ImagesError) in
                try await self.fetch(descriptor, key, repository, report)
            }
        } use: { (blob) throws(ImagesError) in
            blob
        }
    }

    private func stored(_ key: BlobKey) async throws(ImagesError) -> Blob? {
        let store = images.blobs
        return try await offload { () throws(ImagesError) in
            guard let blob = try content({ () throws(ContentError) in try store.hold(key.digest) }) else { return nil }
            guard Int64(blob.sizeBytes) == key.sizeBytes else { throw ImagesError.wrongSize(key, found: Int64(blob.sizeBytes)) }
            return blob
        }
    }

    private func fetch(
        _ descriptor: ContentDescriptor, _ key: BlobKey, _ repository: Repository, _ report: @escaping @Sendable (LayerProgress) -> Void
    ) async throws(ImagesError) -> Blob {
        let store = images.blobs
        let stream: BlobStream
        do throws(RegistryError) { stream = try await repository.blob(descriptor) } catch { throw ImagesError(error, of: key) }
        let writer = try await offload { () throws(ImagesError) in try content { () throws(ContentError) in try store.ingest() } }
        do throws(ImagesError) {
            try await copy(stream, key, into: writer, report)
            report(.verifying)
            let blob = try await offload { () throws(ImagesError) in try commit(writer, key) }
            report(.downloadComplete)
            return blob
        } catch {
            await offload { writer.discard() }
            throw error
        }
    }

    private func copy(
        _ stream: BlobStream, _ key: BlobKey, into writer: BlobWriter, _ report: @escaping @Sendable (LayerProgress) -> Void
    ) async throws(ImagesError) {
        var blocks = BlockWriter(writer), pace = Pace(), current: Int64 = 0
        let total = key.sizeBytes
        do throws(ImagesError) {
            var chunks = stream.makeAsyncIterator()
            while let chunk = try await next(&chunks, key) {
                try await blocks.add(chunk)
                current += Int64(chunk.count)
                if pace.isDue || current == total { report(.downloading(current: current, total: total)) }
            }
            try await blocks.finish()
        } catch {
            await blocks.settle()
            throw error.named(key)
        }
    }

    private func next(_ chunks: inout BlobStream.AsyncIterator, _ key: BlobKey) async throws(ImagesError) -> [UInt8]? {
        guard !Task.isCancelled else { throw .cancelled }
        do throws(RegistryError) { return try await chunks.next(isolation: nil) } catch { throw ImagesError(error, of: key) }
    }
}

/// Compares what came with what was promised, and makes it visible.
private func commit(_ writer: BlobWriter, _ key: BlobKey) throws(ImagesError) -> Blob {
    do throws(ContentError) {
        return try writer.commit(expected: key.digest, sizeBytes: Int(key.sizeBytes))
    } catch {
        switch error {
        case .mismatch(_, let found):
            throw .unusable("filesystem layer verification failed for digest \(key.digest): what the registry sent has \(found)")
        case .wrongSize(_, let found): throw .wrongSize(key, found: Int64(found))
        default: throw .content(error)
        }
    }
}

extension ImagesError {
    /// A registry's error about a blob, which is named where the registry does not.
    fileprivate init(_ error: RegistryError, of key: BlobKey) {
        let text = "\(error)", named = text.contains(key.digest.hex) ? text : "blob \(key.digest): \(text)"
        switch error {
        case .cancelled: self = .cancelled
        case .unreachable: self = .registry(.unreachable(named))
        case .notFound: self = .registry(.notFound(named))
        case .denied: self = .registry(.denied(named))
        case .unauthorized: self = .registry(.unauthorized(named))
        case .tooMany: self = .registry(.tooMany(named))
        case .server(let status, _): self = .registry(.server(status: status, named))
        case .malformed: self = .registry(.malformed(named))
        case .digestMismatch: self = .registry(.digestMismatch(named))
        case .tooLong: self = .registry(.tooLong(named))
        case .tooShort: self = .registry(.tooShort(named))
        case .stalled: self = .registry(.stalled(named))
        }
    }

    /// A full disk names the blob, not the number of a file descriptor.
    fileprivate func named(_ key: BlobKey) -> ImagesError {
        guard case .content(.kernel(let error)) = self else { return self }
        return .content(.kernel(KernelError(call: error.call, subject: "blob \(key.digest)", errno: error.errno)))
    }

    static func wrongSize(_ key: BlobKey, found: Int64) -> ImagesError {
        .unusable("filesystem layer verification failed for digest \(key.digest): it has \(found) bytes instead of the promised \(key.sizeBytes)")
    }
}

/// Gathers pieces into blocks; writes one while the next gathers.
private struct BlockWriter {
    private static let blockBytes = 1 << 20
    private let writer: BlobWriter
    private var gathered: [UInt8] = []
    private var writing: Task<ContentError?, Never>?

    init(_ writer: BlobWriter) { self.writer = writer }

    mutating func add(_ piece: [UInt8]) async throws(ImagesError) {
        if gathered.isEmpty { gathered.reserveCapacity(Self.blockBytes + piece.count) }
        gathered += piece
        if gathered.count >= Self.blockBytes { try await flush() }
    }

    mutating func finish() async throws(ImagesError) {
        try await flush()
        try await written()
    }

    /// Waits for what is being written, whatever comes of it: the writer is for one caller at a time.
    mutating func settle() async { _ = await writing?.value }

    private mutating func flush() async throws(ImagesError) {
        try await written()
        let (block, writer) = (gathered, writer)
        gathered = []
        guard !block.isEmpty else { return }
        writing = Task {
            await offload { () -> ContentError? in
                do throws(ContentError) { try writer.write(block) } catch { return error }
                return nil
            }
        }
    }

    private mutating func written() async throws(ImagesError) {
        let error = await writing?.value ?? nil
        writing = nil
        if let error { throw .content(error) }
    }
}

/// Ten reports a second at most, the first at once.
struct Pace: Sendable {
    private var last: UInt64 = 0

    /// Whether the next report may go out now.
    var isDue: Bool {
        mutating get {
            let now = monotonicNanoseconds()
            guard last == 0 || now - last >= 100_000_000 else { return false }
            last = now
            return true
        }
    }
}
