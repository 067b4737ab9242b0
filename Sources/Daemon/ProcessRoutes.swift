// What a container's processes do and use, and what they may: pause, unpause, update, top, stats. Chapter 12; Engine API, "Containers".
import DockerAPI
import Engine
import HTTP

@Sendable func pauseContainer(_ call: Call) async throws -> Response {
    try await call.engine.pause(try call.container())
    return .empty(204)
}

@Sendable func unpauseContainer(_ call: Call) async throws -> Response {
    try await call.engine.unpause(try call.container())
    return .empty(204)
}

@Sendable func updateContainer(_ call: Call) async throws -> Response {
    let container = try call.container()
    var request = try await call.body(HostConfig.self).value
    if call.version < APIVersion(1, 40) { request.PidsLimit = nil }
    return try .json(UpdateReply(warnings: try await call.engine.update(container, request)))
}

@Sendable func topContainer(_ call: Call) async throws -> Response {
    try .json(try await call.engine.top(try call.container(), options: call.query["ps_args"] ?? ""))
}

/// A stream of samples unless `stream=0`; `one-shot` came with 1.41.
@Sendable func containerStatistics(_ call: Call) async throws -> Response {
    let container = try call.container(), isStream = call.query["stream"] == nil || call.query.flag("stream")
    let isSingle = call.version >= APIVersion(1, 41) && call.query.flag("one-shot")
    guard isStream else { return try .json(try await call.engine.statistics(of: container, isComparable: !isSingle)) }
    guard !isSingle else { throw EngineError(.invalid, "cannot have stream=true and one-shot=true") }
    return .lines { writer in
        var samples = call.engine.statistics(of: container)
        while let sample = try await samples.next() { try await writer.write(try jsonLine(sample)) }
    }
}
