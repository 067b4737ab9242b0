// Who finds whom: names, aliases, short ids, `name.network`, addresses; what is asked outside, and what is not.

import Netlink
import Networks
import Testing

@Suite("Names on networks")
struct NamesTests {
    private let one: NetworkNames, two: NetworkNames

    init() throws {
        one = NetworkNames(
            network: "n1",
            members: [
                .init(names: ["web", "www", "pool"], container: "aaaaaaaaaaaabbbb", address: try address("10.1.0.2")),
                .init(names: ["db", "pool", "Data_Base"], container: "ccccccccccccdddd", address: try address("10.1.0.3"))
            ])
        two = NetworkNames(
            network: "net.two", members: [.init(names: ["web", "pool"], container: "eeeeeeeeeeeeffff", address: try address("10.2.0.2"))])
    }

    /// The addresses that a table answers with, nil where it would ask outside.
    private func ask(_ name: String, _ type: UInt16 = 1, of table: NameTable, seed: UInt64 = 1) throws -> [String]? {
        var generator = Seeded(seed)
        switch table.verdict(on: query(name, type), by: .udp, using: &generator) {
        case .answer(let bytes):
            let answer = Answer(bytes: bytes)
            try #require(answer.outcome == 0)
            return try answer.addresses()
        case .forward(let query):
            #expect("\(query.question.name)" == name)
            return nil
        case .ignore:
            Issue.record("ignored")
            return nil
        }
    }

    @Test(
        "are the container's name, its aliases and its short id, in any case, alone and before the network's name",
        arguments: ["web", "WWW", "aaaaaaaaaaaa", "web.n1", "www.N1", "aaaaaaaaaaaa.n1", "web.n1."])
    func names(_ name: String) throws {
        let table = NameTable(networks: [one], forwards: true)
        #expect(try ask(name.hasSuffix(".") ? String(name.dropLast()) : name, of: table) == ["10.1.0.2"])
    }

    @Test("that nobody has are asked outside", arguments: ["web.n2", "n1", "example.org", "web.web.n1", "aaaaaaaaaaa", "aaaaaaaaaaaabbbb", "data-base"])
    func unknown(_ name: String) throws {
        #expect(try ask(name, of: NameTable(networks: [one], forwards: true)) == nil)
    }

    @Test("with an underscore or a dot are names like others")
    func odd() throws {
        let table = NameTable(networks: [one, two], forwards: true)
        #expect(try ask("data_base", of: table) == ["10.1.0.3"])
        #expect(try ask("web.net.two", of: table) == ["10.2.0.2"])
    }

    @Test("that several containers share are all of them, each first in its turn")
    func roundRobin() throws {
        let table = NameTable(networks: [one], forwards: true)
        let answers = try (1...32).map { try ask("pool", of: table, seed: $0) ?? [] }
        #expect(answers.allSatisfy { Set($0) == ["10.1.0.2", "10.1.0.3"] && $0.count == 2 })
        #expect(Set(answers.compactMap(\.first)).count == 2)
    }

    @Test("are looked for on the first network first, and links before all")
    func order() throws {
        #expect(try ask("web", of: NameTable(networks: [one, two], forwards: true)) == ["10.1.0.2"])
        #expect(try ask("web", of: NameTable(networks: [two, one], forwards: true)) == ["10.2.0.2"])
        #expect(try ask("db", of: NameTable(networks: [two, one], forwards: true)) == ["10.1.0.3"])
        let linked = NameTable(networks: [one], links: [("web", try address("10.9.9.9")), ("database", try address("10.1.0.3"))], forwards: true)
        #expect(try ask("web", of: linked) == ["10.9.9.9"])
        #expect(try ask("DATABASE", of: linked) == ["10.1.0.3"])
    }

    @Test("of ours have no IPv6 address, and that is said here; other kinds of records are asked outside")
    func kinds() throws {
        let table = NameTable(networks: [one], forwards: true)
        #expect(try ask("web", DNSType.aaaa, of: table) == [])
        #expect(try ask("example.org", DNSType.aaaa, of: table) == nil)
        for type: UInt16 in [15, 16, 33, 65, 255] { #expect(try ask("web", type, of: table) == nil) }
    }

    @Test("belong to addresses, and are found by them")
    func reverse() throws {
        let table = NameTable(networks: [one], forwards: true)
        var generator = Seeded(1)
        guard case .answer(let bytes) = table.verdict(on: query("3.0.1.10.IN-ADDR.arpa", DNSType.ptr), by: .udp, using: &generator) else {
            Issue.record("not answered")
            return
        }
        let records = try Answer(bytes: bytes).records()
        #expect(records.map(\.data) == [wire("db.n1")])
        let others = ["4.0.1.10.in-addr.arpa", "3.0.1.in-addr.arpa", "300.0.1.10.in-addr.arpa", "3.0.1.10.ip6.arpa", "in-addr.arpa"]
        for foreign in others + ["x.3.0.1.10.in-addr.arpa"] {
            #expect(try ask(foreign, DNSType.ptr, of: table) == nil)
        }
    }

    @Test("that nobody has are not asked outside from networks that reach nothing there")
    func isolated() throws {
        var generator = Seeded(1)
        let table = NameTable(networks: [one], forwards: false)
        guard case .answer(let bytes) = table.verdict(on: query("example.org"), by: .udp, using: &generator) else {
            Issue.record("not answered")
            return
        }
        #expect(Answer(bytes: bytes).outcome == 2)
        #expect(try ask("web", of: table) == ["10.1.0.2"])
    }

    @Test("are not updated, transferred or notified: such requests are not implemented")
    func otherOperations() throws {
        var generator = Seeded(1)
        let table = NameTable(networks: [one], forwards: true)
        guard case .answer(let bytes) = table.verdict(on: query("web", flags: [0x28, 0]), by: .udp, using: &generator) else {
            Issue.record("not answered")
            return
        }
        #expect(Answer(bytes: bytes).outcome == 4)
    }

    @Test("that DNS cannot carry harm nobody else's")
    func impossible() throws {
        let odd = NetworkNames(
            network: "a..b",
            members: [
                .init(names: ["x..y", "", String(repeating: "l", count: 64), "ok"], container: "aaaaaaaaaaaabbbb", address: try address("10.1.0.2"))
            ])
        let table = NameTable(networks: [odd], forwards: true)
        #expect(try ask("ok", of: table) == ["10.1.0.2"])
        #expect(try ask("aaaaaaaaaaaa", of: table) == ["10.1.0.2"])
        var generator = Seeded(1)
        guard case .forward(let root) = table.verdict(on: query(""), by: .udp, using: &generator) else {
            Issue.record("the root is nobody's name here")
            return
        }
        #expect(root.question.name.labels.isEmpty)
    }

    @Test("of many containers under one alias are cut by UDP and whole by TCP")
    func many() throws {
        let crowd = NetworkNames(
            network: "n1",
            members: (2..<200).map { .init(names: ["c\($0)", "all"], container: "c\($0)", address: IPv4Address(0x0a01_0000 + $0)) })
        let table = NameTable(networks: [crowd], forwards: true)
        var generator = Seeded(1)
        guard case .answer(let short) = table.verdict(on: query("all"), by: .udp, using: &generator),
            case .answer(let whole) = table.verdict(on: query("all"), by: .tcp, using: &generator)
        else {
            Issue.record("not answered")
            return
        }
        #expect(Answer(bytes: short).isTruncated && short.count <= 512 && !Answer(bytes: whole).isTruncated)
        let addresses = try Answer(bytes: whole).addresses()
        #expect(Set(addresses).count == 198)
    }
}
