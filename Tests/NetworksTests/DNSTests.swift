// DNS as bytes: what is asked is understood, what is answered can be read, and hostile bytes are neither endless nor fatal. RFC 1035.

import Netlink
import Networks
import Testing

/// Names that never end, or are not where they say.
private let hostileNames: [(String, [UInt8])] = [
    ("points at itself", [0xc0, 12]), ("points forward", [0xc0, 20]), ("points into the header", [0xc0, 0]), ("points beyond the end", [0xff, 0xff]),
    ("points at a label that points back", [1, 0x61, 0xc0, 12]), ("half a pointer", [0xc0]), ("a label beyond the end", [63, 0x61]),
    ("a label of an unknown kind", [0x40, 0x61, 0]), ("another unknown kind", [0x80, 0]), ("nothing", []), ("no end", [1, 0x61]),
    ("more than 255 bytes", [UInt8](repeating: 0, count: 5).flatMap { _ in [63] + [UInt8](repeating: 0x61, count: 63) } + [0])
]

@Suite("A query")
struct DNSQueryTests {
    @Test("says what is asked, by whom, and how long the answer may be")
    func plain() throws {
        let plain = try DNSQuery(query("Web.n1", 28))
        #expect(plain.id == 0x1234 && plain.question.type == DNSType.aaaa && plain.question.classNumber == 1)
        #expect(plain.question.name == DNSName("web.N1") && "\(plain.question.name)" == "Web.n1" && plain.longestAnswerBytes == 512)
        let sizes = try [0, 511, 1232, 65_535].map { try DNSQuery(query("web", edns: $0)).longestAnswerBytes }
        #expect(sizes == [512, 512, 1232, 4096])
    }

    @Test("about the root has a name without labels")
    func root() throws {
        let root = try DNSQuery(query("", 2))
        #expect(root.question.name.labels.isEmpty && "\(root.question.name)" == ".")
    }

    @Test("may use a name from before instead of repeating it")
    func compression() throws {
        // An additional record of the name that stands in the question, then one of a label and that name.
        let record: [UInt8] = [0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4]
        var bytes = query("web.n1") + [0xc0, 12] + record + [3, 0x64, 0x62, 0x31, 0xc0, 16] + record
        bytes[11] = 2
        #expect(try DNSQuery(bytes).question.name == DNSName("web.n1"))
    }

