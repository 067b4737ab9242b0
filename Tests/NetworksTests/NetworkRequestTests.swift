// What a request for a network may say, and in which words the rest is refused.

import Netlink
import Networks
import Testing

@Suite("A request for a network")
struct NetworkRequestTests {
    private func plan(_ request: NetworkRequest, _ others: [NetworkRecord] = [], host: [String] = []) throws -> NetworkRecord {
        try request.plan(id: String(repeating: "ab", count: 32), among: others, hostSubnets: host.map(subnet), at: 7)
    }

    private func refusal(_ request: NetworkRequest, _ others: [NetworkRecord] = []) -> NetworksError? {
        do { _ = try plan(request, others) } catch { return error as? NetworksError }
        return nil
    }

    private func pool(_ subnet: String = "", _ range: String = "", _ gateway: String = "", _ auxiliary: [String: String] = [:]) -> NetworkRequest {
        NetworkRequest(name: "n", pools: [.init(subnet: subnet, range: range, gateway: gateway, auxiliary: auxiliary)])
    }

    @Test("that says nothing gets a pool, its first address as gateway, and a bridge named by the id")
    func plain() throws {
        let record = try plan(NetworkRequest(name: "n"), host: ["172.17.0.0/16"])
        #expect(record.pools == [IPAMPool(subnet: try subnet("172.18.0.0/16"), gateway: try address("172.18.0.1"))])
        #expect(record.link == "br-abababababab" && !record.isSubnetAsked && record.createdNanoseconds == 7)
        #expect(record.allowsInterContainer && record.masquerades && record.hostBinding == .any && record.mtuBytes == nil && record.resolvesNames)
        // Compose sends an entry without content.
        #expect(try plan(pool()).pools.first?.subnet == subnet("172.17.0.0/16"))
    }

    @Test("keeps what it says of its subnet")
    func full() throws {
        let record = try plan(pool("10.5.0.0/16", "10.5.7.0/24", "10.5.0.9", ["nas": "10.5.0.10"]))
        let wanted = IPAMPool(
            subnet: try subnet("10.5.0.0/16"), range: try subnet("10.5.7.0/24"), gateway: try address("10.5.0.9"), auxiliary: ["nas": try address("10.5.0.10")])
        #expect(record.pools == [wanted] && record.isSubnetAsked)
        // The gateway that is not asked for is the first that is no auxiliary address.
        #expect(try plan(pool("10.5.0.0/16", "", "", ["nas": "10.5.0.1"])).pools.first?.gateway == address("10.5.0.2"))
    }

    @Test(
        "with a subnet that makes no sense is refused with all its faults, in Docker's words",
        arguments: [
            (["10.5.0.0", "", ""], "invalid subnet 10.5.0.0: invalid CIDR block notation"),
            (["10.5.0.0/33", "", ""], "invalid subnet 10.5.0.0/33: invalid CIDR block notation"),
            (["", "10.5.0.0/24", ""], "invalid subnet : invalid CIDR block notation"),
            (["10.5.0.1/16", "", ""], "invalid subnet 10.5.0.1/16: it should be 10.5.0.0/16"),
            (["0.0.0.0/0", "", ""], "invalid subnet 0.0.0.0/0: no host can have an address of it"),
            (["127.1.0.0/16", "", ""], "invalid subnet 127.1.0.0/16: no host can have an address of it"),
            (["10.5.0.0/16", "x", ""], "invalid ip-range x: invalid CIDR block notation"),
            (["10.5.0.0/16", "10.4.0.0/15", ""], "invalid ip-range 10.4.0.0/15: CIDR block is bigger than its parent subnet 10.5.0.0/16"),
            (["10.5.0.0/16", "10.6.0.0/24", ""], "invalid ip-range 10.6.0.0/24: parent subnet 10.5.0.0/16 doesn't contain ip-range"),
            (["10.5.0.0/16", "10.5.0.7/24", ""], "invalid ip-range 10.5.0.7/24: it should be 10.5.0.0/24"),
            (["10.5.0.0/16", "", "10.6.0.1"], "invalid gateway 10.6.0.1: parent subnet 10.5.0.0/16 doesn't contain this address"),
            (
                ["10.5.0.0/16", "10.6.0.0/24", "z"],
                "invalid ip-range 10.6.0.0/24: parent subnet 10.5.0.0/16 doesn't contain ip-range\ninvalid gateway z: invalid address"
            )
        ])
    func senseless(_ words: [String], _ text: String) {
        #expect(refusal(pool(words[0], words[1], words[2])) == .invalid("invalid network config:\n" + text))
    }

