// Answers are bytes from elsewhere: whatever they are, reading them ends, and ends in a value or an error.
import Netlink
import Testing

@Suite("Answers")
struct AnswerTests {
    @Test("random bytes are no answer, and no trap")
    func noise() {
        for _ in 0..<4000 {
            let bytes = (0..<Int.random(in: 0...200)).map { _ in UInt8.random(in: 0...255) }
            read(bytes)
        }
    }

    @Test("answers that are almost right: any byte changed, any number of bytes cut off")
    func damaged() throws {
        for whole in try samples() {
            for count in 0..<whole.count { read(Array(whole.prefix(count))) }
            for position in whole.indices {
                var bytes = whole
                for value: UInt8 in [0, 1, 3, 4, 0x7f, 0x80, 0xff] {
                    bytes[position] = value
                    read(bytes)
                }
            }
        }
    }

    @Test("a length that would not move on ends the reading", arguments: [UInt32(0), 1, 15])
    func standstill(_ length: UInt32) {
        let bytes = hostBytes(length) + [UInt8](repeating: 0, count: 28)
        #expect(throws: NetlinkError.self) { try Answer.all(in: bytes) }
        #expect(throws: NetlinkError.self) { try Attributes([0, 0, 1, 0, 0, 0, 0, 0][...]) }
    }

    @Test("several messages in a datagram are told apart")
    func several() throws {
        let first = Message.getLink(.name("lo")).bytes(sequence: 7), second = Message.getAddresses().bytes(sequence: 8)
        let answers = try Answer.all(in: first + second)
        #expect(answers.map(\.sequence) == [7, 8])
        #expect(answers.map(\.type) == [.getLink, .getAddress])
        #expect(try answers[0].attributes(after: 16).text(3) == "lo")
    }

    @Test("what is written is what is read, whatever the attributes hold")
    func roundTrip() throws {
        for _ in 0..<500 {
            let attributes = (0..<Int.random(in: 0...6)).map { _ in
                Attribute(UInt16.random(in: 0...0x3fff), (0..<Int.random(in: 0...40)).map { _ in UInt8.random(in: 0...255) })
            }
            let outer = try Attributes(encode([Attribute(18, nested: attributes), Attribute(1, [1])])[...])
            let inner = try outer.nested(18)
            #expect(outer.list.map(\.type) == [18, 1])
            #expect(inner.list.map(\.type) == attributes.map(\.type))
            #expect(zip(inner.list, attributes).allSatisfy { Attribute.Value.bytes(Array($0.payload)) == $1.value })
        }
    }