    @Test("that is an answer, or nothing, is not answered; one that is damaged is told so, with its id")
    func refused() throws {
        #expect(throws: DNSError.notQuery) { try DNSQuery(query("web", flags: [0x81, 0])) }
        #expect(throws: DNSError.tooShort) { try DNSQuery([1, 2, 3]) }
        #expect(malformedAnswer(to: [1, 2], .tooShort) == nil && malformedAnswer(to: query("web", flags: [0x81, 0]), .notQuery) == nil)
        let answer = Answer(bytes: try #require(malformedAnswer(to: query("web"), .malformed)))
        #expect(answer.id == 0x1234 && answer.isAnswer && answer.outcome == 1 && answer.bytes.count == 12 && answer.bytes[2] & 1 == 1)
    }

    @Test("with a name that lies is refused", arguments: hostileNames)
    func hostile(_ what: String, _ name: [UInt8]) {
        let head: [UInt8] = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        #expect(throws: DNSError.malformed) { try DNSQuery(head + name + (what == "half a pointer" || name.isEmpty ? [] : [0, 1, 0, 1])) }
    }

    @Test("whose counts promise what is not there is refused", arguments: [(5, 0), (5, 2), (7, 1), (9, 255), (11, 1), (10, 255)])
    func counts(_ offset: Int, _ value: Int) {
        var bytes = query("web")
        bytes[offset] = UInt8(value)
        #expect(throws: DNSError.malformed) { try DNSQuery(bytes) }
    }

    @Test("cut off anywhere is refused")
    func cut() throws {
        let whole = query("web.n1.example", edns: 1232)
        for count in 0..<whole.count {
            #expect(throws: count < 12 ? DNSError.tooShort : .malformed) { try DNSQuery(Array(whole.prefix(count))) }
        }
    }

    @Test("made of noise does no harm: it is refused, or answered with what can be read again", arguments: 1...8)
    func noise(_ seed: UInt64) throws {
        var generator = Seeded(seed), understood = 0
        let members = [NetworkNames.Member(names: ["web"], container: "c0ffee", address: .loopback)]
        let table = NameTable(networks: [NetworkNames(network: "n1", members: members)], forwards: false)
        for _ in 0..<4000 {
            let name = ["web", "web.n1", "1.0.0.127.in-addr.arpa", "x.y.z"].randomElement(using: &generator) ?? ""
            var bytes = query(name, edns: Bool.random(using: &generator) ? 512 : nil)
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if Int.random(in: 0..<4, using: &generator) == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator)) }
            if Int.random(in: 0..<8, using: &generator) == 0 {
                bytes = (0..<Int.random(in: 0..<80, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            }
            switch table.verdict(on: bytes, by: .udp, using: &generator) {
            case .ignore: #expect(bytes.count < 12 || bytes[2] & 0x80 != 0)
            case .forward: Issue.record("forwarded, where nothing may be")
            case .answer(let answer):
                let answer = Answer(bytes: answer)
                #expect(answer.isAnswer && answer.bytes.count >= 12 && answer.bytes.count <= 4096 && Array(answer.bytes.prefix(2)) == Array(bytes.prefix(2)))
                if answer.outcome == 0 { understood += 1 }
            }
        }
        #expect(understood > 100)
    }
}

@Suite("An answer")
struct DNSAnswerTests {
    @Test("repeats the question as it was asked and says what was found, for ten minutes")
    func records() throws {
        let asked = try DNSQuery(query("WeB"))
        let answer = Answer(bytes: asked.answer(.fine, [.address([10, 0, 0, 2]), .address([10, 0, 0, 3])]))
        #expect(answer.id == 0x1234 && answer.isAnswer && answer.outcome == 0 && !answer.isTruncated && answer.count == 2 && answer.additional == 0)
        // Recursion was desired, and is available.
        #expect(answer.bytes[2] & 1 == 1 && answer.bytes[3] & 0x80 != 0)
        #expect(Array(answer.bytes[12..<21]) == wire("WeB") + [0, 1, 0, 1])
        let records = try answer.records()
        #expect(records.map(\.data) == [[10, 0, 0, 2], [10, 0, 0, 3]] && records.allSatisfy { $0.type == 1 && $0.ttl == 600 })
    }

    @Test("to a query with EDNS has EDNS")
    func edns() throws {
        let answer = Answer(bytes: try DNSQuery(query("web", edns: 1232)).answer(.fine, [.address([10, 0, 0, 2])]))
        #expect(answer.additional == 1 && Array(answer.bytes.suffix(11).prefix(3)) == [0, 0, 41])
    }

    @Test("names a host in full")
    func pointer() throws {
        let name = try #require(DNSName("web.n1"))
        let answer = Answer(bytes: try DNSQuery(query("2.0.0.10.in-addr.arpa", 12)).answer(.fine, [.name(name)]))
        let records = try answer.records()
        #expect(records.map(\.data) == [wire("web.n1")] && records.first?.type == 12)
    }

    @Test("that is too long says so, and says what fits", arguments: [nil, 512, 600, 1232] as [UInt16?])
    func truncated(_ edns: UInt16?) throws {
        let asked = try DNSQuery(query("web", edns: edns))
        let all = (0..<200).map { DNSQuery.Record.address([10, 0, 0, UInt8($0)]) }
        let answer = Answer(bytes: asked.answer(.fine, all, limit: asked.longestAnswerBytes))
        #expect(answer.isTruncated && answer.bytes.count <= asked.longestAnswerBytes && answer.bytes.count > asked.longestAnswerBytes - 16)
        #expect(try answer.records().count == answer.count)
        let whole = Answer(bytes: asked.answer(.fine, all))
        #expect(!whole.isTruncated && whole.count == 200)
    }
}

