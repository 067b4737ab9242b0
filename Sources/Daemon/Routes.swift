// The table of all routes. What is Docker's and not built yet stands in `unbuilt` and answers 501; what is nobody's answers 404. A test walks
// through both, so that nothing is silently accepted. Chapter 12; Engine API v1.43.
import Engine
import HTTP
import Linux

/// Built once for each `Answerer`.
/// - Parameter executable: the daemon's own file
func routes(of executable: FilePath) -> [Route] {
    system(executable) + containers + processes + streams + execs + images + registries + networksAndVolumes + volumes + archives
        + unbuilt.map { method, pattern in
            Route(method, pattern) { call in throw EngineError(.unsupported, "\(method) \(pattern) is not supported by this engine yet") }
        }
}

private func system(_ executable: FilePath) -> [Route] {
    [
        Route("GET", "/_ping", ping), Route("HEAD", "/_ping", ping), Route("GET", "/version", version), Route("GET", "/info", info),
        Route("GET", "/events", events),
        Route("GET", "/slipway/info") { call in try .json(await call.engine.slipwayInfo(daemon: executable)) },
        Route("GET", "/slipway/containers/{id}/explain", explain)
    ]
}

private let containers = [
    Route("GET", "/containers/json", listContainers), Route("POST", "/containers/create", createContainer), Route("POST", "/containers/prune", pruneContainers),
    Route("GET", "/containers/{id}/json", inspectContainer), Route("POST", "/containers/{id}/start", startContainer),
    Route("POST", "/containers/{id}/stop", stopContainer), Route("POST", "/containers/{id}/restart", restartContainer),
    Route("POST", "/containers/{id}/kill", killContainer), Route("POST", "/containers/{id}/rename", renameContainer),
    Route("POST", "/containers/{id}/resize", resizeContainer), Route("DELETE", "/containers/{id}", removeContainer)
]

private let processes = [
    Route("POST", "/containers/{id}/pause", pauseContainer), Route("POST", "/containers/{id}/unpause", unpauseContainer),
    Route("POST", "/containers/{id}/update", updateContainer), Route("GET", "/containers/{id}/top", topContainer),
    Route("GET", "/containers/{id}/stats", containerStatistics)
]

private let streams = [
    Route("POST", "/containers/{id}/attach", attachContainer), Route("POST", "/containers/{id}/wait", waitContainer),
    Route("GET", "/containers/{id}/logs", containerLogs)
]

private let execs = [
    Route("POST", "/containers/{id}/exec", createExec), Route("POST", "/exec/{id}/start", startExec), Route("POST", "/exec/{id}/resize", resizeExec),
    Route("GET", "/exec/{id}/json", inspectExec)
]

private let images = [
    Route("GET", "/images/json", listImages), Route("POST", "/images/create", createImage), Route("GET", "/images/{name...}/json", inspectImage),
    Route("GET", "/images/{name...}/history", imageHistory), Route("POST", "/images/{name...}/tag", tagImage), Route("DELETE", "/images/{name...}", removeImage)
]

private let registries = [
    Route("POST", "/auth", authenticate), Route("GET", "/distribution/{name...}/json", distribution)
]

private let networksAndVolumes = [
    Route("GET", "/networks", listNetworks), Route("POST", "/networks/create", createNetwork), Route("POST", "/networks/prune", pruneNetworks),
    Route("GET", "/networks/{id}", inspectNetwork), Route("DELETE", "/networks/{id}", removeNetwork),
    Route("POST", "/networks/{id}/connect", connectNetwork), Route("POST", "/networks/{id}/disconnect", disconnectNetwork),
    Route("GET", "/plugins", listPlugins),
    Route("GET", "/plugins/{name...}/json", inspectPlugin)
]

private let volumes = [
    Route("GET", "/volumes", listVolumes), Route("POST", "/volumes/create", createVolume), Route("POST", "/volumes/prune", pruneVolumes),
    Route("GET", "/volumes/{name}", inspectVolume), Route("DELETE", "/volumes/{name}", removeVolume)
]

private let archives = [
    Route("HEAD", "/containers/{id}/archive", pathStatus), Route("GET", "/containers/{id}/archive", readArchive),
    Route("PUT", "/containers/{id}/archive", writeArchive), Route("GET", "/containers/{id}/export", exportContainer),
    Route("GET", "/containers/{id}/changes", containerChanges), Route("POST", "/commit", commitContainer), Route("GET", "/system/df", diskUsage),
    Route("POST", "/images/prune", pruneImages), Route("POST", "/build/prune", pruneBuildCache)
]

/// Docker's routes that come with later chapters. Swarm's are nobody's here: 404.
let unbuilt: [(method: String, pattern: String)] = [
    ("GET", "/containers/{id}/attach/ws"), ("GET", "/containers/{id}/checkpoints"), ("POST", "/containers/{id}/checkpoints"), ("POST", "/build"),
    ("POST", "/build/cancel"), ("POST", "/images/{name...}/push"), ("GET", "/images/get"), ("GET", "/images/{name...}/get"),
    ("POST", "/images/load"), ("GET", "/images/search"), ("PUT", "/volumes/{name}")
]
