// What the kernel does when it is asked: in network namespaces of the tests' own.
import Foundation
import Linux
import Netlink
import Testing

@Suite("Conversations with the kernel", .enabled(if: Sandbox.isHere, "UNVERIFIED HERE: needs root and the sandbox that `make test` makes"))
struct SocketTests {
    @Test("a new namespace has a loopback, switched off, and no route")
    func empty() throws {
        let host = try OwnHost()
        let links = try host.socket.links()
        #expect(links.map(\.name).contains("lo"))
        let loopback = try #require(try host.socket.link(named: "lo"))
        #expect(!loopback.isUp && loopback.flags.contains(.loopback) && loopback.statistics != nil && loopback.kind == nil)
        #expect(try host.socket.routes().isEmpty && host.socket.addresses().isEmpty)
        #expect(try host.socket.link(named: "eth7") == nil)
    }

    @Test("a bridge has its name, its mark and its address, and the kernel makes the route")
    func bridge() throws {
        let host = try OwnHost(), socket = host.socket, address = try #require(IPv4Address("172.17.0.1"))
        let index = try socket.makeBridge("slipway0", alias: "slipway test", hardwareAddress: HardwareAddress(for: address))
        try socket.addAddress(address, prefixLength: 16, to: index)
        try socket.addAddress(address, prefixLength: 16, to: index)  // once more is no error
        let link = try #require(try socket.link(.index(index)))
        #expect(link.kind == "bridge" && link.alias == "slipway test" && link.isUp && link.name == "slipway0")
        #expect(link.hardwareAddress == HardwareAddress(for: address))
        #expect(try socket.addresses(of: index).map { "\($0.address)/\($0.prefixLength)" } == ["172.17.0.1/16"])
        #expect(try socket.routes().map { "\($0.destination) \($0.index ?? 0)" } == ["172.17.0.0/16 \(index)"])
        let first = try socket.removeLink(.index(index)), second = try socket.removeLink(.index(index))
        #expect(first && !second)
    }

    @Test("a pair is made with its other end inside, and packets get through")
    func pair() throws {
        let host = try OwnHost(), inside = try OwnHost()
        let gateway = try #require(IPv4Address("10.5.0.1")), address = try #require(IPv4Address("10.5.0.2"))
        let bridge = try host.socket.makeBridge("br0", alias: "slipway test")
        try host.socket.addAddress(gateway, prefixLength: 24, to: bridge)
        let peer = VethPeer(name: "eth0", namespace: inside.namespace, hardwareAddress: HardwareAddress(for: address))
        let link = try host.socket.makeVeth("veth1a2b3c4", alias: "slipway test", master: bridge, peer: peer)
        #expect(link.master == bridge && link.isUp && link.kind == "veth" && link.alias == "slipway test")
        let there = try #require(try inside.socket.link(named: "eth0"))
        #expect(link.peerIndex == there.index && there.hardwareAddress == HardwareAddress(for: address) && !there.isUp)
        try inside.socket.request([
            .setLink(.index(there.index), LinkChange(isUp: true)), .addAddress(address, prefixLength: 24, to: there.index),
            .addRoute(to: .everything, via: gateway)
        ])
        #expect(try inside.socket.routes().first(where: \.isDefault)?.gateway == gateway)
        #expect(try host.socket.links(master: bridge).map(\.name) == ["veth1a2b3c4"])
        let way = try #require(try inside.socket.route(to: IPv4Address(0x0101_0101)))
        #expect(way.gateway == gateway && way.index == there.index && way.preferredSource == address)
        #expect(try exchange(from: inside.namespace, to: gateway, at: host.namespace), "a datagram from inside arrives on the bridge")
        let neighbours = try inside.socket.neighbours()
        #expect(neighbours.contains { $0.address == gateway && $0.hardwareAddress != nil })
        let learnt = try host.socket.forwarding()
        #expect(learnt.contains { $0.hardwareAddress == HardwareAddress(for: address) && $0.index == link.index })
        try host.socket.removeLink(.index(link.index))
        #expect(try inside.socket.link(named: "eth0") == nil, "both ends go")
    }

