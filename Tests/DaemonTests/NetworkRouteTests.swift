import DockerAPI
import Engine
import FoundationEssentials
import HTTP
import Testing

@testable import Daemon

private func post(_ client: Client, _ path: String, _ body: String) async throws -> (status: Int, body: String) {
    let reply = try await client.request("POST", path, headers: ["Content-Type": "application/json"], body: Array(body.utf8))
    return (reply.status, String(decoding: try await reply.bytes(), as: UTF8.self))
}

private func get<Value: Decodable>(_ client: Client, _ path: String, as type: Value.Type = Value.self) async throws -> Value {
    try JSONDecoder().decode(type, from: Data(try await client.request("GET", path).bytes()))
}

private func text(_ client: Client, _ method: String, _ path: String) async throws -> (status: Int, body: String) {
    let reply = try await client.request(method, path)
    return (reply.status, String(decoding: try await reply.bytes(), as: UTF8.self))
}

@Suite("The routes of networks", .timeLimit(.minutes(1)))
struct NetworkRouteTests {
    @Test("three networks are always there, with Docker's drivers and the default bridge's options")
    func predefined() async throws {
        try await withEngine { client, _ in
            let all: [NetworkReply] = try await get(client, "/networks")
            #expect(Dictionary(all.map { ($0.Name, $0.Driver) }) { $1 } == ["bridge": "bridge", "host": "host", "none": "null"])
            let bridge: NetworkReply = try await get(client, "/networks/bridge")
            #expect(
                bridge.Options["com.docker.network.bridge.default_bridge"] == "true"
                    && bridge.Options["com.docker.network.bridge.name"]?.hasPrefix("sw-") == true)
            #expect(bridge.Id.count == 64 && bridge.IPAM.Config?.count == 1 && bridge.Containers.isEmpty)
            #expect(try await text(client, "DELETE", "/networks/host") == (403, "{\"message\":\"host is a pre-defined network and cannot be removed\"}\n"))
        }
    }

    @Test("a network is made, found by name, id and prefix, shown as it was asked for, and removed")
    func life() async throws {
        try await withEngine { client, _ in
            let body =
                #"{"Name":"n1","Driver":"","IPAM":{"Driver":"default","Options":{},"Config":[{"Subnet":"10.77.0.0/24","IPRange":"10.77.0.128/25"}]},"Internal":true,"Labels":{"a":"b"},"Options":{"x":"y"},"CheckDuplicate":true}"#
            let made = try await post(client, "/networks/create", body)
            #expect(made.status == 201)
            let id = try JSONDecoder().decode(NetworkCreateReply.self, from: Data(made.body.utf8)).Id
            for name in ["n1", id, String(id.prefix(5))] {
                let shown: NetworkReply = try await get(client, "/networks/\(name)")
                #expect(shown.Id == id && shown.Internal && shown.Labels == ["a": "b"] && shown.Options == ["x": "y"] && shown.Driver == "bridge")
                #expect(shown.IPAM.Config?.first?.Subnet == "10.77.0.0/24" && shown.IPAM.Config?.first?.Gateway == "10.77.0.1")
                #expect(shown.IPAM.Config?.first?.IPRange == "10.77.0.128/25" && shown.IPAM.Options == [:])
            }
            #expect(try await post(client, "/networks/create", body) == (409, "{\"message\":\"network with name n1 already exists\"}\n"))
            #expect(try await client.request("DELETE", "/networks/n1").status == 204)
            #expect(try await text(client, "GET", "/networks/n1") == (404, "{\"message\":\"network n1 not found\"}\n"))
        }
    }

    @Test(
        "what cannot be is refused in Docker's words",
        arguments: [
            (#"{"Name":"bridge"}"#, 403, "operation is not permitted on predefined bridge network"), (#"{"Name":"x","Driver":"zz"}"#, 404, "zz"),
            (#"{"Name":"x","Driver":"host"}"#, 403, "only one instance of"), (#"{"Name":"x","EnableIPv6":true}"#, 501, "IPv6"),
            (#"{"Name":"x","IPAM":{"Config":[{"Subnet":"nonsense"}]}}"#, 400, "invalid"), (#"{"Name":"x","ConfigOnly":true}"#, 501, "not supported"),
            (#"{"Name":"x","IPAM":{"Config":[{"Subnet":"10.1.0.0/16"}]}}"#, 403, "Pool overlaps with other one on this address space"),
            (#"{"Name":""}"#, 400, "invalid name")
        ])
    func refusals(_ body: String, _ status: Int, _ words: String) async throws {
        try await withEngine { client, _ in
            #expect(try await post(client, "/networks/create", #"{"Name":"first","IPAM":{"Config":[{"Subnet":"10.1.2.0/24"}]}}"#).status == 201)
            let answer = try await post(client, "/networks/create", body)
            #expect(answer.status == status && answer.body.contains(words), "\(answer)")
        }
    }

    @Test("lists are filtered by name, id, driver, type, label, scope and dangling; other filters are refused")
    func filters() async throws {
        try await withEngine { client, _ in
            for body in [#"{"Name":"web-1","Labels":{"a":"b"}}"#, #"{"Name":"web-2"}"#] {
                let made = try await post(client, "/networks/create", body)
                #expect(made.status == 201)
            }
            func names(_ filters: String) async throws -> [String] {
                let query = filters.utf8.map { "%" + String(Int($0) + 256, radix: 16).dropFirst() }.joined()
                return try await get(client, "/networks?filters=\(query)", as: [NetworkReply].self).map(\.Name).sorted()
            }
            #expect(try await names(#"{"name":["web"]}"#) == ["web-1", "web-2"])
            #expect(try await names(#"{"type":{"builtin":true}}"#) == ["bridge", "host", "none"])
            #expect(try await names(#"{"type":["custom"],"label":["a=b"]}"#) == ["web-1"])
            #expect(try await names(#"{"driver":["null"]}"#) == ["none"])
            #expect(try await names(#"{"dangling":["true"]}"#) == ["web-1", "web-2"])
            #expect(try await names(#"{"scope":["swarm"]}"#).isEmpty)
            for bad in ["%7B%22x%22:%5B%22y%22%5D%7D", "%7B%22type%22:%5B%22y%22%5D%7D", "%7B%22dangling%22:%5B%22y%22%5D%7D"] {
                #expect(try await client.request("GET", "/networks?filters=\(bad)").status == 400)
            }
        }
    }

    @Test("prune takes what nobody is on, with label filters, and never the three")
    func prune() async throws {
        try await withEngine { client, _ in
            for name in ["one", "two"] {
                let made = try await post(client, "/networks/create", #"{"Name":"\#(name)","Labels":{"\#(name)":""}}"#)
                #expect(made.status == 201)
            }
            let outcomes: [(query: String, body: String)] = [
                ("?filters=%7B%22label%22:%5B%22one%22%5D%7D", "{\"NetworksDeleted\":[\"one\"]}\n"),
                ("?filters=%7B%22until%22:%5B%2224h%22%5D%7D", "{\"NetworksDeleted\":null}\n"), ("", "{\"NetworksDeleted\":[\"two\"]}\n")
            ]
            for (query, body) in outcomes {
                let answer = try await post(client, "/networks/prune\(query)", "")
                #expect(answer.body == body)
            }
            let left: [NetworkReply] = try await get(client, "/networks")
            #expect(left.count == 3)
        }
    }

    @Test("of two clients who want the same name one wins, and pools are never given twice")
    func races() async throws {
        try await withEngine { client, engine in
            let outcomes = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        var request = NetworkCreateRequest()
                        request.Name = "same"
                        return (try? await engine.createNetwork(request)) != nil  // all but one are refused
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(outcomes == 1)
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        var request = NetworkCreateRequest()
                        request.Name = "n\(number)"
                        _ = try? await engine.createNetwork(request)  // counted below
                    }
                }
            }
            let subnets = try await get(client, "/networks", as: [NetworkReply].self).compactMap { $0.IPAM.Config?.first?.Subnet }
            #expect(subnets.count == 10 && Set(subnets).count == 10)
        }
    }

    @Test("connect and disconnect of what is not there are told so; below version 1.44 a container is created with one network")
    func missing() async throws {
        try await withEngine { client, _ in
            #expect(try await post(client, "/networks/zz/connect", #"{"Container":"c"}"#) == (404, "{\"message\":\"network zz not found\"}\n"))
            #expect(try await post(client, "/networks/none/connect", #"{"Container":"c"}"#) == (404, "{\"message\":\"No such container: c\"}\n"))
            #expect(try await post(client, "/networks/zz/disconnect", #"{"Container":"c","Force":true}"#) == (404, "{\"message\":\"No such container: c\"}\n"))
            let both = try await post(client, "/containers/create", #"{"Image":"x","NetworkingConfig":{"EndpointsConfig":{"b":{},"a":{}}}}"#)
            #expect(both == (400, "{\"message\":\"Container cannot be connected to network endpoints: a, b\"}\n"))
        }
    }
}
