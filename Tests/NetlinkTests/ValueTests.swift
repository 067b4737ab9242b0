// Addresses and networks as values: what is taken, what is refused, and that text and value go both ways.
import Foundation
import Netlink
import Testing

@Suite("Addresses")
struct ValueTests {
    @Test("an IPv4 address is four decimal parts, and nothing else", arguments: ["0.0.0.0", "127.0.0.1", "172.17.0.2", "255.255.255.255"])
    func addressText(_ text: String) throws {
        let address = try #require(IPv4Address(text))
        #expect("\(address)" == text)
        #expect(IPv4Address(bytes: address.bytes) == address)
        #expect(IPv4Address(address.number) == address)
    }

    @Test(
        "what two programs could read differently is refused",
        arguments: [
            "", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.04", "1..2.3", " 1.2.3.4", "1.2.3.4 ", "+1.2.3.4", "0x1.2.3.4", "a.b.c.d",
            "1.2.3.4/24", "١.2.3.4"
        ])
    func noAddress(_ text: String) { #expect(IPv4Address(text) == nil) }

    @Test("addresses are in order of number, not of text")
    func order() throws {
        let (small, large) = (try #require(IPv4Address("9.0.0.0")), try #require(IPv4Address("10.0.0.0")))
        #expect(small < large)
        #expect(IPv4Address.loopback.isLoopback && !small.isLoopback)
        #expect(IPv4Address("224.0.0.1")?.isMulticast == true && !large.isMulticast)
    }

    @Test("a subnet knows its first and last addresses")
    func ends() throws {
        let subnet = try #require(Subnet("172.17.0.0/16"))
        #expect("\(subnet.firstHost) \(subnet.lastHost) \(subnet.broadcast) \(subnet.netmask)" == "172.17.0.1 172.17.255.254 172.17.255.255 255.255.0.0")
        #expect(subnet.addressCount == 65_536)
        let pair = try #require(Subnet("10.0.0.2/31")), one = try #require(Subnet("10.0.0.2/32")), all = try #require(Subnet("0.0.0.0/0"))
        #expect("\(pair.firstHost) \(pair.lastHost)" == "10.0.0.2 10.0.0.3")
        #expect(one.firstHost == one.lastHost && one.addressCount == 1)
        #expect("\(all.broadcast)" == "255.255.255.255" && all.addressCount == 1 << 32)
    }

    @Test("a subnet holds what shares its bits; two overlap where one holds the other")
    func overlap() throws {
        let big = try #require(Subnet("172.16.0.0/12")), small = try #require(Subnet("172.17.0.0/16")), other = try #require(Subnet("172.32.0.0/16"))
        #expect(big.contains(small) && !small.contains(big) && big.overlaps(small) && small.overlaps(big))
        #expect(!big.overlaps(other) && !other.overlaps(big))
        let last = try #require(IPv4Address("172.31.255.255")), beyond = try #require(IPv4Address("172.32.0.0"))
        #expect(big.contains(last) && !big.contains(beyond))
    }

    @Test("two subnets overlap exactly if they have an address in common")
    func overlapMeansCommon() {
        for _ in 0..<500 {
            let (one, other) = (randomSmallSubnet(), randomSmallSubnet())
            let common = (one.address.number...one.broadcast.number).contains { other.contains(IPv4Address($0)) }
            #expect(one.overlaps(other) == common, "\(one) \(other)")
        }
    }

    @Test(
        "a subnet with host bits, or in other words, is refused",
        arguments: ["172.17.0.1/16", "172.17.0.0", "172.17.0.0/", "172.17.0.0/33", "172.17.0.0/016", "172.17.0.0/-1", "/16", "1.0.0.0/8/8"])
    func noSubnet(_ text: String) { #expect(Subnet(text) == nil) }

    @Test("an address with its network's size keeps its host bits")
    func parts() throws {
        let parts = try #require(Subnet.parts(of: "172.17.0.1/16"))
        #expect("\(parts.address) \(parts.prefixLength)" == "172.17.0.1 16")
        #expect("\(Subnet(containing: parts.address, prefixLength: parts.prefixLength))" == "172.17.0.0/16")
    }

    @Test("a MAC is six bytes; a container's is made from its address")
    func hardware() throws {
        let address = try #require(HardwareAddress("02:42:AC:11:00:02"))
        #expect("\(address)" == "02:42:ac:11:00:02" && HardwareAddress("02-42-ac-11-00-02") == address)
        let owner = try #require(IPv4Address("172.17.0.2"))
        #expect(HardwareAddress(for: owner) == address)
        #expect(!address.isMulticast && HardwareAddress("01:00:5e:00:00:01")?.isMulticast == true)
        for bad in ["", "02:42", "02:42:ac:11:00:2", "02:42:ac:11:00:0g", "02:42:ac:11:00:02:03", "0242ac110002", "+2:42:ac:11:00:02"] {
            #expect(HardwareAddress(bad) == nil, "\(bad)")
        }
    }

    @Test("they are kept as text")
    func json() throws {
        struct Kept: Codable, Equatable { var address: IPv4Address, subnet: Subnet, mac: HardwareAddress }
        let kept = Kept(
            address: try #require(IPv4Address("10.1.2.3")), subnet: try #require(Subnet("10.0.0.0/8")), mac: try #require(HardwareAddress("02:42:0a:01:02:03")))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(kept), as: UTF8.self)
        #expect(text == #"{"address":"10.1.2.3","mac":"02:42:0a:01:02:03","subnet":"10.0.0.0/8"}"#)
        #expect(try JSONDecoder().decode(Kept.self, from: Data(text.utf8)) == kept)
        for bad in [#"["1.2.3"]"#, "[7]"] { #expect(throws: DecodingError.self) { try JSONDecoder().decode([IPv4Address].self, from: Data(bad.utf8)) } }
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([Subnet].self, from: Data(#"["10.0.0.1/8"]"#.utf8)) }
    }
}

private func randomSmallSubnet() -> Subnet {
    Subnet(containing: IPv4Address(0x0a00_0000 | UInt32.random(in: 0..<1024)), prefixLength: Int.random(in: 24...32))
}
