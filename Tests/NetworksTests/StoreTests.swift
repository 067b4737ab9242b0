// The networks' store: what it gives, and what it refuses in which words.

import Metadata
import Netlink
import Networks
import Synchronization
import Testing

@Suite("Networks in the database")
struct NetworkStoreTests {
    @Test("are found by id, by name and by the beginning of their id, in this order")
    func find() throws {
        try withBed { bed in
            let one = try bed.network(0xaa, "one", "10.1.0.0/16"), two = try bed.network(0xab, "a", "10.2.0.0/16")
            func find(_ text: String) throws -> NetworkRecord {
                try bed.metadata.change { (transaction) throws(NetworksError) in try transaction.findNetwork(text) }
            }
            #expect(try find(one.id) == one)
            #expect(try find("one") == one)
            // The name of the second is the beginning of both ids.
            #expect(try find(two.name) == two)
            let three = try bed.network(0xabc, "three", "10.3.0.0/16")
            #expect(try find("abc") == three)
            #expect(refusal { _ = try find("ab") } == .ambiguous("ab", count: 2))
            #expect(refusal { _ = try find("nosuch") } == .notFound("nosuch"))
            #expect(refusal { _ = try find("") } == .notFound(""))
            #expect("\(NetworksError.notFound("nosuch"))" == "network nosuch not found" && NetworksError.notFound("").kind == .notFound)
            #expect(try bed.metadata.read { (transaction) throws(MetadataError) in try transaction.networks() } == [one, two, three])
        }
    }

    @Test("share neither name, nor subnet, nor bridge; the second of two is told")
    func unique() throws {
        try withBed { bed in
            try bed.network(1, "one", "10.1.0.0/16")
            #expect(refusal { try bed.network(2, "one", "10.2.0.0/16") } == .nameTaken("one"))
            #expect(refusal { try bed.network(2, "two", "10.1.4.0/24") } == .poolOverlaps)
            // The bridge's name is made of the id's beginning, which two networks may share by accident.
            let request = NetworkRequest(name: "two"), id = String(bed.identifier(1).dropLast()) + "7"
            let clash = refusal {
                try bed.metadata.change { (transaction) throws(NetworksError) in _ = try transaction.makeNetwork(request, id: id, hostSubnets: [], at: 0) }
            }
            #expect(clash?.kind == .forbidden && clash?.description.contains("networks have same bridge name") == true)
        }
    }

    @Test("that are predefined are made once, with Docker's options, and cannot be removed")
    func predefined() throws {
        try withBed { bed in
            let ids = Mutex(100)
            func ensure(_ host: [String]) throws -> [NetworkRecord] {
                let host = try host.map(subnet)
                return try bed.metadata.change { (transaction) throws(NetworksError) in
                    try transaction.ensurePredefinedNetworks(link: "slipway0", hostSubnets: host, at: 1) {
                        bed.identifier(
                            ids.withLock {
                                $0 += 1
                                return $0
                            })
                    }
                    return try NetworksError.wrapping { () throws(MetadataError) in try transaction.networks() }
                }
            }
            let all = try ensure(["172.17.0.0/24"])
            #expect(all.map(\.name) == ["bridge", "host", "none"] && all.map(\.driver) == ["bridge", "host", "null"])
            #expect(all[0].subnets.map { "\($0)" } == ["172.18.0.0/16"] && all[0].link == "slipway0" && all[0].isDefaultBridge && !all[0].resolvesNames)
            #expect(all[0].options["com.docker.network.bridge.default_bridge"] == "true" && all[0].mtuBytes == 1500)
            #expect(try ensure([]) == all)
            let refused = refusal {
                try bed.metadata.change { (transaction) throws(NetworksError) in try transaction.deleteNetwork(all[0].id) }
            }
            #expect(refused == .forbidden("bridge is a pre-defined network and cannot be removed"))
        }
    }

