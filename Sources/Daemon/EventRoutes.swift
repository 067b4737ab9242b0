// `GET /events`: what happened, a JSON object a line, sent at once. The past comes from the engine's bounded memory, the rest as it happens, without
// a gap between the two. Which events match is moby's, to the letter (daemon/events/filter.go): a container's filter looks at every event's
// ID and name, whatever its type is. Chapter 12; Engine API, "Monitor events".
import DockerAPI
import Engine
import HTTP
import Linux

@Sendable func events(_ call: Call) async throws -> Response {
    let wanted = try EventFilter(call.filters()), span = try EventSpan(call.query["since"], call.query["until"])
    let (recent, coming) = call.engine.events.listen()
    return .lines { writer in
        for event in recent where span.recalls(event) && wanted.matches(event) { try await writer.write(try jsonLine(event)) }
        let listening = span.listening(from: now())
        if case .notAtAll = listening { return }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for await event in coming where wanted.matches(event) { try await writer.write(try jsonLine(event)) } }
            if case .nanoseconds(let time) = listening { group.addTask { try await Task.sleep(nanoseconds: time) } }
            try await group.next()
            group.cancelAll()
        }
    }
}

/// Nanoseconds since 1970.
private func now() -> Int64 {
    let time = wallClock()
    return time.seconds * 1_000_000_000 + time.nanoseconds
}

/// Which part of time a client wants: nothing of the past unless one of the two is given.
struct EventSpan: Sendable {
    let since: Int64?, until: Int64?

    /// - Parameters: Unix seconds with up to nine digits behind a point; absent or empty for none
    /// - Throws: `invalid` for what is no time, and for a span that ends before it begins.
    init(_ since: String?, _ until: String?) throws(EngineError) {
        self.since = try eventTime(since, "since")
        self.until = try eventTime(until, "until")
        if let first = self.since, let last = self.until, last < first {
            throw EngineError(.invalid, "`since` time (\(since ?? "")) cannot be after `until` time (\(until ?? ""))")
        }
    }

    /// Whether an event of the past belongs to it.
    func recalls(_ event: EventMessage) -> Bool {
        (since != nil || until != nil) && event.timeNano >= since ?? .min && event.timeNano <= until ?? .max
    }

    /// How long to go on behind the past.
    enum Listening { case notAtAll, forEver, nanoseconds(UInt64) }

    func listening(from now: Int64) -> Listening {
        guard let until else { return .forEver }
        return until > now ? .nanoseconds(UInt64(until - now)) : .notAtAll
    }
}

private func eventTime(_ text: String?, _ name: String) throws(EngineError) -> Int64? {
    guard let text, !text.isEmpty else { return nil }
    return try moment(text, name) ?? 0
}

/// Which events a client wants.
struct EventFilter: Sendable {
    private let filters: Filters
    private static let known: Set = [
        "type", "event", "container", "image", "volume", "network", "daemon", "plugin", "label", "scope", "node", "service", "secret", "config"
    ]
    /// Kinds whose filters look for the beginning of an ID or a name.
    private static let kinds = ["daemon", "container", "plugin", "volume", "network", "node", "service", "secret", "config"]
    /// Actions that have more behind a colon: who asks for one of them bare means all.
    private static let openActions: Set = ["health_status", "exec_create", "exec_start"]

    init(_ filters: Filters) throws(EngineError) {
        if let key = filters.unknownKey(besides: Self.known) { throw EngineError(.invalid, "invalid filter '\(key)'") }
        self.filters = filters
    }

    func matches(_ event: EventMessage) -> Bool {
        let attributes = event.Actor.Attributes
        return matchesAction(event.Action) && isOne("type", of: [event.`Type`]) && isOne("scope", of: [event.scope])
            && Self.kinds.allSatisfy { begins($0, event.Actor.ID) || begins($0, attributes["name"] ?? "") }
            && isOne("image", of: imageNames(event)) && hasLabels(attributes, filters["label"] ?? [])
    }

    private func matchesAction(_ action: String) -> Bool {
        guard let wanted = filters["event"] else { return true }
        return Self.openActions.isDisjoint(with: wanted) ? wanted.contains(action) : begins("event", action)
    }

    private func isOne(_ key: String, of values: [String]) -> Bool {
        filters[key].map { wanted in values.contains { wanted.contains($0) } } ?? true
    }

    private func begins(_ key: String, _ value: String) -> Bool {
        filters[key].map { wanted in wanted.contains { value.hasPrefix($0) } } ?? true
    }

    private func imageNames(_ event: EventMessage) -> [String] {
        let name = event.Actor.Attributes[event.`Type` == "image" ? "name" : "image"] ?? ""
        return [event.Actor.ID, name, untagged(event.Actor.ID), untagged(name)]
    }

    /// `docker.io/library/bb:1` and `bb@sha256:…` are `bb`.
    private func untagged(_ name: String) -> String {
        var bare = name.prefix { $0 != "@" }
        if let colon = bare.lastIndex(of: ":"), !bare[colon...].contains("/") { bare = bare[..<colon] }
        for host in ["docker.io/", "library/"] where bare.hasPrefix(host) { bare = bare.dropFirst(host.count) }
        return String(bare)
    }
}
