// Changes while packets flow: an established connection outlives a repair, foreign tables are never touched, and whatever somebody removed comes
// back. Chapter 09.
import Foundation
import Networks
import Nftables
import Testing

/// Sends a byte and takes the answer, over one TCP connection, until told to stop; prints how many rounds it made, or `broken`.
private let talker = """
    import socket, sys
    s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 2); s.settimeout(2)
    print('up', flush=True); rounds = 0
    try:
        while True:
            s.sendall(b'?'); assert s.recv(100); rounds += 1
            if rounds % 50 == 0: print(rounds, flush=True)
    except Exception: print('broken', flush=True)
    """

@Suite("The firewall", .serialized, .enabled(if: isInSandbox, "UNVERIFIED HERE: packets are sent in the sandbox only (Tests/Sandbox/run)"))
struct FirewallRepairTests {
    private func web(_ hostPort: UInt16 = 8080) -> FirewallPort { port(.tcp, "0.0.0.0", hostPort, to: FirewallBed.one, 80) }

    @Test("is repaired under an established connection and new ones alike, without a gap")
    func repair() throws {
        let bed = try FirewallBed()
        defer { bed.remove() }
        try bed.serve(in: "fw-one", ports: 80)
        try bed.firewall.publish([web()])
        guard let talk = popen("exec ip netns exec fw-client /usr/bin/python3 -c \"\(talker)\" 10.99.0.1 8080", "re") else { return }
        func next() -> String {
            var line = [CChar](repeating: 0, count: 64)
            guard fgets(&line, 64, talk) != nil else { return "ended" }
            return String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
        #expect(next() == "up")
        for _ in 1...20 {
            try bed.firewall.repair()
            let answer = try bed.ask(from: nil, ["tcp:10.99.0.1:8080"])
            #expect(answer == ["tcp:10.99.0.1:8080": "10.99.0.1"])
        }
        let before = next(), after = next()
        #expect(Int(before) != nil && Int(after) != nil, "\(before) \(after)")
        _ = try machine("sh", "-c", "kill -9 $(ip netns pids fw-client)")
        pclose(talk)
    }

    @Test("of a UDP port reaches clients that were sending before, also when another container takes the port over")
    func datagrams() throws {
        let bed = try FirewallBed()
        defer { bed.remove() }
        try bed.serve(in: "fw-one", ports: 80)
        try bed.serve(in: "fw-far", ports: 80)
        /// Sends from port 4000 always: to connection tracking one connection. The container answers from where it is, which its peer's name tells.
        func ask() throws -> String {
            let script = """
                import socket
                s = socket.socket(type=socket.SOCK_DGRAM); s.bind(('10.99.0.2', 4000)); s.settimeout(1)
                try: s.sendto(b'?', ('10.99.0.1', 8085)); print(s.recv(100).decode())
                except OSError: print('-')
                """
            return try machine("ip", "netns", "exec", "fw-client", "/usr/bin/python3", "-c", script).output
        }
        let (mine, other) = (port(.udp, "0.0.0.0", 8085, to: FirewallBed.one, 80), port(.udp, "0.0.0.0", 8085, to: FirewallBed.far, 80))
        let before = try ask()
        try bed.firewall.publish([mine])
        let first = try ask()
        try bed.firewall.unpublish([mine])
        let between = try ask()
        try bed.firewall.publish([other])
        let second = try ask()
        #expect([before, first, between, second] == ["-\n", "10.99.0.2\n", "-\n", "10.99.0.2\n"])
        let list = try machine("cat", "/proc/net/nf_conntrack").output.split(separator: "\n").filter { $0.contains("dport=8085") }
        #expect(list.count == 1 && list[0].contains("src=172.30.2.2"), "the last one leads to the new container")
    }

    @Test("touches no other table, coming, changing and going")
    func foreign() throws {
        let filter = try Nftables()
        try filter.run(
            """
            add table ip strange
            add map ip strange any { type ipv4_addr : verdict; }
            add chain ip strange forward { type filter hook forward priority 0; policy accept; }
            add rule ip strange forward ip saddr vmap @any
            add table inet slipway-other
            """)
        defer { try? filter.run("delete table ip strange\ndelete table inet slipway-other") }  // the sandbox goes anyway
        let before = try filter.list("list ruleset", json: false)
        let firewall = Firewall(try Nftables(), state: FirewallState(bridges: [FirewallBed.bridgeA, FirewallBed.bridgeB]))
        try firewall.repair()
        var quiet = FirewallBed.bridgeB
        quiet.containersTalk = false
        try firewall.add(quiet)
        try firewall.connect(FirewallEndpoint(hostLink: "veth0000001", bridge: quiet.link))
        try firewall.publish([web(), web(8081)])
        let during = try filter.list("list ruleset", json: false)
        #expect(during.contains("table ip slipway {") && during.contains("table bridge slipway {") && during.contains(before.prefix(60)))
        try firewall.unpublish([web()])
        try firewall.remove(bridge: FirewallBed.bridgeA.link)
        #expect(firewall.state.ports == [])
        try firewall.removeTables()
        let after = try filter.list("list ruleset", json: false)
        #expect(after == before)
    }

    @Test("comes back by itself after nft flush ruleset, with the next change")
    func flushed() throws {
        let filter = try Nftables()
        let firewall = Firewall(try Nftables(), state: FirewallState(bridges: [FirewallBed.bridgeA]))
        defer { try? firewall.removeTables() }  // the sandbox goes anyway
        try firewall.repair()
        try firewall.publish([web()])
        let whole = try filter.list("list table ip slipway", json: false)
        try filter.run("delete table ip slipway")
        let gone = try firewall.isInPlace()
        #expect(!gone)
        try firewall.publish([web(8081)])
        try firewall.unpublish([web(8081)])
        let again = try filter.list("list table ip slipway", json: false)
        #expect(again == whole)
        try filter.run("delete table ip slipway")
        try firewall.unpublish([web()])
        let list = try filter.list("list map ip slipway any", json: false)
        #expect(!list.contains("8080"))
    }

    @Test("publishes all ports or none, and twice is once")
    func atomic() throws {
        let filter = try Nftables()
        let firewall = Firewall(try Nftables(), state: FirewallState(bridges: [FirewallBed.bridgeA]))
        defer { try? firewall.removeTables() }  // the sandbox goes anyway
        try firewall.repair()
        try firewall.publish([web()])
        try firewall.publish([web()])
        let mine = port(.tcp, "0.0.0.0", 8080, to: FirewallBed.far, 80)
        #expect(throws: NftablesError.self) { try firewall.publish([web(8090), mine]) }
        #expect(firewall.state.ports == [web()])
        let list = try filter.list("list map ip slipway any", json: false)
        #expect(list.contains("8080") && !list.contains("8090"))
        try firewall.unpublish([web()])
        try firewall.unpublish([web()])
    }

    @Test("has as many rules for a thousand ports as for one")
    func flat() throws {
        let filter = try Nftables()
        let firewall = Firewall(try Nftables(), state: FirewallState(bridges: [FirewallBed.bridgeA]))
        defer { try? firewall.removeTables() }  // the sandbox goes anyway
        try firewall.repair()
        func rules() throws -> Int { try filter.list("list table ip slipway").components(separatedBy: "{\"rule\":").count - 1 }
        try firewall.publish([web(1)])
        let one = try rules()
        try firewall.publish((2...1000).map { web($0) })
        let thousand = try rules()
        let elements = try filter.list("list map ip slipway any", json: false).components(separatedBy: "tcp . ").count - 1
        #expect(one == thousand && one > 10 && elements == 1000)
        try firewall.repair()
        let repaired = try rules()
        #expect(repaired == one)
    }

    @Test("names the chain of another's that drops what we forward")
    func blocker() throws {
        let filter = try Nftables()
        let firewall = Firewall(try Nftables(), state: FirewallState(bridges: [FirewallBed.bridgeA]))
        defer { try? firewall.removeTables() }  // the sandbox goes anyway
        try firewall.repair()
        let none = try firewall.forwardingBlocker()
        #expect(none == nil)
        let iptables = try machine("iptables-nft", "-P", "FORWARD", "DROP")
        if iptables.status == 0 {
            let found = try firewall.forwardingBlocker()
            #expect(found?.description == "table ip filter, chain FORWARD (policy drop)")
            try machine("iptables-nft", "-A", "FORWARD", "-j", "ACCEPT")
            let accepted = try firewall.forwardingBlocker()
            #expect(accepted == nil)
            try filter.run("delete table ip filter")
        } else {
            print("UNVERIFIED HERE: iptables-nft (\(iptables.output))")
        }
        try filter.run(
            """
            add table inet firewalld
            add chain inet firewalld filter_FORWARD { type filter hook forward priority 10; policy accept; }
            add rule inet firewalld filter_FORWARD ct state established accept
            add rule inet firewalld filter_FORWARD counter reject
            """)
        let rejecting = try firewall.forwardingBlocker()
        #expect(rejecting?.description == "table inet firewalld, chain filter_FORWARD (last rule: reject)")
        try filter.run("delete table inet firewalld")
    }
}
