import DockerAPI
import FoundationEssentials
import Linux
import Netlink
import Networks
import Testing

@testable import Engine

private func requests(_ json: String, exposed: String = "{}", all: Bool = false) throws -> [PortRequest] {
    let request = try JSONDecoder().decode(
        CreateRequest.self, from: Data(#"{"ExposedPorts":\#(exposed),"HostConfig":{"PublishAllPorts":\#(all),"PortBindings":\#(json)}}"#.utf8))
    return try portRequests(request.config, request.hostConfig)
}

private let home = IPv4Address(0x7f00_0037)
private func wish(_ range: ClosedRange<UInt16>?, _ inside: UInt16 = 80, _ proto: PortProtocol = .tcp) -> PortRequest {
    PortRequest(proto: proto, containerPort: inside, hostAddress: home, hostPorts: range)
}

@Suite("Published ports")
struct NetworkPortTests {
    @Test("bindings are read with their addresses, ranges and protocols")
    func reading() throws {
        #expect(
            try requests(#"{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"},{"HostPort":"0"}],"53/udp":[{"HostPort":"5300-5310"}]}"#) == [
                PortRequest(proto: .tcp, containerPort: 80, hostAddress: .loopback, hostPorts: 8080...8080),
                PortRequest(proto: .tcp, containerPort: 80, hostAddress: .any, hostPorts: nil),
                PortRequest(proto: .udp, containerPort: 53, hostAddress: .any, hostPorts: 5300...5310)
            ])
        #expect(try requests(#"{"90-91/tcp":[{"HostPort":"9001-9002"}]}"#).map(\.hostPorts) == [9001...9001, 9002...9002])
    }

    @Test("all exposed ports are published where that is asked for, but for those that are already")
    func publishAll() throws {
        let found = try requests(#"{"80/tcp":[{"HostPort":"8080"}]}"#, exposed: #"{"80/tcp":{},"81/tcp":{},"53/udp":{}}"#, all: true)
        #expect(found.map(\.key) == ["80/tcp", "81/tcp", "53/udp"] && found.map(\.hostPorts) == [8080...8080, nil, nil])
    }

    @Test("a port that somebody of ours has is already allocated; one of another program is in use; whoever fails keeps nothing")
    func taken() throws {
        var reserver = PortReserver(published: [])
        let first = try reserver.reserve([wish(nil)])
        let number = first[0].port.hostPort
        #expect(throws: PortRefusal(description: "Bind for 127.0.0.55:\(number) failed: port is already allocated")) {
            try reserver.reserve([wish(number...number)])
        }
        var stranger = PortReserver(published: [])
        let words = PortRefusal(description: "failed to bind host port 127.0.0.55:\(number)/tcp: address already in use")
        #expect(throws: words) { try stranger.reserve([wish(nil, 81, .udp), wish(number...number)]) }
        #expect(stranger.published.isEmpty)
        #expect(try stranger.reserve([wish(number...number, 80, .udp)]).count == 1, "the same number of the other protocol is another port")
        withExtendedLifetime(first) {}
    }

    @Test("of a range the first that is free is taken, and without a port one after the other")
    func choosing() throws {
        var reserver = PortReserver(published: [])
        let low = try reserver.reserve([wish(nil)]), number = low[0].port.hostPort
        let next = try reserver.reserve([wish(number...number + 5)])
        #expect(next[0].port.hostPort > number && next[0].port.hostPort <= number + 5)
        let others = try reserver.reserve([wish(nil), wish(nil)])
        #expect(Set(others.map(\.port.hostPort)).count == 2 && others.allSatisfy { $0.port.hostPort > number })
        withExtendedLifetime((low, next)) {}
    }

    @Test("an address that is not this machine's is told so")
    func foreignAddress() {
        var reserver = PortReserver(published: [])
        let request = PortRequest(proto: .tcp, containerPort: 80, hostAddress: IPv4Address(0x0102_0304), hostPorts: 8080...8080)
        #expect(throws: PortRefusal(description: "failed to bind host port 1.2.3.4:8080/tcp: cannot assign requested address")) {
            try reserver.reserve([request])
        }
    }

    @Test("a socket that is let go gives its port back")
    func release() throws {
        var reserver = PortReserver(published: [])
        var number: UInt16 = 0
        do { number = try reserver.reserve([wish(nil)])[0].port.hostPort }
        #expect(try PortReserver(published: []).trying(wish(number...number)) == number)
    }

    @Test("inspect shows exposed ports as null and published ones with their places")
    func portMaps() throws {
        var record = ContainerRecord(
            id: "x", createdNanoseconds: 0, image: "i", config: ContainerConfig(), host: HostConfig(), path: "p", arguments: [], mounts: [], networks: [])
        record.config.ExposedPorts = ["7000/tcp": Empty(), "80/tcp": Empty(), "100-101/udp": Empty()]
        let port = PublishedPort(proto: .tcp, hostAddress: .any, hostPort: 8080, containerPort: 80)
        let map = portMap(record, [port])
        #expect(map.keys.sorted() == ["100/udp", "101/udp", "7000/tcp", "80/tcp"])
        #expect(map["80/tcp"] == [PortBinding(HostIp: "0.0.0.0", HostPort: "8080")] && map["7000/tcp"] == .some(nil))
    }
}

extension PortReserver {
    fileprivate func trying(_ request: PortRequest) throws -> UInt16 {
        var copy = self
        return try copy.reserve([request])[0].port.hostPort
    }
}
