// The packet filter judged by packets: who reaches what, and whom the server sees. Every row was sent as TCP and as UDP, with bridged packets
// hidden from the IP layer and shown to it (`bridge-nf-call-iptables`, which dockerd turns on for everybody). Chapter 09.
import Networks
import Testing

private let ports =
    PortProtocol.allCases.flatMap {
        [
            port($0, "0.0.0.0", 8080, to: FirewallBed.one, 80), port($0, "10.99.0.1", 8081, to: FirewallBed.one, 80),
            port($0, "127.0.0.1", 8082, to: FirewallBed.one, 80)
        ]
    }

/// From where (nil: the host), to what, and which address the server saw; `-` where nothing came back.
struct Row: CustomTestStringConvertible {
    let from: String?, to: String, seen: String
    init(_ from: String?, _ to: String, _ seen: String) { (self.from, self.to, self.seen) = (from, to, seen) }
    var testDescription: String { "\(from ?? "host") → \(to): \(seen)" }
}

private let table: [Row] = [
    // published on any address
    Row(nil, "127.0.0.1:8080", "172.30.1.1"), Row(nil, "10.99.0.1:8080", "10.99.0.1"), Row(nil, "172.30.2.1:8080", "172.30.1.1"),
    Row("fw-client", "10.99.0.1:8080", "10.99.0.2"), Row("fw-client", "172.30.1.1:8080", "10.99.0.2"),
    Row("fw-two", "10.99.0.1:8080", "172.30.1.1"), Row("fw-two", "172.30.1.1:8080", "172.30.1.1"),
    Row("fw-far", "10.99.0.1:8080", "172.30.1.1"), Row("fw-far", "172.30.2.1:8080", "172.30.1.1"),
    Row("fw-one", "10.99.0.1:8080", "172.30.1.1"), Row("fw-one", "172.30.1.1:8080", "172.30.1.1"),
    // published on one address
    Row(nil, "10.99.0.1:8081", "10.99.0.1"), Row(nil, "127.0.0.1:8081", "-"), Row(nil, "172.30.1.1:8081", "-"),
    Row("fw-client", "10.99.0.1:8081", "10.99.0.2"), Row("fw-client", "172.30.1.1:8081", "-"),
    Row("fw-two", "10.99.0.1:8081", "172.30.1.1"), Row("fw-far", "10.99.0.1:8081", "172.30.1.1"), Row("fw-one", "10.99.0.1:8081", "172.30.1.1"),
    // published on the loopback
    Row(nil, "127.0.0.1:8082", "172.30.1.1"), Row(nil, "10.99.0.1:8082", "-"),
    Row("fw-client", "10.99.0.1:8082", "-"), Row("fw-two", "172.30.1.1:8082", "-"), Row("fw-far", "10.99.0.1:8082", "-"), Row("fw-one", "10.99.0.1:8082", "-"),
    // not published
    Row(nil, "127.0.0.1:81", "-"), Row(nil, "10.99.0.1:81", "-"), Row("fw-client", "10.99.0.1:81", "-"), Row("fw-two", "10.99.0.1:81", "-"),
    // the container's own address: its port 80 is published as 8080, its port 81 is not
    Row(nil, "172.30.1.2:80", "172.30.1.1"), Row(nil, "172.30.1.2:81", "172.30.1.1"),
    Row("fw-client", "172.30.1.2:80", "-"), Row("fw-client", "172.30.1.2:81", "-"),
    Row("fw-two", "172.30.1.2:80", "172.30.1.3"), Row("fw-two", "172.30.1.2:81", "172.30.1.3"),
    Row("fw-far", "172.30.1.2:80", "-"), Row("fw-far", "172.30.1.2:81", "-"), Row("fw-one", "172.30.1.2:80", "172.30.1.2"),
    // out of a container: the world sees the host; the host itself and the other bridge's gateway see the container
    Row("fw-two", "10.99.0.2:90", "10.99.0.1"), Row("fw-far", "10.99.0.2:90", "10.99.0.1"), Row("fw-two", "172.30.1.1:91", "172.30.1.3"),
    // isolation the other way round
    Row("fw-one", "172.30.2.2:80", "-"), Row("fw-two", "172.30.2.2:80", "-")
]

@Suite("Packets", .serialized, .enabled(if: isInSandbox, "UNVERIFIED HERE: packets are sent in the sandbox only (Tests/Sandbox/run)"))
struct FirewallTruthTests {
    /// Asks all rows of each place at once, twice: an ICMP redirect after the first packet would spoil the second (the kernel
    /// sends none for translated packets). Returns rows that differ.
    private func differences(_ bed: FirewallBed, _ rows: [Row]) throws -> [String] {
        var wrong: [String] = []
        for place in Set(rows.map(\.from)) {
            let mine = rows.filter { $0.from == place }
            for round in 1...2 {
                let answers = try bed.ask(from: place, mine.flatMap { both($0.to) })
                for row in mine {
                    for question in both(row.to) where answers[question] != row.seen {
                        wrong.append("round \(round): \(place ?? "host") → \(question): \(answers[question] ?? "?") instead of \(row.seen)")
                    }
                }
            }
        }
        return wrong
    }

