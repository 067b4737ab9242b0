// What reaches into a container's tree, and what adds it up: cp, diff, export, commit, system df, image prune. Tars are streamed both ways; who
// leaves ends the helper at the other end. Chapter 12; Engine API, ContainerArchive, ContainerExport, ImageCommit, SystemDataUsage.
import DockerAPI
import Engine
import FoundationEssentials
import HTTP

private let tarType = "application/x-tar"

extension Call {
    /// The `path` of the query.
    fileprivate func path() throws(EngineError) -> String {
        guard let path = query["path"], !path.isEmpty else { throw EngineError(.invalid, "bad parameter: 'path' cannot be empty") }
        return path
    }
}

@Sendable func pathStatus(_ call: Call) async throws -> Response {
    let status = try await call.engine.pathStatus(of: call.path(), in: call.container(), called: call.part("id"))
    return Response(status: 200, headers: try header(status))
}

@Sendable func readArchive(_ call: Call) async throws -> Response {
    let (status, tar) = try await call.engine.archive(call.path(), of: call.container(), called: call.part("id"))
    var headers = try header(status)
    headers.add("Content-Type", tarType)
    return Response(status: 200, headers: headers, body: .stream { try await send(tar, to: $0) })
}

@Sendable func writeArchive(_ call: Call) async throws -> Response {
    try await call.engine.extract(
        call.request.body, into: call.path(), of: call.container(), called: call.part("id"), keepsKinds: call.query.flag("noOverwriteDirNonDir"),
        belongsToUser: call.query.flag("copyUIDGID"))
    return .empty(200)
}

@Sendable func exportContainer(_ call: Call) async throws -> Response {
    let tar = try await call.engine.export(call.container(), called: call.part("id"))
    return Response(status: 200, headers: ["Content-Type": "application/octet-stream"], body: .stream { try await send(tar, to: $0) })
}

/// Sends a tar to its end; what cannot be made cuts the connection, so that the client sees that something is missing.
private func send(_ tar: OutgoingTar, to writer: ResponseWriter) async throws {
    try await withTaskCancellationHandler {
        while let bytes = try await tar.next() { try await writer.write(bytes) }
    } onCancel: {
        tar.cancel()
    }
}

private func header(_ status: PathStatus) throws -> Headers {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return ["X-Docker-Container-Path-Stat": try encoder.encode(status).base64EncodedString()]
}

@Sendable func containerChanges(_ call: Call) async throws -> Response { try .json(try await call.engine.pathChanges(of: call.container())) }

@Sendable func commitContainer(_ call: Call) async throws -> Response {
    let query = call.query
    var request = CommitRequest()
    (request.author, request.comment) = (query["author"] ?? "", query["comment"] ?? "")
    (request.repository, request.tag) = (query["repo"] ?? "", query["tag"] ?? "")
    // docker-py sends all lines in one.
    request.changes = query.all("changes").flatMap { $0.split(whereSeparator: \.isNewline).map(String.init) }
    if query["pause"] != nil { request.pauses = query.flag("pause") }
    request.config = try await commitConfig(call)
    guard let name = query["container"], !name.isEmpty else { throw EngineError(.notFound, "No such container: ") }
    return try .json(CommitReply(try await call.engine.commit(call.engine.find(name), request)), status: 201)
}

/// The body, which may be empty or `null`, whatever its type is said to be.
private func commitConfig(_ call: Call) async throws -> ContainerConfig? {
    let body = try await call.collected()
    guard !body.allSatisfy({ [9, 10, 13, 32].contains($0) }) else { return nil }
    do { return try JSONDecoder().decode(ContainerConfig?.self, from: Data(body)) } catch {
        throw EngineError(.invalid, "invalid JSON: the request's body is malformed")
    }
}

@Sendable func diskUsage(_ call: Call) async throws -> Response {
    let plain = call.version < APIVersion(1, 42), asked = plain ? [] : call.query.all("type")
    let types = try asked.map { (text) throws(EngineError) in
        guard let type = DiskUsageType(rawValue: text) else { throw EngineError(.invalid, "unknown object type: \(text)") }
        return type
    }
    return try .json(try await call.engine.diskUsage(Set(types.isEmpty ? DiskUsageType.allCases : types), plain: plain))
}

@Sendable func pruneImages(_ call: Call) async throws -> Response { try .json(try await call.engine.pruneImages(call.filters())) }

/// `docker system prune` asks for this, too. There is no build cache, so nothing of it is unused.
@Sendable func pruneBuildCache(_ call: Call) async throws -> Response { try .json(BuildCachePruned()) }

private struct BuildCachePruned: Encodable {
    @Null var CachesDeleted: [String]?
    var SpaceReclaimed = 0

    init() { CachesDeleted = nil }
}
