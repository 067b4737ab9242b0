// Requests as bytes. Some are compared with what ip(8) of iproute2 sends for the same wish, recorded by `strace -e trace=sendmsg -e write=3 ip …`
// on a little-endian machine; the sequence number is the only thing taken over from there.
import Linux
import Netlink
import Testing

@Suite("Messages as bytes", .enabled(if: UInt16(1).littleEndian == 1, "UNVERIFIED HERE: the bytes were recorded on a little-endian machine"))
struct MessageTests {
    @Test("an attribute's length does not count its padding, and the next one is aligned")
    func padding() {
        let bytes = encode([Attribute(3, text: "br9"), Attribute(20, [1, 2, 3, 4, 5]), Attribute(4, number: UInt32(1500)), Attribute(7, [])])
        #expect(bytes == hex("0800 0300 62723900   0900 1400 0102030405 000000   0800 0400 dc050000   0400 0700"))
    }

    @Test("attributes within attributes: the outer length counts the inner padding, and the type says so")
    func nesting() {
        let bytes = encode([Attribute(18, nested: [Attribute(1, text: "veth"), Attribute(2, nested: [Attribute(1, [9])])]), Attribute(5, [7])])
        #expect(bytes == hex("1c00 1280   0900 0100 7665746800 000000   0c00 0280   0500 0100 09 000000   0500 0500 07 000000"))
    }

    @Test("a route is the message that ip(8) sends")
    func route() throws {
        let recorded = hex("2c00000018000506 73e5016b00000000 02000000fe030001 04000000 0800 0500 7f000002 0800 0400 01000000")
        let onlink = Message.addRoute(to: .everything, via: IPv4Address("127.0.0.2"), through: 1)
        // ip(8) was asked for `onlink`, bit 2 of the flags, without which the kernel would have refused this gateway
        var bytes = acknowledged(onlink).bytes(sequence: 0x6b01_e573)
        bytes[24] = 4
        #expect(bytes == recorded)
    }

    @Test("an address is the message that ip(8) sends, and a broadcast address")
    func address() throws {
        let recorded = hex("2800000014000506 73e5016b00000000 0218000001000000 08000200 0a090001 08000100 0a090001")
        let bytes = acknowledged(.addAddress(try #require(IPv4Address("10.9.0.1")), prefixLength: 24, to: 1)).bytes(sequence: 0x6b01_e573)
        #expect(Array(bytes[4..<recorded.count]) == Array(recorded[4...]))
        #expect(Array(bytes.dropFirst(recorded.count)) == hex("08000400 0a0900ff"))
        #expect(Array(bytes.prefix(4)) == hex("30000000"))
        let one = acknowledged(.addAddress(try #require(IPv4Address("10.9.0.1")), prefixLength: 32, to: 1)).bytes(sequence: 1)
        #expect(one.count == recorded.count, "a network of one has no broadcast address")
    }

    @Test("a veth pair says what ip(8) says")
    func pair() throws {
        let recorded = hex(
            """
            5c000000100005067 3e5016b00000000 00000000000000000000000000000000 0a000300 7665746839000000 30001200 08000100 76657468
            24000200 20000100 00000000000000000000000000000000 09000300 6574683000000000
            """)
        let ours = Message.makeVeth("veth9", isUp: false, peer: VethPeer(name: "eth0"))
        let (one, other) = (try tree(recorded), try tree(acknowledged(ours).bytes(sequence: 0x6b01_e573)))
        #expect(one == other)
    }

    @Test("a bridge says what ip(8) says")
    func bridge() throws {
        let recorded = hex(
            "3800000010000506 73e5016b00000000 00000000000000000000000000000000 08000300 62723900 10001200 0a000100 6272696467650000")
        #expect(try tree(recorded) == tree(acknowledged(.makeBridge("br9", isUp: false)).bytes(sequence: 0x6b01_e573)))
    }

    @Test("the other end of a pair is described by a message within the message")
    func peer() throws {
        let peer = VethPeer(name: "eth0", namespace: FileDescriptor(rawValue: 7), hardwareAddress: HardwareAddress("02:42:ac:11:00:02"))
        let message = Message.makeVeth("veth1a2b3c4", master: 4, peer: peer)
        let answer = try #require(try Answer.all(in: message.bytes(sequence: 1)).first)
        let outer = try answer.attributes(after: 16)
        #expect(outer.text(3) == "veth1a2b3c4" && outer.number(10, as: Int32.self) == 4)
        let information = try outer.nested(18)
        let inside = try #require(try information.nested(2)[1])
        #expect(inside.prefix(16).allSatisfy { $0 == 0 })
        let attributes = try Attributes(inside.dropFirst(16))
        #expect(attributes.text(3) == "eth0" && attributes.number(28, as: Int32.self) == 7)
        #expect(attributes[1].map(Array.init) == [0x02, 0x42, 0xac, 0x11, 0x00, 0x02])
        #expect(message.words == "RTM_NEWLINK veth veth1a2b3c4 master #4 peer eth0 in namespace fd 7")
    }

    @Test("a change says what changes, and nothing else")
    func change() throws {
        let message = Message.setLink(.index(4), LinkChange(isUp: true, name: "eth1", master: 0, alias: "slipway x"))
        #expect(
            message.bytes(sequence: 1)
                == hex(
                    """
                    44000000 1300 0100 01000000 00000000   0000 0000 04000000 01000000 01000000
                    0900 0300 6574683100 000000   0800 0a00 00000000   0e00 1400 736c697077617920780 0 0000
                    """))
        let none = Message.setLink(.name("eth1"), LinkChange(mtuBytes: 1400)).bytes(sequence: 1)
        #expect(none[24..<32].allSatisfy { $0 == 0 }, "neither up nor down")
    }

    @Test("a route look-up tells the kernel all that it needs")
    func lookup() throws {
        let message = Message.getRoute(to: try #require(IPv4Address("10.0.0.2")), from: IPv4Address("10.1.0.2"), arriving: 5)
        #expect(
            message.bytes(sequence: 2)
                == hex("34000000 1a00 0100 02000000 00000000   02 20 20 00 00 00 00 00 00100000   08000100 0a000002   08000200 0a010002   08000300 05000000"))
        #expect(message.words == "RTM_GETROUTE to 10.0.0.2 from 10.1.0.2 arriving on #5")
    }
}

/// Bytes from hex digits; blanks and line ends are for people.
func hex(_ text: String) -> [UInt8] {
    let digits = text.filter { !$0.isWhitespace }.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// As it leaves the socket.
private func acknowledged(_ message: Message) -> Message {
    var message = message
    message.flags.insert(.acknowledge)
    return message
}

/// A request to make a link, without what senders are free to do: the mark on nested types, and the zero behind a text.
private func tree(_ bytes: [UInt8]) throws -> [String] {
    let answer = try #require(try Answer.all(in: bytes).first), outer = try answer.attributes(after: 16), inner = try outer.nested(18)
    var lines = ["type \(answer.type.rawValue) flags \(answer.flags.rawValue) sequence \(answer.sequence)", "head \(answer.payload.prefix(16).map { $0 })"]
    lines += ["name \(outer.text(3) ?? "-")", "kind \(inner.text(1) ?? "-")", "outer \(outer.list.map(\.type))", "inner \(inner.list.map(\.type))"]
    if let peer = try inner.nested(2)[1] {
        lines += ["peer \(peer.prefix(16).map { $0 })", "peer's name \(try Attributes(peer.dropFirst(16)).text(3) ?? "-")"]
    }
    return lines
}
