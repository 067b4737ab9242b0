// The engine's connection with one shim: requests go out with a number and wait for the reply of that number; everything else that arrives is
// an event of the container. `ShimThread` reads; any task may ask. Chapter 12 over chapter 11's wire.
import Linux
import Offload
import ShimProtocol
import Synchronization

/// A shim that can be asked.
public final class ShimLink: Sendable {
    private struct State {
        var next: UInt64 = 1
        var replies: [UInt64: Promise<ShimReply>] = [:]
        var isClosed = false
    }
    let channel: ShimChannel
    private let state = Mutex(State())
    /// What the shim said first; nil where it died before.
    let hello = Promise<ShimEvent.Hello?>()
    private let onEvent: @Sendable (ShimLink, ShimEvent) -> Void
    private let onEnd: @Sendable (ShimLink) -> Void

    /// - Parameters:
    ///   - onEvent: called on the shims' thread for all but the hello; must not wait
    ///   - onEnd: called once, when the shim has gone
    init(_ channel: ShimChannel, onEvent: @escaping @Sendable (ShimLink, ShimEvent) -> Void, onEnd: @escaping @Sendable (ShimLink) -> Void) {
        (self.channel, self.onEvent, self.onEnd) = (channel, onEvent, onEnd)
    }

    /// Sends a request and waits for its reply, which comes also when the caller was cancelled.
    /// - Parameter descriptors: copies go along
    /// - Throws: what the shim refuses, or that it is gone.
    @discardableResult
    func ask(_ request: ShimRequest, _ descriptors: [FileDescriptor] = []) async throws(ShimFailure) -> ShimReply {
        let promise = Promise<ShimReply>()
        let number: UInt64? = state.withLock { state in
            guard !state.isClosed else { return nil }
            defer { state.next += 1 }
            state.replies[state.next] = promise
            return state.next
        }
        guard let number else { throw ShimFailure(.other, "supervisor died") }
        let channel = channel
        do throws(ShimProtocolError) {
            try await offload { () throws(ShimProtocolError) in try channel.send(request, sequence: number, descriptors: descriptors) }
        } catch {
            state.withLock { state in state.replies[number] = nil }
            throw ShimFailure(.other, error == .closed ? "supervisor died" : error.description)
        }
        let reply = await promise.value
        if let failure = reply.error { throw failure }
        return reply
    }

    // MARK: On the shims' thread

    /// Takes the next message that is there; false at the end.
    func receive() -> Bool {
        let message: ShimMessage?
        do throws(ShimProtocolError) {
            message = try channel.receive()
        } catch {
            if case .malformed = error { return true }  // one unreadable packet; its reply will be missed by the asker only when the shim ends
            message = nil
        }
        switch message {
        case nil: return false
        case .reply(let reply): state.withLock { $0.replies.removeValue(forKey: reply.sequence) }?.fulfil(reply)
        case .event(.hello(let said)): hello.fulfil(said)
        case .event(let event): onEvent(self, event)
        case .unknown: break
        }
        return true
    }

    /// All who wait are told that nothing comes any more.
    func end() {
        let open: [UInt64: Promise<ShimReply>] = state.withLock { state in
            state.isClosed = true
            defer { state.replies = [:] }
            return state.replies
        }
        for (number, promise) in open { promise.fulfil(ShimReply(sequence: number, error: ShimFailure(.other, "supervisor died"))) }
        hello.fulfil(nil)
        onEnd(self)
    }
}
