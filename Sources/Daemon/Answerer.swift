// The edge: a request comes in, a route is found, a response goes out. Here, and nowhere else, are the version in front of the path, the
// headers that every reply bears, and the step from an error to a status. Chapter 12; Engine API, "Versioning" and "Errors".
public import Engine
public import HTTP
public import Linux
public import Logging

/// Answers the requests of Docker's clients.
public struct Answerer: Sendable {
    let engine: ContainerEngine
    let log: Logger
    private let routes: [Route]

    /// - Parameter executable: the daemon's own file, as `/slipway/info` tells
    public init(_ engine: ContainerEngine, executable: FilePath, log: Logger) {
        (self.engine, self.log, routes) = (engine, log, Daemon.routes(of: executable))
    }

    /// Answers one request.
    public func answer(_ request: Request) async -> Response {
        var response = await answerBare(request)
        if case .hijack = response.body { return response }
        for (name, value) in commonHeaders where response.headers[name] == nil { response.headers.add(name, value) }
        return response
    }

    private func answerBare(_ request: Request) async -> Response {
        do {
            let (version, path) = try split(request.segments)
            for route in routes where route.method == request.method {
                guard let parameters = route.match(path) else { continue }
                return try await route.handler(Call(engine: engine, request: request, parameters: parameters, version: version))
            }
            throw EngineError(.notFound, "page not found")
        } catch {
            let failure = EngineError(error)
            log.debug("\(request.method) \(request.path): \(failure.message)")
            return .error(failure)
        }
    }

    /// Takes the version off the path; without one the newest is meant.
    private func split(_ segments: [String]) throws(EngineError) -> (APIVersion, ArraySlice<String>) {
        guard let first = segments.first, first.hasPrefix("v"), let version = APIVersion(first.dropFirst()) else { return (.newest, segments[...]) }
        guard version <= .newest else {
            throw EngineError(.invalid, "client version \(version) is too new. Maximum supported API version is \(APIVersion.newest)")
        }
        guard version >= .oldest else {
            throw EngineError(
                .invalid,
                "client version \(version) is too old. Minimum supported API version is \(APIVersion.oldest), please upgrade your client to a newer version")
        }
        return (version, segments.dropFirst())
    }
}

/// On every reply. `Docker/…` in `Server` is what clients parse the engine's system from.
private let commonHeaders = [
    ("Api-Version", ContainerEngine.apiVersion), ("Docker-Experimental", "false"), ("Ostype", "linux"), ("Server", "Docker/\(ContainerEngine.version) (linux)")
]
