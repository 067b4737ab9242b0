// The body of an answer on its way from its connection to whoever reads it. At its end the connection goes back to those that can be used again,
// and the exchange is told to the observer; a body that is dropped half-way closes its connection. chapter 08
import HTTP
import Linux
import Synchronization

/// A body, to be read once and by one task.
final class AnswerBody: @unchecked Sendable {
    private var iterator: Bytes.AsyncIterator
    private let state: Mutex<(bytes: Int64, isOver: Bool)> = Mutex((0, false))
    /// Told once, at the end: how many bytes came, and what ended them too early.
    private let atEnd: @Sendable (_ bytes: Int64, _ trouble: RegistryError?) -> Void
    private let translate: @Sendable (any Error) -> RegistryError

    init(
        _ bytes: Bytes, translate: @escaping @Sendable (any Error) -> RegistryError,
        atEnd: @escaping @Sendable (_ bytes: Int64, _ trouble: RegistryError?) -> Void
    ) {
        (iterator, self.translate, self.atEnd) = (bytes.makeAsyncIterator(), translate, atEnd)
    }

    deinit { end(.cancelled) }

    /// The next chunk, or nil at the end.
    func next() async throws(RegistryError) -> [UInt8]? {
        do {
            guard !Task.isCancelled, let chunk = try await iterator.next() else {
                try Task.checkCancellation()
                end(nil)
                return nil
            }
            state.withLock { $0.bytes += Int64(chunk.count) }
            return chunk
        } catch {
            let trouble = Task.isCancelled ? RegistryError.cancelled : translate(error)
            end(trouble)
            throw trouble
        }
    }

    /// All of it, or as much as is not more than `limit`, in which case `isWhole` is false and the connection is closed.
    func collect(upTo limit: Int) async throws(RegistryError) -> (bytes: [UInt8], isWhole: Bool) {
        var all: [UInt8] = []
        while let chunk = try await next() {
            all += chunk
            guard all.count <= limit else {
                end(.tooLong("more than \(limit) bytes"))
                return (Array(all.prefix(limit)), false)
            }
        }
        return (all, true)
    }

    /// Ends the reading, wherever it is.
    func end(_ trouble: RegistryError?) {
        let bytes: Int64? = state.withLock { state in
            defer { state.isOver = true }
            return state.isOver ? nil : state.bytes
        }
        if let bytes { atEnd(bytes, trouble) }
    }
}