    private func agree(_ bed: FirewallBed, _ rows: [Row]) throws {
        let wrong = try differences(bed, rows)
        #expect(wrong == [])
    }

    @Test("reach what they ought to, from whom they ought to, and nothing else", arguments: [false, true])
    func truth(bridgedPacketsSeenByIP: Bool) throws {
        let bed = try FirewallBed(bridgedPacketsSeenByIP: bridgedPacketsSeenByIP)
        defer { bed.remove() }
        try bed.serve(in: "fw-one", ports: 80, 81)
        try bed.serve(in: "fw-far", ports: 80)
        try bed.serve(in: "fw-client", ports: 90)
        try bed.serve(in: nil, ports: 91)
        try bed.firewall.publish(ports)
        try agree(bed, table)
        try bed.firewall.unpublish(ports)
        let closed = ["127.0.0.1:8080", "10.99.0.1:8080", "10.99.0.1:8081", "127.0.0.1:8082"].map { Row(nil, $0, "-") }
        try agree(bed, closed + [Row("fw-client", "10.99.0.1:8080", "-")])
    }

    @Test("to 127.0.0.1 from outside or from a container reach nothing, though sent over the wire on purpose")
    func loopback() throws {
        let bed = try FirewallBed()
        defer { bed.remove() }
        try bed.serve(in: "fw-one", ports: 80)
        try bed.serve(in: nil, ports: 91)
        try bed.firewall.publish(ports)
        for (name, gateway) in [("fw-client", "10.99.0.1"), ("fw-two", "172.30.1.1")] {
            try machine(
                script: """
                    ip -n \(name) address flush dev lo
                    ip -n \(name) route add 127.0.0.0/8 via \(gateway)
                    ip netns exec \(name) sysctl -q net.ipv4.conf.all.route_localnet=1
                    """)
            let asked = both("127.0.0.1:8082") + both("127.0.0.1:8080") + both("127.0.0.1:91")
            let answers = try bed.ask(from: name, asked)
            #expect(answers == Dictionary(uniqueKeysWithValues: asked.map { ($0, "-") }), "\(name)")
        }
        // the same without the guard: the defence is what stops it, not the bed
        try machine(script: "nft flush chain ip slipway-0badcafe guard")
        let answers = try bed.ask(from: "fw-two", both("127.0.0.1:91"))
        #expect(answers["tcp:127.0.0.1:91"] == "172.30.1.3")
    }

    @Test("between containers that are kept apart go by published ports only", arguments: [false, true])
    func apart(bridgedPacketsSeenByIP: Bool) throws {
        var quiet = FirewallBed.bridgeA
        quiet.containersTalk = false
        let state = FirewallState(instance: "0badcafe", bridges: [quiet, FirewallBed.bridgeB])
        let bed = try FirewallBed(bridgedPacketsSeenByIP: bridgedPacketsSeenByIP, state: state)
        defer { bed.remove() }
        try bed.serve(in: "fw-one", ports: 80)
        try bed.firewall.publish(ports)
        let rows = [
            Row("fw-two", "172.30.1.2:80", "-"), Row("fw-two", "10.99.0.1:8080", "172.30.1.1"), Row("fw-client", "10.99.0.1:8080", "10.99.0.2"),
            Row(nil, "172.30.1.2:80", "172.30.1.1")
        ]
        try agree(bed, rows)
        guard !bridgedPacketsSeenByIP else { return }
        try bed.firewall.disconnect(FirewallEndpoint(hostLink: "v-fw-two", bridge: "fw-br-a"))
        try machine(script: "ip -n fw-two neighbour flush all")  // it has given up asking who 172.30.1.2 is, for a second
        try agree(bed, [Row("fw-two", "172.30.1.2:80", "172.30.1.3")])
    }

    @Test("of an internal network stay inside", arguments: [false, true])
    func isolated(bridgedPacketsSeenByIP: Bool) throws {
        var inner = FirewallBed.bridgeA
        inner.isInternal = true
        let state = FirewallState(instance: "0badcafe", bridges: [inner, FirewallBed.bridgeB])
        let bed = try FirewallBed(bridgedPacketsSeenByIP: bridgedPacketsSeenByIP, state: state)
        defer { bed.remove() }
        try bed.serve(in: "fw-one", ports: 80)
        try bed.serve(in: "fw-far", ports: 80)
        try bed.serve(in: "fw-client", ports: 90)
        try bed.firewall.publish(ports + [port(.tcp, "0.0.0.0", 8090, to: FirewallBed.far, 80), port(.udp, "0.0.0.0", 8090, to: FirewallBed.far, 80)])
        let rows = [
            Row("fw-two", "172.30.1.2:80", "172.30.1.3"), Row(nil, "172.30.1.2:80", "172.30.1.1"), Row("fw-two", "10.99.0.2:90", "-"),
            Row("fw-two", "10.99.0.1:8090", "-"), Row("fw-client", "10.99.0.1:8080", "-"), Row(nil, "127.0.0.1:8080", "-"), Row("fw-far", "172.30.1.2:80", "-"),
            Row("fw-client", "10.99.0.1:8090", "10.99.0.2")
        ]
        try agree(bed, rows)
    }
}
