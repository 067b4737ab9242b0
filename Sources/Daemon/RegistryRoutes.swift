// What concerns registries but no image here: login, and what a registry has under a name. Chapter 12; Engine API, "System" and "Distribution".
import DockerAPI
import Engine
import HTTP

@Sendable func authenticate(_ call: Call) async throws -> Response {
    try .json(try await call.engine.authenticate(try await call.body(AuthenticationRequest.self).value))
}

@Sendable func distribution(_ call: Call) async throws -> Response {
    try .json(try await call.engine.distribution(call.part("name"), authentication: call.request.headers["X-Registry-Auth"] ?? ""))
}
