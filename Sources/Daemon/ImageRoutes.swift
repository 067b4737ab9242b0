// Images: import, list, inspect, history, tag, remove. Chapter 12; Engine API, "Images".
import DockerAPI
import Engine
import HTTP

@Sendable func listImages(_ call: Call) async throws -> Response {
    try .json(try await call.engine.listImages(call.filters(), plain: call.version < APIVersion(1, 43)))
}

@Sendable func inspectImage(_ call: Call) async throws -> Response { try .json(try await call.engine.inspectImage(call.part("name"))) }

@Sendable func imageHistory(_ call: Call) async throws -> Response { try .json(try await call.engine.history(call.part("name"))) }

@Sendable func tagImage(_ call: Call) async throws -> Response {
    try await call.engine.tag(call.part("name"), repository: call.query["repo"] ?? "", tag: call.query["tag"] ?? "")
    return .empty(201)
}

@Sendable func removeImage(_ call: Call) async throws -> Response {
    try .json(try await call.engine.removeImage(call.part("name"), force: call.query.flag("force"), prune: !call.query.flag("noprune")))
}

/// `docker import`. Pulling comes with its chapter.
@Sendable func createImage(_ call: Call) async throws -> Response {
    let query = call.query, source = query["fromSrc"] ?? ""
    guard (query["fromImage"] ?? "").isEmpty else { throw EngineError(.unsupported, "pulling images is not supported by this engine yet") }
    guard source == "-" else {
        throw EngineError(source.isEmpty ? .invalid : .unsupported, "import takes its archive from the request's body only (fromSrc=-)")
    }
    let repository = query["repo"] ?? ""
    let name = repository.isEmpty ? nil : try call.engine.reference(repository, query["tag"] ?? "")
    let id = try await call.engine.importImage(
        call.request.body, name: name, changes: query.all("changes"), message: query["message"] ?? "", platform: query["platform"] ?? "")
    return .lines { answer in try await answer.write(try jsonLine(ProgressLine(status: id))) }
}
