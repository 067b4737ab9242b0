// Networks as clients reach them, and no plug-ins: `docker inspect` looks for those too. Everything worth knowing is the engine's; here are bodies and
// queries. Chapter 12; Engine API, "Networks".
import DockerAPI
import Engine
import HTTP

@Sendable func listNetworks(_ call: Call) async throws -> Response {
    try .json(try call.engine.listNetworks(try call.filters(), detailed: call.version < APIVersion(1, 28)))
}

@Sendable func inspectNetwork(_ call: Call) async throws -> Response {
    if let scope = call.query["scope"], !scope.isEmpty, scope != "local" { throw EngineError(.notFound, "network \(call.part("id")) not found") }
    return try .json(try call.engine.inspectNetwork(call.part("id")))
}

@Sendable func createNetwork(_ call: Call) async throws -> Response {
    try .json(try await call.engine.createNetwork(try await call.body(NetworkCreateRequest.self).value), status: 201)
}

@Sendable func removeNetwork(_ call: Call) async throws -> Response {
    try await call.engine.removeNetwork(call.part("id"))
    return .empty(204)
}

@Sendable func connectNetwork(_ call: Call) async throws -> Response {
    try await call.engine.connect(network: call.part("id"), try await call.body(NetworkConnectRequest.self).value)
    return .empty(200)
}

@Sendable func disconnectNetwork(_ call: Call) async throws -> Response {
    try await call.engine.disconnect(network: call.part("id"), try await call.body(NetworkDisconnectRequest.self).value)
    return .empty(200)
}

@Sendable func pruneNetworks(_ call: Call) async throws -> Response {
    try .json(NetworkPruneReply(try await call.engine.pruneNetworks(try call.filters())))
}

/// Before version 1.44 a container is created with one network, and connected with the others afterwards.
func checkEndpointCount(_ request: CreateRequest, _ version: APIVersion) throws(EngineError) {
    let names = (request.networking?.EndpointsConfig ?? [:]).keys.sorted()
    guard names.count < 2 || version >= APIVersion(1, 44) else {
        throw EngineError(.invalid, "Container cannot be connected to network endpoints: \(names.joined(separator: ", "))")
    }
}

// MARK: Plug-ins

@Sendable func listPlugins(_ call: Call) async throws -> Response { try .json([Empty]()) }

@Sendable func inspectPlugin(_ call: Call) async throws -> Response { throw EngineError(.notFound, "plugin \"\(call.part("name"))\" not found") }
