// slip-net trace, seen from outside: what it tells of a packet is compared with what was set up, and nothing of it stays.
import Foundation
import Glibc
import Testing

@discardableResult
private func net(_ words: String...) throws -> Outcome { try inRoom([Machine.tool("slip-net")] + words) }

@Suite("slip-net traces one packet", .serialized, .enabled(if: Machine.isReady && Machine.has("nft", "ip"), Machine.why))
struct TraceTests {
    /// The details of the first line that begins with a place and a word.
    private func line(_ outcome: Outcome, _ place: String, _ what: String) -> String? {
        let found = outcome.lines.first { $0.hasPrefix(place) && $0.dropFirst(14).hasPrefix(what) }
        return found.map { String($0.dropFirst(27)) }
    }

    @Test("with the rule that changed it, how it was changed, and who answered")
    func published() throws {
        try net("lab", "up")
        defer { _ = try? net("lab", "down") }
        let refused = try net("trace", "--namespace", "alice", "10.99.0.1:8099")
        #expect(refused.status == 0 && refused.lines.last?.contains("Connection refused after") == true, "\(refused)")
        #expect(line(refused, "alice", "route") == "10.99.0.1 by eth0")
        #expect(line(refused, "this machine", "prerouting")?.hasPrefix("slip-net-lab arriving: fib daddr type local tcp dport 8099") == true)
        let translated = try #require(line(refused, "this machine", "translated"))
        #expect(translated.hasPrefix("10.99.0.2:") && translated.hasSuffix(" → 10.99.0.3:8080"))
        #expect(line(refused, "this machine", "neighbour")?.hasSuffix("behind port lab-bob") == true)

        let server = try beginInRoom([Machine.tool("slip-net"), "exec", "bob", "busybox", "httpd", "-f", "-p", "8080", "-h", "/tmp"])
        defer { kill(server.pid, SIGKILL) }
        let accepted = try eventually { try net("trace", "127.0.0.1:8099").lines.last?.contains("connection accepted after") == true }
        #expect(accepted)
    }

    @Test("with the rule that dropped it, and the status 1 that a script can ask for")
    func dropped() throws {
        try net("lab", "up")
        defer { _ = try? net("lab", "down") }
        let script = """
            nft add chain ip slip-net-lab fence '{ type filter hook input priority 0; policy accept; }'
            nft add rule ip slip-net-lab fence udp dport 53 drop
            """
        #expect(try inRoom(["sh", "-c", script]).status == 0)
        let outcome = try net("trace", "--udp", "--seconds", "1", "--namespace", "alice", "10.99.0.1:53")
        #expect(outcome.status == 1 && outcome.lines.last?.contains("none within 1 s") == true, "\(outcome)")
        #expect(line(outcome, "this machine", "input") == "slip-net-lab fence: udp dport 53 drop")
        #expect(line(outcome, "this machine", "dropped") != nil)
    }

    @Test("from any process's network, and leaves no rule and no process, even when it is killed")
    func gone() throws {
        try inRoom(["ip", "link", "set", "lo", "up"])
        let before = try inRoom(["nft", "list", "ruleset"]).output
        let outcome = try net("trace", "--namespace", Room.path, "127.0.0.1:1")
        #expect(outcome.lines.last?.contains("Connection refused") == true, "\(outcome)")
        for _ in 1...5 {
            let tracing = try beginInRoom([Machine.tool("slip-net"), "trace", "--udp", "--seconds", "30", "198.51.100.1:9"])
            usleep(UInt32.random(in: 1000...60_000))
            kill(tracing.pid, SIGKILL)
            _ = tracing.wait()
        }
        #expect(try eventually { try inRoom(["nft", "list", "ruleset"]).output == before })
        #expect(try eventually { try !inRoom(["ps", "-eo", "args"]).output.contains("slip-net trace-events") })
    }

    @Test("says what is wrong with a target that is none", arguments: ["nowhere", "10.0.0.1", "10.0.0.1:0", "10.0.0.1:99999", "1.2.3:4"])
    func target(_ text: String) throws {
        let outcome = try net("trace", text)
        #expect(outcome.status == 1 && outcome.errors == "slip-net: trace \(text): wanted an IPv4 address and a port, such as 10.99.0.1:8099\n")
    }
}