    @Test("whose auxiliary addresses lie outside, or are the gateway or each other, is refused")
    func auxiliary() {
        #expect(
            refusal(pool("10.5.0.0/16", "", "", ["nas": "1.2.3.4"]))
                == .invalid("invalid network config:\ninvalid auxiliary address nas: parent subnet 10.5.0.0/16 doesn't contain this address"))
        #expect(refusal(pool("10.5.0.0/16", "", "10.5.0.1", ["nas": "10.5.0.1"])) == .addressInUse)
        #expect(refusal(pool("10.5.0.0/16", "", "", ["nas": "10.5.0.2", "san": "10.5.0.2"])) == .addressInUse)
        #expect(refusal(pool("10.5.0.0/32", "", "", ["nas": "10.5.0.0"])) == .invalid("subnet 10.5.0.0/32 has no address left for its gateway"))
    }

    @Test("for a subnet that overlaps another network's, a second subnet, or a name that is there, is refused")
    func clashes() throws {
        let other = try plan(NetworkRequest(name: "other", pools: [.init(subnet: "10.5.0.0/16")]))
        #expect(refusal(pool("10.5.128.0/24"), [other]) == .poolOverlaps)
        #expect(refusal(pool("10.0.0.0/8"), [other]) == .poolOverlaps)
        #expect(NetworksError.poolOverlaps.kind == .forbidden && "\(NetworksError.poolOverlaps)" == "Pool overlaps with other one on this address space")
        let two = NetworkRequest(name: "n", pools: [.init(subnet: "10.6.0.0/16"), .init(subnet: "10.6.0.0/16")])
        #expect(refusal(two) == .forbidden("bridge driver doesn't support multiple subnets"))
        #expect(refusal(NetworkRequest(name: "other"), [other]) == .nameTaken("other"))
        #expect("\(NetworksError.nameTaken("other"))" == "network with name other already exists")
    }

    @Test("for what is not built here is told so by name, and for what nobody knows, Docker's words")
    func unbuilt() {
        for driver in ["macvlan", "ipvlan", "overlay"] {
            let refusal = refusal(NetworkRequest(name: "n", driver: driver))
            #expect(refusal?.kind == .unsupported && refusal?.description.contains("\"\(driver)\"") == true)
        }
        #expect(refusal(NetworkRequest(name: "n", wantsIPv6: true))?.kind == .unsupported)
        #expect(refusal(pool("fd00::/64"))?.kind == .unsupported)
        #expect(refusal(NetworkRequest(name: "n", ipamDriver: "infoblox"))?.kind == .invalid)
        #expect(refusal(NetworkRequest(name: "n", driver: "weave")) == .unknownDriver("weave"))
        #expect("\(NetworksError.unknownDriver("weave"))" == "plugin \"weave\" not found")
        #expect(refusal(NetworkRequest(name: "n", driver: "host")) == .forbidden("only one instance of \"host\" network is allowed"))
    }

    @Test("may not bear a predefined name, or none", arguments: ["bridge", "host", "none", "default", "", " ", "a/b", "a\nb"])
    func names(_ name: String) {
        let refusal = refusal(NetworkRequest(name: name))
        #expect(refusal?.kind == (["bridge", "host", "none", "default"].contains(name) ? .forbidden : .invalid))
    }

    @Test("may set the options of Docker's bridge driver; others are kept and mean nothing")
    func options() throws {
        var request = NetworkRequest(name: "n")
        request.options = [
            "com.docker.network.bridge.name": "lan0", "com.docker.network.bridge.enable_icc": "false", "com.docker.network.bridge.enable_ip_masquerade": "0",
            "com.docker.network.bridge.host_binding_ipv4": "127.0.0.1", "com.docker.network.driver.mtu": "1400", "org.example": "x"
        ]
        let record = try plan(request)
        #expect(record.link == "lan0" && !record.allowsInterContainer && !record.masquerades)
        #expect(record.hostBinding == .loopback && record.mtuBytes == 1400 && record.options == request.options)
    }

    @Test(
        "with an option whose value means nothing is refused",
        arguments: [
            ("bridge.enable_icc", "perhaps", "strconv.ParseBool"), ("bridge.enable_ip_masquerade", "", "strconv.ParseBool"),
            ("bridge.host_binding_ipv4", "localhost", "nil ip"), ("driver.mtu", "large", "strconv.Atoi"), ("driver.mtu", "67", "invalid MTU number: 67"),
            ("driver.mtu", "-1", "invalid MTU number: -1"), ("bridge.name", "sixteen-letters-", "invalid bridge name"),
            ("bridge.name", "a/b", "invalid bridge name"),
            ("bridge.name", "..", "invalid bridge name")
        ])
    func badOptions(_ option: String, _ value: String, _ words: String) {
        let refusal = refusal(NetworkRequest(name: "n", options: ["com.docker.network." + option: value]))
        #expect(refusal?.kind == .invalid && refusal?.description.contains(words) == true, "\(refusal.map { "\($0)" } ?? "accepted")")
    }
}
