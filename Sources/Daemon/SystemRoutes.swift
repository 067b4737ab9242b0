// Ping, version, info, events. Chapter 12; Engine API, "System".
import DockerAPI
import Engine
import HTTP
import Linux

@Sendable func ping(_ call: Call) async throws -> Response {
    let headers: Headers = [
        "Content-Type": "text/plain; charset=utf-8", "Builder-Version": "1", "Swarm": "inactive", "Cache-Control": "no-cache, no-store, must-revalidate",
        "Pragma": "no-cache"
    ]
    return Response(status: 200, headers: headers, body: call.request.method == "HEAD" ? .none : .bytes(Array("OK".utf8)))
}

@Sendable func version(_ call: Call) async throws -> Response { try .json(await call.engine.versionReply()) }

@Sendable func info(_ call: Call) async throws -> Response { try .json(try await call.engine.info()) }

// MARK: Events

@Sendable func events(_ call: Call) async throws -> Response {
    let wanted = try EventFilter(call.filters())
    let since = try moment(call.query["since"], "since"), until = try moment(call.query["until"], "until")
    let (recent, coming) = call.engine.events.listen()
    return .lines { writer in
        if let since {
            for event in recent where event.timeNano >= since && event.timeNano <= until ?? .max && wanted.matches(event) {
                try await writer.write(try jsonLine(event))
            }
        }
        guard until.map({ $0 > now() }) ?? true else { return }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for await event in coming where wanted.matches(event) { try await writer.write(try jsonLine(event)) } }
            if let until { group.addTask { try await Task.sleep(nanoseconds: UInt64(max(0, until - now()))) } }
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

/// A time of the query in nanoseconds: seconds, and up to nine digits behind a point. Nil where it is absent, empty or 0.
func moment(_ text: String?, _ name: String) throws(EngineError) -> Int64? {
    guard let text, !text.isEmpty else { return nil }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let fraction = parts.count > 1 ? String(parts[1].prefix(9)) : "0"
    guard parts.count <= 2, let seconds = Int64(parts[0]), abs(seconds) < 9_000_000_000, let digits = Int64(fraction), digits >= 0 else {
        throw EngineError(.invalid, "invalid value for \"\(name)\": failed to parse value as time or duration: \(text)")
    }
    let scale = (fraction.count..<9).reduce(Int64(1)) { scale, _ in scale * 10 }
    let nanoseconds = seconds * 1_000_000_000 + digits * scale
    return nanoseconds == 0 ? nil : nanoseconds
}

/// Which events a client wants.
struct EventFilter: Sendable {
    let filters: Filters

    init(_ filters: Filters) throws(EngineError) {
        let known: Set = [
            "type", "event", "container", "image", "volume", "network", "daemon", "plugin", "label", "scope", "node", "service", "secret", "config"
        ]
        if let key = filters.unknownKey(besides: known) { throw EngineError(.invalid, "invalid filter '\(key)'") }
        self.filters = filters
    }

    func matches(_ event: EventMessage) -> Bool {
        if let wanted = filters["type"], !wanted.contains(event.`Type`) { return false }
        if let wanted = filters["event"], !wanted.contains(where: { isAction($0, event.Action) }) { return false }
        if let wanted = filters["scope"], !wanted.contains(event.scope) { return false }
        for kind in ["container", "image", "volume", "network", "daemon", "plugin", "node", "service", "secret", "config"] {
            if let wanted = filters[kind], !wanted.contains(where: { isAbout($0, kind, event) }) { return false }
        }
        return hasLabels(event.Actor.Attributes, filters["label"] ?? [])
    }

    private func isAction(_ wanted: String, _ action: String) -> Bool {
        wanted == action || (["exec_create", "exec_start", "health_status"].contains(wanted) && action.hasPrefix(wanted))
    }

    private func isAbout(_ wanted: String, _ kind: String, _ event: EventMessage) -> Bool {
        let attributes = event.Actor.Attributes
        if kind == "image", event.`Type` == "container" {
            return attributes["image"] == wanted || attributes["image"]?.split(separator: ":").first.map(String.init) == wanted
        }
        guard event.`Type` == kind else { return false }
        return event.Actor.ID == wanted || attributes["name"] == wanted || (!wanted.isEmpty && event.Actor.ID.hasPrefix(wanted))
    }
}
