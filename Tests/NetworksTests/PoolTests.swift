// Which subnet and which address is next: the lowest free one, and never one that is reserved.

import Netlink
import Networks
import Testing

func subnet(_ text: String) throws -> Subnet { try #require(Subnet(text)) }
func address(_ text: String) throws -> IPv4Address { try #require(IPv4Address(text)) }

@Suite("Pools")
struct PoolTests {
    @Test("are Docker's, in Docker's order, and overlap nowhere")
    func defaults() throws {
        #expect(defaultPools.count == 31)
        #expect(defaultPools.first == (try subnet("172.17.0.0/16")))
        #expect(defaultPools[14] == (try subnet("172.31.0.0/16")))
        #expect(defaultPools[15] == (try subnet("192.168.0.0/20")))
        #expect(defaultPools.last == (try subnet("192.168.240.0/20")))
        for (index, one) in defaultPools.enumerated() { #expect(!defaultPools[(index + 1)...].contains { $0.overlaps(one) }) }
    }

    @Test("are passed over where a network or a route has a part of them; a default route is none")
    func choice() throws {
        #expect(try choosePool(excluding: []) == subnet("172.17.0.0/16"))
        #expect(try choosePool(excluding: [subnet("0.0.0.0/0")]) == subnet("172.17.0.0/16"))
        #expect(try choosePool(excluding: [subnet("172.17.200.0/30"), subnet("172.19.0.0/16")]) == subnet("172.18.0.0/16"))
        #expect(try choosePool(excluding: [subnet("172.16.0.0/12")]) == subnet("192.168.0.0/20"))
        let last = try choosePool(excluding: Array(defaultPools.dropLast()))
        #expect(last == defaultPools.last)
        #expect(throws: NetworksError.poolsExhausted) { try choosePool(excluding: defaultPools) }
        #expect(throws: NetworksError.poolsExhausted) { try choosePool(excluding: [subnet("172.0.0.0/8"), subnet("192.0.0.0/8")]) }
    }

    @Test("give the lowest address that is neither reserved nor taken")
    func lowest() throws {
        let pool = IPAMPool(subnet: try subnet("10.1.0.0/29"), gateway: try address("10.1.0.1"), auxiliary: ["router": try address("10.1.0.3")])
        #expect(pool.freeAddress(taken: []) == (try address("10.1.0.2")))
        #expect(pool.freeAddress(taken: [try address("10.1.0.2")]) == (try address("10.1.0.4")))
        #expect(pool.freeAddress(taken: Set(try ["10.1.0.2", "10.1.0.4", "10.1.0.5"].map(address))) == (try address("10.1.0.6")))
        #expect(pool.freeAddress(taken: Set(try ["10.1.0.2", "10.1.0.4", "10.1.0.5", "10.1.0.6"].map(address))) == nil)
    }

    @Test("choose within their range, whose ends are ordinary addresses")
    func range() throws {
        let pool = IPAMPool(subnet: try subnet("10.1.0.0/16"), range: try subnet("10.1.9.0/31"), gateway: try address("10.1.0.1"))
        #expect(pool.freeAddress(taken: []) == (try address("10.1.9.0")))
        #expect(pool.freeAddress(taken: [try address("10.1.9.0")]) == (try address("10.1.9.1")))
        #expect(pool.freeAddress(taken: Set(try ["10.1.9.0", "10.1.9.1"].map(address))) == nil)
    }

    @Test("leave alone what was released a moment ago, until nothing else is free; then the longest ago comes first")
    func resting() throws {
        let pool = IPAMPool(subnet: try subnet("10.1.0.0/29"), gateway: try address("10.1.0.1"))
        let two = try address("10.1.0.2"), three = try address("10.1.0.3")
        #expect(pool.freeAddress(taken: [], resting: [two: 5]) == three)
        let rest = Set(try ["10.1.0.4", "10.1.0.5", "10.1.0.6"].map(address))
        #expect(pool.freeAddress(taken: rest, resting: [two: 5, three: 4]) == three)
        #expect(pool.freeAddress(taken: rest.union([three]), resting: [two: 5, three: 4]) == two)
        // A resting address that was reserved meanwhile, or lies outside the range, is none.
        #expect(pool.freeAddress(taken: rest.union([two, three]), resting: [pool.gateway: 1, try address("10.2.0.1"): 1]) == nil)
    }

    @Test(
        "of two addresses and of one have no network and no broadcast address to spare", arguments: [("10.1.0.4/31", 1), ("10.1.0.4/32", 0), ("10.1.0.4/30", 1)]
    )
    func narrow(_ text: String, _ count: Int) throws {
        let narrow = try subnet(text)
        let pool = IPAMPool(subnet: narrow, gateway: narrow.firstHost)
        var taken: Set<IPv4Address> = []
        while let next = pool.freeAddress(taken: taken) { taken.insert(next) }
        #expect(taken.count == count && !taken.contains(pool.gateway))
    }

    @Test("are searched quickly however large they are")
    func large() throws {
        let wide = try subnet("10.0.0.0/8")
        let pool = IPAMPool(subnet: wide, gateway: wide.firstHost)
        let taken = Set((2..<3000).map { IPv4Address(wide.address.number + $0) })
        #expect(pool.freeAddress(taken: taken) == IPv4Address(wide.address.number + 3000))
    }
}
