// The name service on real sockets: what containers are answered, what goes outside and comes back, and that nobody can take more than a share.

import Linux
import Netlink
import Networks
import Synchronization
import Testing

@testable import Engine

@Suite("The name service", .timeLimit(.minutes(2)))
struct NameServiceTests {
    @Test("answers names by UDP and TCP, at 127.0.0.11")
    func answers() throws {
        try withNames { service in
            let sockets = try NameSockets(), client = try NameClient(sockets)
            try service.open("a", sockets, table: names("web", "10.1.0.2"), servers: [])
            let reply = try client.ask("web")
            #expect(Array(reply.prefix(2)) == [0x12, 0x34] && lastFour(reply) == [10, 1, 0, 2])
            let stream = try client.connection()
            try stream.send(framed(nameQuery("WEB.n1")))
            let streamed = try stream.next()
            #expect(streamed.map(lastFour) == [10, 1, 0, 2])
            // The same connection again, byte by byte.
            for byte in framed(nameQuery("web", id: 7)) { try stream.send([byte]) }
            let again = try stream.next()
            #expect(again.map { Array($0.prefix(2)) } == [0, 7])
        }
    }

    @Test("tells each container its own names, new ones at once, and closes its sockets when it is over")
    func perContainer() throws {
        try withNames { service in
            let (a, b) = (try NameSockets(), try NameSockets())
            let (first, second) = (try NameClient(a), try NameClient(b))
            try service.open("a", a, table: names("web", "10.1.0.2"), servers: [])
            try service.open("b", b, table: names("web", "10.2.0.2"), servers: [])
            #expect(try lastFour(first.ask("web")) == [10, 1, 0, 2])
            #expect(try lastFour(second.ask("web")) == [10, 2, 0, 2])
            service.update("a", table: try names("web", "10.1.0.9"))
            service.update("nobody", table: try names("web", "10.1.0.9"))
            #expect(try lastFour(first.ask("web")) == [10, 1, 0, 9])
            service.close("a")
            service.close("nobody")
            #expect(service.containers == ["b"])
            #expect(try lastFour(second.ask("web")) == [10, 2, 0, 2])
            // Other sockets instead of the old ones, as after a restart of the daemon.
            let c = try NameSockets(), third = try NameClient(c)
            try service.open("b", c, table: names("web", "10.3.0.2"), servers: [])
            #expect(try lastFour(third.ask("web")) == [10, 3, 0, 2])
        }
    }

    @Test("leaves no socket open of a container that was closed: nobody listens there any more")
    func closes() throws {
        try withNames { service in
            let ports: (UInt16, UInt16)
            do {
                let sockets = try NameSockets()
                ports = (sockets.udpPort, sockets.tcpPort)
                try service.open("a", sockets, table: names("web", "10.1.0.2"), servers: [])
                service.close("a")
            }
            let again = try bind(.udp, to: InternetName(address: NameSockets.address, port: ports.0))
            #expect(again.number > 0)
            #expect(throws: KernelError.self) { try NameStream(ports.1) }
        }
    }

    @Test("asks outside for what it does not know, and hands back what it hears under the asker's id")
    func forwards() throws {
        try withNames { service in
            let seen = Mutex<[[UInt8]]>([])
            let server = try OutsideServer { query in
                seen.withLock { $0.append(query) }
                return [nameReply(query, addresses: [[9, 9, 9, 9]])]
            }
            defer { server.end() }
            let sockets = try NameSockets(), client = try NameClient(sockets)
            try service.open("a", sockets, table: names("web", "10.1.0.2"), servers: [server.name])
            // With EDNS, which goes along.
            var query = nameQuery("example.org") + [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]
            query[11] = 1
            try client.send(query)
            let reply = try #require(try client.next())
            #expect(lastFour(reply) == [9, 9, 9, 9] && Array(reply.prefix(2)) == [0x12, 0x34])
            let stream = try client.connection()
            try stream.send(framed(nameQuery("example.org", 16)))
            let streamed = try stream.next()
            #expect(streamed.map(lastFour) == [9, 9, 9, 9])
            let asked = seen.withLock { $0 }
            #expect(asked.count == 2 && asked[0].dropFirst(2) == query.dropFirst(2))
            #expect(try eventually { service.underWay.forwards == 0 })
        }
    }

