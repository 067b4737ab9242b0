// The three networks that are always there, the volumes that are not there yet, and no plug-ins: so that clients which look around find what is
// true. Chapter 12; what can be made of networks and volumes comes with chapters 09 and 10.
import DockerAPI
import Engine
import HTTP
import ShimProtocol

/// A network as the API shows it.
private struct NetworkReply: Encodable {
    struct Addressing: Encodable {
        var Driver = "default"
        @Null var Options: [String: String]?
        var Config: [Empty] = []
        init() { Options = nil }
    }
    struct Source: Encodable { var Network = "" }
    let Name: String, Id: String, Created: String
    var Scope = "local"
    let Driver: String
    var EnableIPv6 = false, IPAM = Addressing(), Internal = false, Attachable = false, Ingress = false, ConfigFrom = Source(), ConfigOnly = false
    let Containers: [String: Member]
    var Options: [String: String] = [:], Labels: [String: String] = [:]
    struct Member: Encodable { let Name: String, EndpointID = "", MacAddress = "", IPv4Address = "", IPv6Address = "" }
}

private func reply(_ network: BuiltInNetwork, _ engine: ContainerEngine, detailed: Bool) -> NetworkReply {
    let members = detailed ? engine.all.filter { $0.isRunning && $0.record.networks.contains(network.name) } : []
    let pairs = members.map { ($0.id, NetworkReply.Member(Name: $0.name)) }
    return NetworkReply(
        Name: network.name, Id: network.id, Created: timestamp(engine.startedAt.nanoseconds), Driver: network.driver, Containers: Dictionary(pairs) { $1 })
}

@Sendable func listNetworks(_ call: Call) async throws -> Response {
    let filters = try call.filters()
    if let key = filters.unknownKey(besides: ["id", "name", "driver", "type", "label", "scope", "dangling"]) {
        throw EngineError(.invalid, "invalid filter '\(key)'")
    }
    let found = builtInNetworks.filter { network in
        if let wanted = filters["name"], !wanted.contains(where: { network.name.contains($0) }) { return false }
        if let wanted = filters["id"], !wanted.contains(where: { network.id.hasPrefix($0) }) { return false }
        if let wanted = filters["driver"], !wanted.contains(network.driver) { return false }
        if let wanted = filters["type"], !wanted.contains("builtin") { return false }
        if let wanted = filters["scope"], !wanted.contains("local") { return false }
        return filters["label"] == nil && !(filters["dangling"] ?? []).contains { ["true", "1"].contains($0) }
    }
    return try .json(found.map { reply($0, call.engine, detailed: call.version < APIVersion(1, 28)) })
}

@Sendable func inspectNetwork(_ call: Call) async throws -> Response {
    let text = call.part("id")
    let found = builtInNetworks.first { $0.name == text || $0.id == text }
    guard let found else { throw EngineError(.notFound, "network \(text) not found") }
    return try .json(reply(found, call.engine, detailed: true))
}

// MARK: Volumes and plug-ins

private struct VolumesReply: Encodable {
    var Volumes: [Empty] = []
    @Null var Warnings: [String]?
    init() { Warnings = nil }
}

@Sendable func listVolumes(_ call: Call) async throws -> Response {
    if let key = try call.filters().unknownKey(besides: ["name", "driver", "label", "dangling"]) { throw EngineError(.invalid, "invalid filter '\(key)'") }
    return try .json(VolumesReply())
}

@Sendable func inspectVolume(_ call: Call) async throws -> Response { throw EngineError(.notFound, "get \(call.part("name")): no such volume") }

@Sendable func removeVolume(_ call: Call) async throws -> Response {
    guard call.query.flag("force") else { throw EngineError(.notFound, "get \(call.part("name")): no such volume") }
    return .empty(204)
}

@Sendable func listPlugins(_ call: Call) async throws -> Response { try .json([Empty]()) }

@Sendable func inspectPlugin(_ call: Call) async throws -> Response { throw EngineError(.notFound, "plugin \"\(call.part("name"))\" not found") }
