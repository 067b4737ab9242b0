// Ping, version, info. Chapter 12; Engine API, "System".
import DockerAPI
import Engine
import HTTP

@Sendable func ping(_ call: Call) async throws -> Response {
    let headers: Headers = [
        "Content-Type": "text/plain; charset=utf-8", "Builder-Version": "1", "Swarm": "inactive", "Cache-Control": "no-cache, no-store, must-revalidate",
        "Pragma": "no-cache"
    ]
    return Response(status: 200, headers: headers, body: call.request.method == "HEAD" ? .none : .bytes(Array("OK".utf8)))
}

@Sendable func version(_ call: Call) async throws -> Response { try .json(await call.engine.versionReply()) }

@Sendable func info(_ call: Call) async throws -> Response { try .json(try await call.engine.info()) }

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