    @Test("a link is renamed, unplugged, given another MAC and size")
    func change() throws {
        let host = try OwnHost(), socket = host.socket
        let bridge = try socket.makeBridge("br0", alias: "slipway test")
        let link = try socket.makeVeth("one", alias: "slipway test", master: bridge, peer: VethPeer(name: "two"))
        let mac = try #require(HardwareAddress("02:42:00:00:00:09"))
        try socket.setLink(.index(link.index), LinkChange(isUp: false))
        try socket.setLink(.index(link.index), LinkChange(name: "three", master: 0, hardwareAddress: mac, alias: "other", mtuBytes: 1400))
        let changed = try #require(try socket.link(named: "three"))
        #expect(changed.index == link.index && changed.master == nil && changed.hardwareAddress == mac && changed.mtuBytes == 1400)
        #expect(changed.alias == "other" && !changed.isUp)
    }

    @Test("a refusal says what was asked for and why not, in the kernel's words")
    func refusals() throws {
        let socket = try OwnHost().socket
        try socket.makeBridge("br0", alias: "x")
        let taken = #expect(throws: NetlinkError.self) { try socket.makeBridge("br0", alias: "x") }
        #expect(taken.map { "\($0)" } == "RTM_NEWLINK bridge br0 up: File exists")
        let unknown = #expect(throws: NetlinkError.self) { try socket.request(.setLink(.name("nothing"), LinkChange(isUp: true))) }
        #expect(unknown?.errno == 19)
        let stranger = try #require(IPv4Address("10.9.9.9"))
        let far = #expect(throws: NetlinkError.self) { try socket.addRoute(to: .everything, via: stranger) }
        guard case .refused(let request, _, let words) = far else {
            Issue.record("not refused: \(String(describing: far))")
            return
        }
        #expect(request == "RTM_NEWROUTE default via 10.9.9.9" && words == "Nexthop has invalid gateway")
        let nowhere = #expect(throws: NetlinkError.self) { try socket.route(to: stranger) }
        #expect(nowhere?.errno == 101)
    }

    @Test("a batch is carried out whole, and the first failure is told; the next request gets its own answer")
    func batch() throws {
        let socket = try OwnHost().socket
        let failure = #expect(throws: NetlinkError.self) {
            try socket.request([
                .makeBridge("one"), .setLink(.name("nothing"), LinkChange(isUp: true)), .makeBridge("two"), .makeBridge("one"), .getLink(.name("two"))
            ])
        }
        #expect(failure?.errno == 19)
        #expect(try socket.links().map(\.name).filter { ["one", "two"].contains($0) } == ["one", "two"])
        #expect(try socket.request([]).isEmpty)
    }

    @Test("a list longer than a datagram arrives whole, also while it changes")
    func longList() throws {
        let host = try OwnHost(), socket = host.socket
        try socket.request((0..<300).map { Message.makeBridge("br\($0)", isUp: false) })
        let bridges = try socket.links().filter { $0.kind == "bridge" }
        #expect(bridges.count == 300 && bridges.allSatisfy { $0.statistics != nil })
        let changing = Thread {
            for number in 0..<100 { _ = try? socketOf(host).request([.makeBridge("x\(number)", isUp: false), .removeLink(.name("x\(number)"))]) }
        }
        changing.start()
        for _ in 0..<20 {
            guard let names = try settled({ try socket.links().map(\.name) }) else { continue }
            #expect(Set(names).count == names.count && names.filter { $0.hasPrefix("br") }.count == 300)
        }
        while !changing.isFinished { usleep(1000) }
    }

    @Test("threads may share a socket: each gets its own answers")
    func shared() async throws {
        let host = try OwnHost()
        try host.socket.request((0..<20).map { Message.makeBridge("br\($0)", isUp: false) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    for _ in 0..<20 {
                        let link = try host.socket.link(named: "br\(number)")
                        #expect(link?.name == "br\(number)")
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}

/// Nil where the list kept changing, and that was said rather than a list that is wrong.
private func settled(_ body: () throws -> [String]) throws -> [String]? {
    do { return try body() } catch {
        guard let error = error as? NetlinkError, case .interrupted = error else { throw error }
        return nil
    }
}

private func socketOf(_ host: OwnHost) -> RouteSocket { host.socket }

/// Whether a datagram gets from one namespace to an address in another.
private func exchange(from: FileDescriptor, to address: IPv4Address, at place: FileDescriptor) throws -> Bool {
    try inOwnNetwork {
        try setNamespace(place, .network)
        let receiver = try bind(.udp, to: InternetName(address: address.number, port: 4000))
        try setNamespace(from, .network)
        let sender = try bind(.udp, to: InternetName(address: 0, port: 0))
        try sender.borrow { try send([1, 2, 3], to: InternetName(address: address.number, port: 4000), from: $0) }
        return try receiver.borrow { try receive(from: $0, upTo: 10).bytes } == [1, 2, 3]
    }
}
