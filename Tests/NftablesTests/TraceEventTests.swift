// Lines of `nft monitor trace`, as nftables 1.0.6 printed them here. Chapter 09.
import Nftables
import Testing

@Suite("A line of a trace")
struct TraceEventTests {
    @Test("of a packet says what it looked like")
    func packet() throws {
        let line = """
            trace id 58438385 ip s f packet: iif "vo" oif "br0" ether saddr 12:8a:68:f0:4e:6a ether daddr 9a:68:c1:5f:ca:e0 ip saddr 10.9.0.2 \
            ip daddr 172.30.0.2 ip dscp cs0 ip ecn not-ect ip ttl 63 ip id 15016 ip length 60 tcp sport 54646 tcp dport 80 tcp flags == syn tcp window 64240 
            """
        let event = try #require(TraceEvent(line))
        #expect((event.packet, event.family, event.table, event.chain) == ("58438385", "ip", "s", "f"))
        guard case .packet(let packet) = event.kind else { Issue.record("\(event)"); return }
        #expect((packet.arriving, packet.leaving) == ("vo", "br0"))
        #expect(packet.words == "10.9.0.2:54646 → 172.30.0.2:80")
    }

    @Test("of a rule says rule and verdict")
    func rule() throws {
        let event = try #require(TraceEvent("trace id 5 ip s pre rule fib daddr type local jump p (verdict jump p)"))
        #expect(event.kind == .rule("fib daddr type local jump p", verdict: "jump p"))
    }

    @Test("of a chain's end says how it ended")
    func end() throws {
        #expect(TraceEvent("trace id 5 ip s post policy accept ")?.kind == .end(verdict: "accept"))
        #expect(TraceEvent("trace id 5 ip s p verdict continue ")?.kind == .end(verdict: "continue"))
    }

    @Test(
        "of another form is none",
        arguments: ["", "trace id 5 ip s", "# new generation 7 by process 3 (nft)", "trace id 5 ip s c rule accept", "add table ip x y z w"])
    func other(line: String) {
        #expect(TraceEvent(line) == nil)
    }
}
