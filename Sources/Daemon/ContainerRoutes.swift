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
    try checkEndpointCount(request, call.version)
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
    let container = try call.container()
    // A link's own name is `/container/alias`; what has no alias in it names the container itself, which is not a link.
    if call.query.flag("link") { throw EngineError(.conflict, "Conflict, cannot remove the default link name of the container") }
    try await call.engine.remove(container, force: call.query.flag("force"), volumes: call.query.flag("v"))
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
    let outcome = try await call.engine.prune(try call.filters())
    return try .json(PruneReply(ContainersDeleted: outcome.removed.isEmpty ? nil : outcome.removed, SpaceReclaimed: outcome.bytes))
}

private struct PruneReply: Encodable {
    @Null var ContainersDeleted: [String]?
    var SpaceReclaimed: Int64
    init(ContainersDeleted: [String]?, SpaceReclaimed: Int64) {
        self.SpaceReclaimed = SpaceReclaimed
        self.ContainersDeleted = ContainersDeleted
    }
}
