import DockerAPI
import FoundationEssentials
import Netlink
import Networks
import Testing

@testable import Engine

private func request(_ json: String) throws -> CreateRequest { try JSONDecoder().decode(CreateRequest.self, from: Data(json.utf8)) }

private func refusal(_ json: String) throws -> EngineError? {
    let request = try request(json)
    do throws(EngineError) {
        try checkNetworking(request)
        return nil
    } catch { return error }
}

private let n1 = NetworkRecord(
    id: String(repeating: "a1", count: 32), name: "n1", driver: "bridge",
    pools: [IPAMPool(subnet: Subnet(containing: IPv4Address(0x0a01_0000), prefixLength: 24), gateway: IPv4Address(0x0a01_0001))], isSubnetAsked: true,
    link: "br-a1")
private let bridge = NetworkRecord(id: String(repeating: "b2", count: 32), name: "bridge", driver: "bridge", link: "slipway0", isPredefined: true)
private func known(_ text: String) throws(EngineError) -> NetworkRecord? { [n1, bridge].first { $0.name == text || $0.id.hasPrefix(text) } }

private func asked(_ json: String, mode: String) throws -> [AskedNetwork] { try askedNetworks(request(json), mode: mode, find: known) }

@Suite("What a create request may say of networks")
struct NetworkRulesTests {
    @Test(
        "bad values are told in Docker's words",
        arguments: [
            (#"{"ExposedPorts":{"80x/tcp":{}}}"#, #"invalid port specification: "80x/tcp""#),
            (#"{"HostConfig":{"PortBindings":{"80/tcp":[{"HostPort":"x"}]}}}"#, #"invalid port specification: "x""#),
            (#"{"HostConfig":{"PortBindings":{"80/tcp":[{"HostIp":"300.1.1.1","HostPort":"80"}]}}}"#, "invalid IP address: 300.1.1.1"),
            (#"{"HostConfig":{"PortBindings":{"80/tcp":[{"HostPort":"9000-8000"}]}}}"#, #"invalid port specification: "9000-8000""#),
            (#"{"HostConfig":{"NetworkMode":"container:"}}"#, "Invalid network mode: invalid container format container:<name|id>"),
            (#"{"Hostname":"h","HostConfig":{"NetworkMode":"container:x"}}"#, "conflicting options: hostname and the network mode"),
            (
                #"{"HostConfig":{"NetworkMode":"container:x","PublishAllPorts":true}}"#,
                "conflicting options: port publishing and the container type network mode"
            ),
            (
                #"{"ExposedPorts":{"80/tcp":{}},"HostConfig":{"NetworkMode":"container:x"}}"#,
                "conflicting options: port exposing and the container type network mode"
            ),
            (#"{"HostConfig":{"NetworkMode":"container:x","Dns":["1.1.1.1"]}}"#, "conflicting options: dns and the network mode"),
            (#"{"MacAddress":"02:00:00:00:00:01","HostConfig":{"NetworkMode":"host"}}"#, "conflicting options: mac-address and the network mode"),
            (#"{"NetworkingConfig":{"EndpointsConfig":{"n1":null}}}"#, "no EndpointSettings for n1"),
            (#"{"NetworkingConfig":{"EndpointsConfig":{"n1":{"IPAMConfig":{"IPv4Address":"1.2.3"}}}}}"#, "invalid IPv4 address: 1.2.3"),
            (#"{"HostConfig":{"ExtraHosts":["x"]}}"#, #"bad format for add-host: "x""#)
        ])
    func invalid(_ json: String, _ text: String) throws { #expect(try refusal(json) == EngineError(.invalid, text)) }

    @Test(
        "what is IPv6's or SCTP's is refused by name",
        arguments: [
            #"{"HostConfig":{"PortBindings":{"80/tcp":[{"HostIp":"::1","HostPort":"80"}]}}}"#, #"{"HostConfig":{"PortBindings":{"80/sctp":[{}]}}}"#,
            #"{"NetworkingConfig":{"EndpointsConfig":{"n1":{"IPAMConfig":{"IPv6Address":"fd00::2"}}}}}"#
        ])
    func unbuilt(_ json: String) throws { #expect(try refusal(json)?.kind == .unsupported) }

    @Test("exposing SCTP, null bindings and host-gateway are fine")
    func accepted() throws {
        #expect(
            try refusal(#"{"ExposedPorts":{"80/sctp":{}},"HostConfig":{"PortBindings":{"81/tcp":null},"ExtraHosts":["h:host-gateway","g=10.0.0.1"]}}"#) == nil)
    }

    @Test("without a word about networks it is the default bridge; the key default means the same")
    func defaults() throws {
        #expect(try asked("{}", mode: "bridge").map(\.network) == ["bridge"])
        let named = try asked(#"{"MacAddress":"02:42:00:00:00:07","NetworkingConfig":{"EndpointsConfig":{"default":{}}}}"#, mode: "default")
        #expect(named.map(\.network) == ["bridge"] && named[0].endpoint.mac?.description == "02:42:00:00:00:07")
    }

    @Test("the mode's network comes first, an id becomes a name, and an unknown network is kept as it was called")
    func order() throws {
        let several = try asked(
            #"{"NetworkingConfig":{"EndpointsConfig":{"other":{},"a1a1":{"Aliases":["web"],"IPAMConfig":{"IPv4Address":"10.1.0.9"}}}}}"#, mode: "n1")
        #expect(several.map(\.network) == ["n1", "other"])
        #expect(several[0].endpoint.aliases == ["web"] && several[0].endpoint.address?.description == "10.1.0.9" && several[0].endpoint.hasIPAM)
        #expect(try asked("{}", mode: "later").map(\.network) == ["later"])
        #expect(try asked("{}", mode: "container:x").isEmpty)
        #expect(try asked(#"{"NetworkDisabled":true}"#, mode: "bridge").isEmpty)
    }

    @Test("addresses and aliases are for networks of one's own")
    func wishes() throws {
        let address = #"{"NetworkingConfig":{"EndpointsConfig":{"bridge":{"IPAMConfig":{"IPv4Address":"172.17.0.9"}}}}}"#
        let words = EngineError(.invalid, "user specified IP address is supported on user defined networks only")
        #expect(throws: words) { try asked(address, mode: "bridge") }
        let outside = EngineError(.invalid, "Invalid address 10.2.0.9: It does not belong to any of this network's subnets")
        #expect(throws: outside) { try asked(#"{"NetworkingConfig":{"EndpointsConfig":{"n1":{"IPAMConfig":{"IPv4Address":"10.2.0.9"}}}}}"#, mode: "n1") }
        #expect(throws: EngineError.self) { try asked(#"{"NetworkingConfig":{"EndpointsConfig":{"n1":{}}}}"#, mode: "none") }
    }

    @Test("what Compose and docker-py send for a network is read")
    func bodies() throws {
        let compose = try JSONDecoder().decode(
            NetworkCreateRequest.self, from: Data(#"{"Name":"p_default","Driver":"","IPAM":null,"Options":null,"Labels":{"a":"b"}}"#.utf8))
        #expect(NetworkRequest(compose).driver.isEmpty && NetworkRequest(compose).pools.isEmpty && NetworkRequest(compose).labels == ["a": "b"])
        let python = try JSONDecoder().decode(
            NetworkCreateRequest.self,
            from: Data(#"{"Name":"n","Driver":null,"IPAM":{"Driver":"default","Config":[{"Subnet":"10.9.0.0/24","Gateway":null}]},"CheckDuplicate":null}"#.utf8)
        )
        #expect(NetworkRequest(python).pools == [NetworkRequest.Pool(subnet: "10.9.0.0/24")])
    }
}
