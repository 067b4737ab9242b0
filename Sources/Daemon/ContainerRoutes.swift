// Containers: create, list, inspect, and what changes them. Chapter 12; Engine API, "Containers".
import DockerAPI
import Engine
import HTTP

@Sendable func listContainers(_ call: Call) async throws -> Response {
    var wanted = ListRequest()
    wanted.all = call.query.flag("all")
    wanted.limit = try call.number("limit") ?? 0
    wanted.filters = try call.filters()
    var lines: [ContainerSummary] = []
    for container in try call.engine.list(wanted) {
        var line = call.engine.summary(container)
        if call.query.flag("size") {
            let size = try await call.engine.size(container)
            (line.SizeRw, line.SizeRootFs) = (size.own, size.all)
        }
        lines.append(line)
    }
    return try .json(lines)
}

@Sendable func createContainer(_ call: Call) async throws -> Response {
    let (request, text) = try await call.body(CreateRequest.self)
    guard request.config != ContainerConfig() else { throw EngineError(.invalid, "config cannot be empty in order to create a container") }
    let name = call.query["name"].flatMap { $0.isEmpty ? nil : $0 }
    return try .json(try await call.engine.create(name: name, request, text: text), status: 201)
}

@Sendable func inspectContainer(_ call: Call) async throws -> Response {
    let container = try call.container()
    var reply = try await call.engine.inspect(container)
    if call.query.flag("size") {
        let size = try await call.engine.size(container)
        (reply.SizeRw, reply.SizeRootFs) = (size.own, size.all)
    }
    return try .json(reply)
}

@Sendable func startContainer(_ call: Call) async throws -> Response {
    let container = try call.container()
    if let checkpoint = call.query["checkpoint"], !checkpoint.isEmpty { throw EngineError(.invalid, "checkpoint is not supported by this engine") }
    try await call.engine.start(container)
    return .empty(204)
}

/// A signal to stop with came with API version 1.42.
private func stopSignal(_ call: Call) -> String? { call.version >= APIVersion(1, 42) ? call.query["signal"] : nil }

@Sendable func stopContainer(_ call: Call) async throws -> Response {
    let container = try call.container(), seconds = try call.number("t")
    try await call.engine.stop(container, signal: stopSignal(call), seconds: seconds)
    return .empty(204)
}

@Sendable func restartContainer(_ call: Call) async throws -> Response {
    let container = try call.container(), seconds = try call.number("t")
    try await call.engine.restart(container, signal: stopSignal(call), seconds: seconds)
    return .empty(204)
}

@Sendable func killContainer(_ call: Call) async throws -> Response {
    try await call.engine.kill(try call.container(), signal: call.query["signal"])
    return .empty(204)
}

@Sendable func renameContainer(_ call: Call) async throws -> Response {
    try await call.engine.rename(try call.container(), to: call.query["name"] ?? "")
    return .empty(204)
}

@Sendable func removeContainer(_ call: Call) async throws -> Response {
    if call.query.flag("link") { throw EngineError(.unsupported, "links are not supported by this engine yet") }
    try await call.engine.remove(try call.container(), force: call.query.flag("force"))
    return .empty(204)
}

@Sendable func resizeContainer(_ call: Call) async throws -> Response {
    let container = try call.container(), (rows, columns) = try call.size()
    try await call.engine.resize(container, rows: rows, columns: columns)
    return .empty(200)
}

extension Call {
    /// A terminal's size: `h` rows and `w` columns.
    func size() throws(EngineError) -> (rows: UInt16, columns: UInt16) {
        func side(_ key: String) throws(EngineError) -> UInt16 {
            guard let text = query[key], let value = UInt16(text) else {
                throw EngineError(.invalid, "invalid resize \(key == "h" ? "height" : "width") \"\(query[key] ?? "")\": invalid syntax")
            }
            return value
        }
        return (try side("h"), try side("w"))
    }
}

@Sendable func pruneContainers(_ call: Call) async throws -> Response {
    let filters = try call.filters()
    if let key = filters.unknownKey(besides: ["label", "label!"]) {
        throw EngineError(
            key == "until" ? .unsupported : .invalid, key == "until" ? "filter 'until' is not supported by this engine yet" : "invalid filter '\(key)'")
    }
    let removed = await call.engine.prune { container in
        let labels = container.record.config.Labels ?? [:]
        return hasLabels(labels, filters["label"] ?? []) && !(filters["label!"] ?? []).contains { hasLabels(labels, [$0]) }
    }
    return try .json(PruneReply(ContainersDeleted: removed.isEmpty ? nil : removed))
}

private struct PruneReply: Encodable {
    @Null var ContainersDeleted: [String]?
    var SpaceReclaimed = 0
    init(ContainersDeleted: [String]?) { self.ContainersDeleted = ContainersDeleted }
}
