// The networks' store: an address or a port has one owner at any time, whatever is done in whatever order, by whomever at once, and wherever the
// machine stops.

import Dispatch
import Linux
import Metadata
import Netlink
import Networks
import Synchronization
import Testing

@Suite("Whatever is done")
struct StorePropertyTests {
    /// What the store should know.
    private struct Model: Equatable {
        var endpoints: [String: [String: IPv4Address]] = [:]
        var ports: [String: Set<PublishedPort>] = [:]

        init() {}
        init(_ bed: NetworkStoreBed) throws {
            for one in try bed.endpoints { endpoints[one.container, default: [:]][one.network] = one.endpoint.address }
            ports = try bed.ports
        }

        func owner(of address: IPv4Address, on network: String) -> Bool { endpoints.values.contains { $0[network] == address } }
        func owner(of port: PublishedPort) -> Bool {
            ports.values.joined().contains {
                $0.proto == port.proto && $0.hostPort == port.hostPort
                    && ($0.hostAddress == port.hostAddress || $0.hostAddress == .any || port.hostAddress == .any)
            }
        }
    }

    @Test("no address and no port is lost or has two owners, and a stop at any moment leaves what was committed", arguments: 1...6)
    func random(_ seed: UInt64) throws {
        try withBed { bed in
            var generator = Seeded(seed), model = Model(), now: Int64 = 0, crashes = 0
            let networks = [try bed.network(1, "small", "10.1.0.0/28"), try bed.network(2, "wide", "10.2.0.0/16", range: "10.2.8.0/29")]
            for _ in 0..<160 {
                now += Int64.random(in: 0...600_000_000, using: &generator)
                let container = "c\(Int.random(in: 0..<14, using: &generator))"
                switch Int.random(in: 0..<10, using: &generator) {
                case 0..<5: try takeSomething(container, networks, bed, &model, now, &generator)
                case 5..<7: try takePorts(container, bed, &model, &generator)
                case 7..<9:
                    try bed.release(container, at: now)
                    (model.endpoints[container], model.ports[container]) = (nil, nil)
                default: try failMidway(container, networks[0], bed, now)
                }
                if Int.random(in: 0..<16, using: &generator) == 0 {
                    crashes += 1
                    let later = try bed.afterCrash(crashes)
                    #expect(try Model(later) == model)
                }
            }
            #expect(try Model(bed) == model)
            for container in Set(model.endpoints.keys).union(model.ports.keys) { try bed.release(container, at: now) }
            #expect(try Model(bed) == Model())
            // Nothing is lost: the small network has all of its thirteen addresses again.
            for number in 0..<13 { try bed.take("all-\(number)", networks[0], at: now) }
            #expect(refusal { try bed.take("one-more", networks[0], at: now) }?.kind == .failed)
        }
    }