    @Test("cannot be removed while a container that runs is on them")
    func removal() throws {
        try withBed { bed in
            let network = try bed.network(1, "one", "10.1.0.0/16")
            func remove() throws { try bed.metadata.change { (transaction) throws(NetworksError) in try transaction.deleteNetwork(network.id) } }
            try bed.take("web", network)
            let inUse = refusal(remove)
            #expect(inUse == .inUse(name: "one", id: network.id))
            #expect(inUse?.description == "error while removing network: network one id \(network.id) has active endpoints" && inUse?.kind == .forbidden)
            try bed.release("web")
            #expect(refusal(remove) == nil)
            #expect(refusal(remove) == .notFound(network.id))
            #expect(refusal { try bed.take("web", network) } == .notFound("one"))
        }
    }
}

@Suite("An address")
struct AddressTests {
    @Test("is the lowest free one, and everything else of the endpoint follows from it")
    func endpoint() throws {
        try withBed { bed in
            let one = try bed.network(1, "one", "172.31.0.0/16"), two = try bed.network(2, "two", "10.2.0.0/24", isInternal: true)
            let first = try bed.take("web", one), second = try bed.take("web", two)
            #expect("\(first.address)" == "172.31.0.2" && first.prefixLength == 16 && first.gateway.map { "\($0)" } == "172.31.0.1")
            #expect("\(first.mac)" == "02:42:ac:1f:00:02" && first.insideLink == "eth0")
            #expect(first.endpointID.utf8.count == 64 && first.hostLink == "veth" + first.endpointID.prefix(7))
            #expect(second.gateway == nil && second.insideLink == "eth1" && second.hostLink != first.hostLink)
            #expect(try bed.take("db", one).address == address("172.31.0.3"))
            // A place between others becomes free.
            _ = try bed.metadata.write { (transaction) throws(MetadataError) in try transaction.releaseEndpoint(of: "web", on: one.id, at: 0) }
            #expect(try bed.take("web", one, at: restNanoseconds).insideLink == "eth0")
            let refused = refusal { try bed.take("web", one) }
            #expect(refused == .alreadyConnected(container: "web", network: "one"))
            #expect(refused?.description == "endpoint with name web already exists in network one")
        }
    }

    @Test("that was asked for is given if it is nobody's, even outside the range")
    func asked() throws {
        try withBed { bed in
            let network = try bed.network(1, "one", "10.1.0.0/16", range: "10.1.9.0/24")
            #expect(try bed.take("a", network, "10.1.200.1").address == address("10.1.200.1"))
            #expect(try bed.take("b", network).address == address("10.1.9.0"))
            #expect(refusal { try bed.take("c", network, "10.1.200.1") } == .addressInUse)
            for reserved in ["10.1.0.0", "10.1.0.1", "10.1.255.255"] { #expect(refusal { try bed.take("c", network, reserved) } == .addressInUse) }
            #expect(refusal { try bed.take("c", network, "10.2.0.1") } == .addressOutside(try address("10.2.0.1")))
            #expect("\(NetworksError.addressInUse)" == "Address already in use" && NetworksError.addressInUse.kind == .forbidden)
            // Asked for, it is given also a moment after its release.
            try bed.release("a", at: 50)
            #expect(try bed.take("c", network, "10.1.200.1", at: 51).address == address("10.1.200.1"))
        }
    }

    @Test("rests for a second after its release, while others are free")
    func resting() throws {
        try withBed { bed in
            let network = try bed.network(1, "one", "10.1.0.0/29")
            for name in ["a", "b"] { try bed.take(name, network) }
            try bed.release("a", at: 1000)
            #expect(try bed.take("c", network, at: 1001).address == address("10.1.0.4"))
            #expect(try bed.take("d", network, at: 1000 + restNanoseconds).address == address("10.1.0.2"))
            // A clock that was set back lets nothing rest for ever.
            try bed.release("d", at: 9_000_000_000_000)
            #expect(try bed.take("e", network, at: 2000).address == address("10.1.0.2"))
        }
    }

    @Test("that rests is given when all others are gone; then the network is full, in Docker's words")
    func exhausted() throws {
        try withBed { bed in
            let network = try bed.network(1, "one", "10.1.0.0/29")
            for name in ["a", "b", "c", "d", "e"] { try bed.take(name, network) }
            let full = refusal { try bed.take("f", network) }
            #expect(full == .noAddress(name: "one", id: network.id) && full?.kind == .failed)
            #expect(full?.description == "no available IPv4 addresses on this network's address pools: one (\(network.id))")
            try bed.release("c", at: 5)
            try bed.release("b", at: 6)
            #expect(try bed.take("f", network, at: 7).address == address("10.1.0.4"))
            #expect(try bed.take("g", network, at: 7).address == address("10.1.0.3"))
            #expect(refusal { try bed.take("h", network, at: 7) } == .noAddress(name: "one", id: network.id))
        }
    }

    @Test("may be asked for only where the subnet was, an alias only where names resolve")
    func checks() throws {
        try withBed { bed in
            let asked = try bed.network(1, "one", "10.1.0.0/16")
            var chosen = asked
            chosen.isSubnetAsked = false
            var standard = asked
            standard.isPredefined = true
            let wish = AskedEndpoint(address: try address("10.1.0.9"))
            #expect(refusal { try asked.check(wish) } == nil)
            #expect(refusal { try asked.check(AskedEndpoint(address: try address("10.2.0.9"))) } == .addressOutside(try address("10.2.0.9")))
            #expect(
                refusal { try chosen.check(wish) }?.description
                    == "user specified IP address is supported only when connecting to networks with user configured subnets")
            #expect(refusal { try standard.check(wish) }?.description == "user specified IP address is supported on user defined networks only")
            #expect(refusal { try standard.check(AskedEndpoint(aliases: ["x"])) }?.kind == .invalid)
            #expect(refusal { try asked.check(AskedEndpoint(mac: HardwareAddress("01:00:5e:00:00:01"))) }?.kind == .invalid)
        }
    }
}

