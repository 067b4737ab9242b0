// The rules as text: what values become. That the text does what it says, FirewallTruthTests sees by packets. Chapter 09.
import Netlink
import Networks
import Testing

private let bridge = FirewallBridge(link: "slipway0", subnet: Subnet(containing: IPv4Address(0xac11_0000), prefixLength: 16))
private let container = IPv4Address(0xac11_0002)

@Suite("Rules")
struct RulesTests {
    private func published(_ address: String, _ hostPort: UInt16, _ proto: PortProtocol = .tcp) -> FirewallPort {
        FirewallPort(PublishedPort(proto: proto, hostAddress: IPv4Address(address) ?? .any, hostPort: hostPort, containerPort: 80), to: container)
    }

    @Test("stand in a table that bears the instance's name")
    func table() {
        #expect(FirewallState().rules.hasPrefix("table ip slipway {\n"))
        #expect(FirewallState(instance: "01234567").rules.hasPrefix("table ip slipway-01234567 {\n"))
    }

    @Test("are the same text for every state, but for the elements")
    func constant() {
        func withoutElements(_ state: FirewallState) -> [String] { state.rules.split(separator: "\n").filter { !$0.contains(" { type") }.map(String.init) }
        let many = FirewallState(bridges: [bridge], ports: Set((1...100).map { published("0.0.0.0", $0) }))
        #expect(withoutElements(many) == withoutElements(FirewallState()))
    }

    @Test("take bridges and ports as elements, in a fixed order")
    func elements() {
        let state = FirewallState(bridges: [bridge], ports: [published("0.0.0.0", 8081, .udp), published("127.0.0.1", 8080), published("0.0.0.0", 8080)])
        let lines = state.rules.split(separator: "\n").map(String.init)
        #expect(lines.contains(#"    set bridges { type ifname; elements = { "slipway0" }; }"#))
        #expect(lines.contains("    set internal { type ifname; }"))
        #expect(lines.contains(#"    set talking { type ifname . ifname; elements = { "slipway0" . "slipway0" }; }"#))
        #expect(lines.contains("    set hidden { type ipv4_addr; flags interval; elements = { 172.17.0.0/16 }; }"))
        let exact = "    map exact { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; "
        #expect(lines.contains(exact + "elements = { 127.0.0.1 . tcp . 8080 : 172.17.0.2 . 80 }; }"))
        let any = "    map any { type inet_proto . inet_service : ipv4_addr . inet_service; "
        #expect(lines.contains(any + "elements = { tcp . 8080 : 172.17.0.2 . 80, udp . 8081 : 172.17.0.2 . 80 }; }"))
    }

    @Test("leave a bridge out of the sets that its options take it from")
    func options() {
        var other = bridge
        (other.isInternal, other.containersTalk, other.masquerades) = (true, false, false)
        let rules = FirewallState(bridges: [other], ports: [published("0.0.0.0", 8080)]).rules
        #expect(rules.contains(#"set internal { type ifname; elements = { "slipway0" }; }"#))
        #expect(rules.contains("set talking { type ifname . ifname; }") && rules.contains("set hidden { type ipv4_addr; flags interval; }"))
        #expect(!rules.contains("8080"), "a container of an internal network publishes nothing")
    }

    @Test("of a repair remove what was there and make it anew, in one text")
    func repair() {
        let text = FirewallState(bridges: [bridge]).repair(replacingBridgeTable: false)
        #expect(text.hasPrefix("add table ip slipway\ndelete table ip slipway\ntable ip slipway {\n") && !text.contains("table bridge"))
        #expect(FirewallState().repair(replacingBridgeTable: true).hasSuffix("add table bridge slipway\ndelete table bridge slipway\n"))
    }

    @Test("of the family bridge appear where containers are kept apart, with their links")
    func apart() {
        var quiet = bridge
        quiet.containersTalk = false
        let endpoint = FirewallEndpoint(hostLink: "veth1234567", bridge: "slipway0"), elsewhere = FirewallEndpoint(hostLink: "veth7654321", bridge: "br-other")
        let state = FirewallState(bridges: [quiet], endpoints: [endpoint, elsewhere])
        #expect(state.repair(replacingBridgeTable: false).contains(#"set apart { type ifname; elements = { "veth1234567" }; }"#))
        #expect(state.connecting(endpoint) == "add element bridge slipway apart { \"veth1234567\" }\n")
        let element = "element bridge slipway apart { \"veth1234567\" }\n"
        #expect(state.disconnecting(endpoint) == "add \(element)delete \(element)")
        #expect(state.connecting(elsewhere) == "" && FirewallState(bridges: [bridge]).connecting(endpoint) == "")
    }

    @Test("of a port are one element that comes, or comes and goes")
    func ports() {
        let state = FirewallState(instance: "aa", bridges: [bridge])
        #expect(state.publishing([published("0.0.0.0", 53, .udp)]) == "add element ip slipway-aa any { udp . 53 : 172.17.0.2 . 80 }\n")
        #expect(
            state.unpublishing([published("10.0.0.1", 53)]) == """
                add element ip slipway-aa exact { 10.0.0.1 . tcp . 53 : 172.17.0.2 . 80 }
                delete element ip slipway-aa exact { 10.0.0.1 . tcp . 53 }

                """)
    }
}