    private func takeSomething(
        _ container: String, _ networks: [NetworkRecord], _ bed: NetworkStoreBed, _ model: inout Model, _ now: Int64, _ generator: inout Seeded
    ) throws {
        let network = networks[Int.random(in: 0..<2, using: &generator)]
        let wanted =
            Int.random(in: 0..<3, using: &generator) == 0
            ? IPv4Address(network.pools[0].subnet.address.number + UInt32.random(in: 0..<20, using: &generator)) : nil
        do {
            let taken = try bed.take(container, network, wanted.map { "\($0)" }, at: now).address
            #expect(!model.owner(of: taken, on: network.id) && model.endpoints[container]?[network.id] == nil)
            #expect(!network.pools[0].reserved.contains(taken) && network.pools[0].subnet.contains(taken))
            if let wanted { #expect(taken == wanted) } else { #expect((network.pools[0].range ?? network.pools[0].subnet).contains(taken)) }
            model.endpoints[container, default: [:]][network.id] = taken
        } catch NetworksError.alreadyConnected {
            #expect(model.endpoints[container]?[network.id] != nil)
        } catch NetworksError.addressInUse {
            let wanted = try #require(wanted)
            #expect(model.owner(of: wanted, on: network.id) || network.pools[0].reserved.contains(wanted))
        } catch NetworksError.addressOutside(let address) {
            #expect(address == wanted && !network.pools[0].subnet.contains(address))
        } catch NetworksError.noAddress {
            let among = network.pools[0].range ?? network.pools[0].subnet
            let all = (among.address.number...among.broadcast.number).map { IPv4Address($0) }
            #expect(all.allSatisfy { network.pools[0].reserved.contains($0) || model.owner(of: $0, on: network.id) })
        }
    }

    private func takePorts(_ container: String, _ bed: NetworkStoreBed, _ model: inout Model, _ generator: inout Seeded) throws {
        let wanted = try (0..<Int.random(in: 1...3, using: &generator)).map { _ in
            try port(
                UInt16.random(in: 8000..<8012, using: &generator), 80, ["0.0.0.0", "127.0.0.1", "10.0.0.1"].randomElement(using: &generator) ?? "",
                Bool.random(using: &generator) ? .tcp : .udp)
        }
        var after = model, isFree = true
        for port in wanted {
            isFree = isFree && !after.owner(of: port)
            after.ports[container, default: []].insert(port)
        }
        do {
            try bed.publish(container, wanted)
            #expect(isFree)
            model = after
        } catch NetworksError.portTaken { #expect(!isFree) }
    }

    /// A transaction that takes much and is refused at its end.
    private func failMidway(_ container: String, _ network: NetworkRecord, _ bed: NetworkStoreBed, _ now: Int64) throws {
        let extra = try port(7777)
        let refused = refusal {
            try bed.metadata.change { (transaction) throws(NetworksError) in
                try NetworksError.wrapping { () throws(MetadataError) in _ = try transaction.releaseAll(of: container, at: now) }
                _ = try transaction.takeEndpoint(container, named: container, on: network, AskedEndpoint(), at: now)
                try transaction.takePorts(container, [extra])
                throw .forbidden("for the test")
            }
        }
        #expect(refused == .forbidden("for the test") || refused?.kind == .failed)
    }

    @Test("two processes at once share out a network's addresses and ports without giving one twice")
    func together() throws {
        try withBed { bed in
            let network = try bed.network(1, "one", "10.1.0.0/24")
            let second = NetworkStoreBed.Second(try Metadata(path: bed.path.appending("slipway.db"), schemas: [networksSchema]))
            let given = Mutex<[IPv4Address]>([]), won = Mutex<[UInt16: Int]>([:]), failures = Mutex<[String]>([])
            DispatchQueue.concurrentPerform(iterations: 4) { worker in
                let metadata = worker % 2 == 0 ? bed.metadata : second.metadata
                for turn in 0..<25 {
                    let name = "c\(worker)-\(turn)"
                    do {
                        let taken = try metadata.change { (transaction) throws(NetworksError) in
                            try transaction.takeEndpoint(name, named: name, on: network, AskedEndpoint(), at: 0)
                        }
                        given.withLock { $0.append(taken.address) }
                        do {
                            try metadata.change { (transaction) throws(NetworksError) in
                                try transaction.takePorts(
                                    name,
                                    [PublishedPort(proto: .tcp, hostAddress: worker < 2 ? .any : .loopback, hostPort: UInt16(8000 + turn), containerPort: 80)])
                            }
                            won.withLock { $0[UInt16(8000 + turn), default: 0] += 1 }
                        } catch NetworksError.portTaken {}
                    } catch { failures.withLock { $0.append("\(name): \(error)") } }
                }
            }
            #expect(failures.withLock { $0 } == [])
            let addresses = given.withLock { $0.map(\.number).sorted() }
            #expect(addresses == (2..<102).map { network.pools[0].subnet.address.number + $0 })
            // At 0.0.0.0 one wins, or both of those at 127.0.0.1 fight for it: one owner of each port in any case.
            #expect(won.withLock { $0 } == Dictionary(uniqueKeysWithValues: (0..<25).map { (UInt16(8000 + $0), 1) }))
        }
    }
}

extension NetworkStoreBed {
    /// Another process's view of the same file.
    struct Second: Sendable {
        let metadata: Metadata
        init(_ metadata: Metadata) { self.metadata = metadata }
    }
}

/// Numbers that a seed determines, so that a failure can be repeated. SplitMix64.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
