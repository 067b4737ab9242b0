// What happened, told to whoever listens, with the last 256 events kept for those who ask a moment later. A listener that does not keep up
// loses its stream rather than holding up the engine. Chapter 12; Engine API, /events.
public import DockerAPI
import ShimProtocol
import Synchronization

/// Publishes events.
public final class EventHub: Sendable {
    private struct State {
        var recent: [EventMessage] = []
        var listeners: [Int: AsyncStream<EventMessage>.Continuation] = [:]
        var next = 0
    }
    private let state = Mutex(State())

    /// How many events are kept.
    public static let kept = 256

    init() {}

    /// Tells everybody.
    func publish(_ type: String, _ action: String, _ actor: String, _ attributes: [String: String]) {
        let event = EventMessage(type: type, action: action, actor: actor, attributes: attributes, nanoseconds: WallTime.now.nanoseconds)
        let listeners = state.withLock { state in
            if state.recent.count == Self.kept { state.recent.removeFirst() }
            state.recent.append(event)
            return state.listeners
        }
        for (number, listener) in listeners {
            if case .dropped = listener.yield(event) { end(number) }
        }
    }

    /// The kept events, and a stream of all that come after them, without a gap. The stream ends when its reader goes.
    public func listen() -> (recent: [EventMessage], coming: AsyncStream<EventMessage>) {
        let (stream, continuation) = AsyncStream.makeStream(of: EventMessage.self, bufferingPolicy: .bufferingOldest(1024))
        let (recent, number) = state.withLock { state in
            state.next += 1
            state.listeners[state.next] = continuation
            return (state.recent, state.next)
        }
        continuation.onTermination = { [weak self] _ in self?.end(number) }
        return (recent, stream)
    }

    /// How many listen.
    public var listenerCount: Int { state.withLock { $0.listeners.count } }

    private func end(_ number: Int) {
        state.withLock { $0.listeners.removeValue(forKey: number) }?.finish()
    }
}