@Suite("A forwarded query")
struct DNSForwardTests {
    @Test("is what was asked, EDNS included, under another id")
    func forwarded() throws {
        let bytes = query("example.org", 65, edns: 1232)
        #expect(try DNSQuery(bytes).forwarded(id: 0xbeef) == [0xbe, 0xef] + bytes.dropFirst(2))
    }

    @Test("is answered by the same question under that id, in whatever case, and by nothing else")
    func isAnswered() throws {
        let asked = try DNSQuery(query("example.org"))
        func reply(_ name: String, _ type: UInt16 = 1, id: UInt16 = 7, flags: [UInt8] = [0x81, 0x80]) -> [UInt8] { query(name, type, id: id, flags: flags) }
        #expect(asked.isAnswered(by: reply("eXample.ORG"), id: 7))
        #expect(!asked.isAnswered(by: reply("example.org"), id: 8))
        #expect(!asked.isAnswered(by: reply("example.com"), id: 7))
        #expect(!asked.isAnswered(by: reply("example.org", 28), id: 7))
        #expect(!asked.isAnswered(by: reply("example.org", flags: [1, 0]), id: 7))
        #expect(!asked.isAnswered(by: Array(reply("example.org").prefix(20)), id: 7))
        #expect(!asked.isAnswered(by: [], id: 7))
        // FORMERR without a question: a server that does not know EDNS.
        #expect(asked.isAnswered(by: [0, 7, 0x81, 1, 0, 0, 0, 0, 0, 0, 0, 0], id: 7))
        #expect(!asked.isAnswered(by: [0, 7, 0x81, 0, 0, 0, 0, 0, 0, 0, 0, 0], id: 7))
    }

    @Test("comes back under the asker's id, cut where he takes no more")
    func handedBack() throws {
        let asked = try DNSQuery(query("example.org"))
        let reply = [0, 7, 0x81, 0x80, 0, 1, 0, 9, 0, 0, 0, 0] + wire("example.org") + [0, 1, 0, 1] + [UInt8](repeating: 5, count: 600)
        #expect(asked.handedBack(reply, limit: 4096) == [0x12, 0x34] + reply.dropFirst(2))
        let cut = Answer(bytes: asked.handedBack(reply, limit: 512))
        #expect(cut.id == 0x1234 && cut.isTruncated && cut.count == 0 && Array(cut.bytes.dropFirst(12)) == wire("example.org") + [0, 1, 0, 1])
    }
}

@Suite("A name")
struct DNSNameTests {
    @Test("is the same in upper and lower case, with and without a dot at its end")
    func equality() {
        #expect(DNSName("Web.N1") == DNSName("web.n1.") && DNSName("web") != DNSName("web.n1") && DNSName("") == DNSName("."))
        #expect(Set([DNSName("A"), DNSName("a"), DNSName("b")]).count == 2)
        // Other letters have no case here. RFC 4343 §3.
        #expect(DNSName("É") != DNSName("é"))
    }

    @Test("has labels of 1 to 63 bytes, and 255 in all")
    func limits() {
        let long = String(repeating: "a", count: 63)
        #expect(DNSName(long) != nil && DNSName(long + "a") == nil && DNSName("a..b") == nil && DNSName(".a") == nil)
        #expect(DNSName([long, long, long, String(repeating: "b", count: 61)].joined(separator: ".")) != nil)
        #expect(DNSName([long, long, long, String(repeating: "b", count: 62)].joined(separator: ".")) == nil)
    }

    @Test("shows what is not printable as master files do")
    func escapes() {
        #expect(DNSName(labels: [[0x61, 0x2e, 0x5c], [0, 200]])?.description == "a\\.\\\\.\\000\\200")
    }
}