    @Test("a link is read from what the kernel said")
    func link() throws {
        let attributes = [
            Attribute(3, text: "veth1a2b3c4"), Attribute(10, number: Int32(4)), Attribute(5, number: Int32(2)), Attribute(37, number: Int32(0)),
            Attribute(18, nested: [Attribute(1, text: "veth")]), Attribute(20, text: "slipway web"), Attribute(4, number: UInt32(1500)),
            Attribute(1, [2, 66, 172, 17, 0, 2]), Attribute(16, [6]), Attribute(23, (1...24).flatMap { hostBytes(UInt64($0)) })
        ]
        let bytes = Message(.newLink, header: [0, 0, 1, 0] + hostBytes(Int32(9)) + hostBytes(UInt32(0x1_1043)) + hostBytes(UInt32(0)), attributes, subject: "")
            .bytes(sequence: 1)
        let link = try Link(try #require(try Answer.all(in: bytes).first))
        #expect(link.index == 9 && link.name == "veth1a2b3c4" && link.master == 4 && link.peerIndex == 2 && link.peerNamespace == 0)
        #expect(link.kind == "veth" && link.alias == "slipway web" && link.mtuBytes == 1500 && link.hardwareAddress?.description == "02:42:ac:11:00:02")
        #expect(link.isUp && link.flags.contains(.lowerUp) && link.operationalState == 6)
        #expect(link.statistics?.receivedPackets == 1 && link.statistics?.sentBytes == 4 && link.statistics?.sentDrops == 8)
    }

    @Test("a refusal shows the kernel's own sentence")
    func words() throws {
        let request = Message.setLink(.name("eth0"), LinkChange(isUp: true)), quoted = request.bytes(sequence: 3)
        let sentence = encode([Attribute(2, number: UInt32(20)), Attribute(1, text: "Device is not ready")])
        // quoted in full, then only its head
        for (flags, quote) in [(MessageFlags.words, aligned4(quoted)), ([.words, .capped], Array(quoted.prefix(16)))] {
            let bytes = Message(.error, flags, header: hostBytes(Int32(-19)) + quote + sentence, subject: "").bytes(sequence: 3)
            let refusal = try #require(try Answer.all(in: bytes).first?.refusal(of: request))
            #expect(refusal == .refused(request: "RTM_SETLINK eth0 up", errno: 19, words: "Device is not ready"))
            #expect("\(refusal)" == "RTM_SETLINK eth0 up: No such device (Device is not ready)")
        }
    }

    @Test("zero is no refusal, and a list may end with one")
    func endings() throws {
        let request = Message.getLinks()
        func refusal(_ type: MessageType, _ flags: MessageFlags, _ payload: [UInt8]) throws -> NetlinkError? {
            try Answer.all(in: Message(type, flags, header: payload, subject: "").bytes(sequence: 1)).first?.refusal(of: request)
        }
        #expect(try refusal(.error, .capped, hostBytes(Int32(0)) + [UInt8](repeating: 0, count: 16)) == nil)
        #expect(try refusal(.done, [], hostBytes(Int32(0))) == nil)
        #expect(try refusal(.done, [], []) == nil)
        let sentence = encode([Attribute(1, text: "Filter not supported")])
        #expect(
            try refusal(.done, .words, hostBytes(Int32(-95)) + sentence)
                == .refused(request: "RTM_GETLINK all", errno: 95, words: "Filter not supported"))
        #expect(throws: NetlinkError.self) { try refusal(.error, [], []) }
    }
}

private func aligned4(_ bytes: [UInt8]) -> [UInt8] { bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4) }

/// Answers of each kind, as they could come.
private func samples() throws -> [[UInt8]] {
    let address = try #require(IPv4Address("10.0.0.1"))
    let nested = Attribute(18, nested: [Attribute(1, text: "veth"), Attribute(2, nested: [Attribute(1, [UInt8](repeating: 0, count: 16))])])
    return [
        Message(
            .newLink, header: [UInt8](repeating: 0, count: 16), [Attribute(3, text: "eth0"), nested, Attribute(23, [UInt8](repeating: 1, count: 64))],
            subject: ""
        )
        .bytes(sequence: 1),
        Message.addAddress(address, prefixLength: 24, to: 3).bytes(sequence: 1),
        Message.addRoute(to: .everything, via: address, through: 3).bytes(sequence: 1),
        Message(.newNeighbour, header: [2] + [UInt8](repeating: 0, count: 11), [Attribute(1, address.bytes), Attribute(2, [1, 2, 3, 4, 5, 6])], subject: "")
            .bytes(sequence: 1),
        Message(.error, [.words], header: hostBytes(Int32(-1)) + Message.getLinks().bytes(sequence: 1) + encode([Attribute(1, text: "no")]), subject: "").bytes(
            sequence: 1)
    ]
}

/// Reads bytes in every way that there is. Nothing is expected but that it comes back.
private func read(_ bytes: [UInt8]) {
    guard let answers = try? Answer.all(in: bytes) else { return }
    for answer in answers {
        _ = try? Link(answer)
        _ = try? InterfaceAddress(answer)
        _ = try? Route(answer)
        _ = try? Neighbour(answer)
        _ = try? answer.refusal(of: .getLinks())
        guard let attributes = try? answer.attributes(after: 4) else { continue }
        for (type, _) in attributes.list {
            _ = (attributes.text(type), attributes.address(type), attributes.number(type, as: UInt64.self), try? attributes.nested(type).nested(type))
        }
    }
}
