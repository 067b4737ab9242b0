// Images: pull, import, list, inspect, history, tag, remove. Chapter 12; Engine API, "Images".
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

/// `docker pull` and `docker import`.
@Sendable func createImage(_ call: Call) async throws -> Response {
    let image = call.query["fromImage"] ?? ""
    return image.isEmpty ? try await importImage(call) : try await pullImage(call, image)
}

/// What goes wrong before the first line has a status of its own; after it the status is out, and the last line tells the error.
private func pullImage(_ call: Call, _ image: String) async throws -> Response {
    let pull = try call.engine.pull(
        image, tag: call.query["tag"] ?? "", platform: call.query["platform"] ?? "", authentication: call.request.headers["X-Registry-Auth"] ?? "")
    let first = try await pull.next()
    return .lines { writer in
        try await withTaskCancellationHandler {
            if let first { try await writer.write(try progressLine(first)) }
            while let line = await nextLine(of: pull) { try await writer.write(try progressLine(line)) }
        } onCancel: {
            pull.cancel()
        }
    }
}

/// The next line; after an error one that tells it, and then no other.
private func nextLine(of pull: PullStream) async -> ProgressLine? {
    do throws(EngineError) { return try await pull.next() } catch { return ProgressLine(failure: error.message) }
}

private func importImage(_ call: Call) async throws -> Response {
    let query = call.query, source = query["fromSrc"] ?? ""
    guard source == "-" else {
        throw EngineError(source.isEmpty ? .invalid : .unsupported, "import takes its archive from the request's body only (fromSrc=-)")
    }
    let repository = query["repo"] ?? ""
    let name = repository.isEmpty ? nil : try call.engine.reference(repository, query["tag"] ?? "")
    let id = try await call.engine.importImage(
        call.request.body, name: name, changes: query.all("changes"), message: query["message"] ?? "", platform: query["platform"] ?? "")
    return .lines { answer in try await answer.write(try progressLine(ProgressLine(status: id))) }
}

/// A line of progress ends as moby's do.
private func progressLine(_ line: ProgressLine) throws -> [UInt8] { try jsonLine(line).dropLast() + Array("\r\n".utf8) }
