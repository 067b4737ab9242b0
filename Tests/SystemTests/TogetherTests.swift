// Eight clients ask for the same at once: one gets it, the others are told in Docker's words, and nothing is half made. Pools run out in a
// sentence; other suites' engines have some of them. Chapter 09, 10, 12.
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

    /// What eight ask for, what those hear who come too late, and whether exactly one of them can get it: who asks for the removal of what is gone by
    /// force is content.
    private struct Wish {
        let words: String, refusals: [String]
        var isExclusive = true
    }

    @Test("networks, places, addresses, ports, pauses, removals: one wins, the others are told")
    func contended() throws {
        let bed = try Testbed("eight")
        try check(bed, Wish(words: "network create same", refusals: ["network with name same already exists"]))
        try check(bed, Wish(words: "network create --subnet 10.81.0.0/16 over$$", refusals: ["Pool overlaps with other one on this address space"]))
        try bed.docker("run", "-d", "--name", "one", "bb", "sleep", "1000")
        try check(bed, Wish(words: "network connect same one", refusals: ["endpoint with name one already exists in network same"]))
        try check(bed, Wish(words: "network disconnect same one", refusals: ["is not connected to network same"]))
        try check(bed, Wish(words: "pause one", refusals: ["is already paused"]))
        try check(bed, Wish(words: "unpause one", refusals: ["is not paused"]))
        try check(bed, Wish(words: "rename one two", refusals: ["No such container: one", "same name as its current name"]))
        try check(bed, Wish(words: "rm -f two", refusals: ["removal of container"], isExclusive: false))
        try check(bed, Wish(words: "network rm same", refusals: ["not found"]))
        try bed.docker("network", "create", "--subnet", "10.82.0.0/24", "narrow")
        try check(bed, Wish(words: "run -d --network narrow --ip 10.82.0.7 bb sleep 1000", refusals: ["Address already in use"]))
        let taken = "Bind for 127.0.0.1:18777 failed: port is already allocated"
        try check(bed, Wish(words: "run -d -p 127.0.0.1:18777:80 bb sleep 1000", refusals: [taken]))
        try bed.docker("volume", "create", "vol")
        try check(bed, Wish(words: "volume rm vol", refusals: ["no such volume"]))
        #expect(try bed.docker("ps", "-q").lines.count == 2, "who lost runs nothing")
    }

    private func check(_ bed: Testbed, _ wish: Wish) throws {
        let (won, told) = try eight(bed, wish.words)
        let isTold = told.allSatisfy { text in wish.refusals.contains { text.contains($0) } }
        #expect(isTold && (wish.isExclusive ? won == 1 : won >= 1), "\(wish.words): \(won) won; \(told)")
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
            #expect(made > 5 && refusal.contains("could not find an available, non-overlapping IPv4 address pool among the defaults"), "\(made): \(refusal)")
            #expect(try bed.docker("network", "prune", "-f").lines.count == made + 1)
        }
    }
}
