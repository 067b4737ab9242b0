// Volumes: create, list, inspect, remove, prune. Chapter 12 over chapter 10; Engine API, "Volumes".
import DockerAPI
import Engine
import HTTP

@Sendable func listVolumes(_ call: Call) async throws -> Response {
    try .json(VolumesReply(try await call.engine.listVolumes(try call.filters())))
}

@Sendable func createVolume(_ call: Call) async throws -> Response {
    try .json(try await call.engine.createVolume(try await call.body(VolumeRequest.self).value), status: 201)
}

@Sendable func inspectVolume(_ call: Call) async throws -> Response { try .json(try await call.engine.inspectVolume(call.part("name"))) }

@Sendable func removeVolume(_ call: Call) async throws -> Response {
    try await call.engine.removeVolume(call.part("name"), force: call.query.flag("force"))
    return .empty(204)
}

/// Up to API version 1.41 all unused volumes went; from then on those that nobody named, unless `all` is said.
@Sendable func pruneVolumes(_ call: Call) async throws -> Response {
    try .json(try await call.engine.pruneVolumes(try call.filters(), takesAll: call.version < APIVersion(1, 42)))
}