    @Test("asks the next server where one is silent, fails, or is not there; by UDP and by TCP")
    func nextServer() throws {
        var limits = NameLimits()
        limits.serverNanoseconds = 50_000_000
        try withNames(limits) { service in
            let silent = try OutsideServer { _ in [] }, failing = try OutsideServer { [nameReply($0, outcome: 2)] }
            let good = try OutsideServer { [nameReply($0, addresses: [[9, 9, 9, 9]])] }
            defer { for server in [silent, failing, good] { server.end() } }
            let nobody = InternetName(address: 0x7f00_0001, port: 1)
            for servers in [[nobody, good.name], [failing.name, good.name], [silent.name, good.name], [nobody, failing.name, silent.name, good.name]] {
                let sockets = try NameSockets(), client = try NameClient(sockets)
                try service.open("a", sockets, table: names("web", "10.1.0.2"), servers: servers)
                #expect(try lastFour(client.ask("example.org")) == [9, 9, 9, 9])
                let stream = try client.connection()
                try stream.send(framed(nameQuery("example.org")))
                let streamed = try stream.next()
                #expect(streamed.map(lastFour) == [9, 9, 9, 9])
            }
        }
    }

    @Test("says SERVFAIL where no server does better, and where there is none")
    func allFail() throws {
        var limits = NameLimits()
        limits.serverNanoseconds = 50_000_000
        try withNames(limits) { service in
            let silent = try OutsideServer { _ in [] }, failing = try OutsideServer { [nameReply($0, outcome: 2)] }
            defer { for server in [silent, failing] { server.end() } }
            for servers in [[], [InternetName(address: 0x7f00_0001, port: 1)], [silent.name], [failing.name, silent.name]] {
                let sockets = try NameSockets(), client = try NameClient(sockets)
                try service.open("a", sockets, table: names("web", "10.1.0.2"), servers: servers)
                #expect(try outcome(client.ask("example.org")) == 2)
            }
        }
    }

    @Test("takes NXDOMAIN for an answer, and asks nobody else")
    func noSuchName() throws {
        try withNames { service in
            let no = try OutsideServer { [nameReply($0, outcome: 3)] }, other = try OutsideServer { [nameReply($0, addresses: [[9, 9, 9, 9]])] }
            defer { for server in [no, other] { server.end() } }
            let sockets = try NameSockets(), client = try NameClient(sockets)
            try service.open("a", sockets, table: names("web", "10.1.0.2"), servers: [no.name, other.name])
            #expect(try outcome(client.ask("example.org")) == 3)
            #expect(other.asked.load(ordering: .relaxed) == 0)
        }
    }

    @Test("believes no answer with another id or to another question")
    func forged() throws {
        try withNames { service in
            let liar = try OutsideServer { query in
                var other = nameReply(query, addresses: [[6, 6, 6, 6]]), wrong = nameReply(nameQuery("evil.org"), addresses: [[6, 6, 6, 6]])
                other[0] ^= 0xff
                (wrong[0], wrong[1]) = (query[0], query[1])
                return [other, wrong, Array(query.prefix(5)), nameReply(query, addresses: [[9, 9, 9, 9]])]
            }
            defer { liar.end() }
            let sockets = try NameSockets(), client = try NameClient(sockets)
            try service.open("a", sockets, table: names("web", "10.1.0.2"), servers: [liar.name])
            #expect(try lastFour(client.ask("example.org")) == [9, 9, 9, 9])
        }
    }

    @Test("cuts an answer that is too long for UDP; by TCP it is whole")
    func long() throws {
        try withNames { service in
            let server = try OutsideServer { [nameReply($0, addresses: (0..<100).map { [9, 9, 9, UInt8($0)] })] }
            defer { server.end() }
            let sockets = try NameSockets(), client = try NameClient(sockets)
            try service.open("a", sockets, table: names("web", "10.1.0.2"), servers: [server.name])
            let short = try client.ask("example.org")
            #expect(short.count <= 512 && short[2] & 2 != 0)
            let stream = try client.connection()
            try stream.send(framed(nameQuery("example.org")))
            let whole = try #require(try stream.next())
            #expect(whole.count > 1600 && whole[2] & 2 == 0 && lastFour(whole) == [9, 9, 9, 99])
        }
    }

    @Test("serves a hundred containers with one thread")
    func hundred() throws {
        try withNames { service in
            let before = try entries("/proc/self/task").count
            var clients: [NameClient] = []
            for number in 0..<100 {
                let sockets = try NameSockets()
                try service.open("c\(number)", sockets, table: names("web", "10.1.0.\(number)"), servers: [])
                clients.append(try NameClient(sockets))
            }
            for client in clients { try client.send(nameQuery("web")) }
            for (number, client) in clients.enumerated() {
                let reply = try #require(try client.next())
                #expect(lastFour(reply) == [10, 1, 0, UInt8(number)])
            }
            #expect(try entries("/proc/self/task").count <= before + 2)
        }
    }
}
