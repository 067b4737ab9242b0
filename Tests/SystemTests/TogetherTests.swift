// Eight clients ask for the same at once: one gets it, the others are told in Docker's words, and nothing is half made. Pools run out in a
// sentence. Chapter 09, 10, 12.
import Foundation
import Testing

@Suite("Eight who want the same", .enabled(if: Machine.hasDocker, Machine.whyNoDocker), .serialized)
struct TogetherTests {
    /// What eight of them get to hear: how many succeed, and what the others are told.
    private func eight(_ bed: Testbed, _ words: String) throws -> (won: Int, told: [String]) {
        let clients = try (0..<8).map { _ in try begin(["sh", "-c", "docker \(words)"], environment: bed.environment, seconds: 60) }
        let outcomes = clients.map { $0.wait() }
        return (outcomes.count { $0.status == 0 }, outcomes.filter { $0.status != 0 }.map(\.errors))
    }

    @Test("networks, places, addresses, ports, pauses, removals: one wins, seven are told")
    func contended() throws {
        let bed = try Testbed("eight")
        let start = [
            ("network create same", "network with name same already exists"),
            ("network create --subnet 10.81.0.0/16 over$$", "Pool overlaps with other one on this address space")
        ]
        try check(bed, start)
        try bed.docker("run", "-d", "--name", "one", "bb", "sleep", "1000")
        try check(
            bed,
            [
                ("network connect same one", "endpoint with name one already exists in network same"),
                ("network disconnect same one", "is not connected to network same"), ("pause one", "is already paused"), ("unpause one", "is not paused"),
                ("rename one two", "No such container: one"), ("rm -f two", "removal of container"), ("network rm same", "network same not found")
            ])
        try bed.docker("network", "create", "--subnet", "10.82.0.0/24", "narrow")
        try check(
            bed,
            [
                ("run -d --network narrow --ip 10.82.0.7 bb sleep 1000", "Address already in use"),
                ("run -d -p 127.0.0.1:18777:80 bb sleep 1000", "Bind for 127.0.0.1:18777 failed: port is already allocated")
            ])
        try bed.docker("volume", "create", "vol")
        try check(bed, [("volume rm vol", "get vol: no such volume")])
        #expect(try bed.docker("ps", "-q").lines.count == 2, "who lost runs nothing")
    }

    private func check(_ bed: Testbed, _ wishes: [(words: String, refusal: String)]) throws {
        for (words, refusal) in wishes {
            let (won, told) = try eight(bed, words)
            #expect(won == 1 && told.allSatisfy { $0.contains(refusal) || $0.contains("No such container") }, "\(words): \(won) won; \(told)")
        }
    }

    @Test("pools run out in a sentence, and all come back")
    func pools() throws {
        let bed = try Testbed("pools", image: false)
        for _ in 1...2 {
            var made = 0, refusal = ""
            while made < 64, refusal.isEmpty {
                let outcome = try bed.docker("network", "create", "pool\(made)")
                if outcome.status == 0 { made += 1 } else { refusal = outcome.errors }
            }
            #expect(made > 20 && refusal.contains("could not find an available, non-overlapping IPv4 address pool among the defaults"), "\(made): \(refusal)")
            #expect(try bed.docker("network", "prune", "-f").lines.count == made + 1)
        }
    }
}