@Suite("A published port")
struct PortTests {
    @Test("has one owner at an address, at all addresses, and for a protocol")
    func conflicts() throws {
        try withBed { bed in
            try bed.publish("web", [port(8080), port(8080, 53, "0.0.0.0", .udp), port(9000, 80, "127.0.0.1")])
            #expect(refusal { try bed.publish("x", [port(8080, 1)]) } == .portTaken(try port(8080, 1)))
            #expect(refusal { try bed.publish("x", [port(8080, 80, "10.0.0.1")]) } == .portTaken(try port(8080, 80, "10.0.0.1")))
            #expect(refusal { try bed.publish("x", [port(9000)]) } == .portTaken(try port(9000)))
            #expect(refusal { try bed.publish("x", [port(9000, 80, "10.0.0.1"), port(9001)]) } == nil)
            #expect(refusal { try bed.publish("x", [port(9001, 80, "0.0.0.0", .udp)]) } == nil)
            let words = "\(NetworksError.portTaken(try port(8080)))"
            #expect(words == "Bind for 0.0.0.0:8080 failed: port is already allocated")
            try bed.release("web")
            #expect(refusal { try bed.publish("y", [port(8080)]) } == nil)
        }
    }

    @Test("is taken with all that are asked for, or none is")
    func allOrNone() throws {
        try withBed { bed in
            try bed.publish("web", [port(8080)])
            #expect(refusal { try bed.publish("x", [port(7000), port(8080)]) } == .portTaken(try port(8080)))
            #expect(refusal { try bed.publish("x", [port(7000), port(7000, 81)]) } == .portTaken(try port(7000, 81)))
            #expect(try bed.ports == ["web": [port(8080)]])
        }
    }

    @Test("of a range is one that is free at this address")
    func ranges() throws {
        try withBed { bed in
            try bed.publish("web", [port(8081), port(8082, 80, "127.0.0.1"), port(8080, 80, "0.0.0.0", .udp)])
            func free(_ text: String) throws -> [UInt16] {
                let at = try address(text)
                return try bed.metadata.read { (transaction) throws(MetadataError) in try transaction.freePorts(.tcp, at, in: 8080...8083) }
            }
            #expect(try free("0.0.0.0") == [8080, 8083])
            #expect(try free("127.0.0.1") == [8080, 8083])
            #expect(try free("10.0.0.1") == [8080, 8082, 8083])
            let top = try bed.metadata.read { (transaction) throws(MetadataError) in try transaction.freePorts(.tcp, .any, in: 65_535...65_535) }
            #expect(top == [65_535])
        }
    }
}
