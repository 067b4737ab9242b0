// The name service under those who ask too much: what they can take is bounded, and the others do not notice.

import Linux
import Netlink
import Networks
import Synchronization
import Testing

@testable import Engine

@Suite("A container that asks too much", .timeLimit(.minutes(2)))
struct NameServiceLimitTests {
    @Test("has so many queries under way and no more, and the others are answered meanwhile")
    func flood() throws {
        var limits = NameLimits()
        (limits.forwards, limits.serverNanoseconds) = (20, 300_000_000)
        try withNames(limits) { service in
            let silent = try OutsideServer { _ in [] }, good = try OutsideServer { [nameReply($0, addresses: [[9, 9, 9, 9]])] }
            defer { for server in [silent, good] { server.end() } }
            let (a, b) = (try NameSockets(), try NameSockets())
            let (flooder, other) = (try NameClient(a), try NameClient(b))
            try service.open("a", a, table: names("web", "10.1.0.2"), servers: [silent.name])
            try service.open("b", b, table: names("web", "10.2.0.2"), servers: [good.name])
            for number in 0..<2000 { try flooder.send(nameQuery("x\(number).example.org")) }
            #expect(try lastFour(other.ask("web")) == [10, 2, 0, 2])
            #expect(try lastFour(other.ask("example.org")) == [9, 9, 9, 9])
            #expect(service.underWay.forwards <= 20)
            // Its own names are answered too, as they cost nothing that lasts.
            while try flooder.next(milliseconds: 1000) != nil {}
            #expect(try lastFour(flooder.ask("web")) == [10, 1, 0, 2])
            #expect(try eventually { service.underWay.forwards == 0 })
            #expect(silent.asked.load(ordering: .relaxed) > 0)
        }
    }

    @Test("may send many queries over a connection at once: all are answered, though not all are under way")
    func pipeline() throws {
        try withNames { service in
            let good = try OutsideServer { [nameReply($0, addresses: [[9, 9, 9, 9]])] }
            defer { good.end() }
            let sockets = try NameSockets(), client = try NameClient(sockets)
            try service.open("a", sockets, table: names("web", "10.1.0.2"), servers: [good.name])
            let stream = try client.connection()
            var all: [UInt8] = []
            for number in 0..<200 { all += framed(nameQuery(number % 5 == 0 ? "example.org" : "web", id: UInt16(number))) }
            try stream.send(all)
            // It ends its half; what it asked is answered all the same.
            try stream.endSending()
            var ids: Set<UInt8> = []
            while let reply = try stream.next() {
                #expect(lastFour(reply) == (reply[1] % 5 == 0 ? [9, 9, 9, 9] : [10, 1, 0, 2]))
                ids.insert(reply[1])
            }
            #expect(ids.count == 200)
            #expect(try eventually { service.underWay.connections == 0 })
        }
    }

    @Test("and does not read its answers is not read from, and closed in the end; the others are answered")
    func slowReader() throws {
        var limits = NameLimits()
        limits.idleNanoseconds = 1_500_000_000
        try withNames(limits) { service in
            let crowd = NetworkNames(
                network: "n1", members: (0..<1000).map { .init(names: ["all"], container: "c\($0)", address: .init(0x0a01_0000 + UInt32($0))) })
            let sockets = try NameSockets(), client = try NameClient(sockets)
            try service.open("a", sockets, table: NameTable(networks: [crowd], forwards: false), servers: [])
            let stream = try client.connection()
            // 16 kB for each; the kernel takes some megabytes, then nothing is read any more.
            try stream.send((0..<200).flatMap { framed(nameQuery("all", id: UInt16($0))) })
            #expect(try outcome(client.ask("all")) == 0)
            #expect(try eventually { service.underWay.connections == 0 })
            #expect(try outcome(client.ask("all")) == 0)
        }
    }

    @Test("waits for a connection when it has as many as it may; one that says nothing is closed")
    func connections() throws {
        var limits = NameLimits()
        (limits.connections, limits.idleNanoseconds) = (3, 400_000_000)
        try withNames(limits) { service in
            let sockets = try NameSockets(), client = try NameClient(sockets)
            try service.open("a", sockets, table: names("web", "10.1.0.2"), servers: [])
            let silent = try (0..<3).map { _ in try client.connection() }
            #expect(try eventually { service.underWay.connections == 3 })
            let waiting = try client.connection()
            try waiting.send(framed(nameQuery("web")))
            let reply = try waiting.next()
            #expect(reply.map(lastFour) == [10, 1, 0, 2])
            for stream in silent { #expect(try stream.hasEnded()) }
        }
    }

    @Test("waits too where all containers together have as many connections as they may, and is served when there is room")
    func allConnections() throws {
        var limits = NameLimits()
        (limits.allConnections, limits.idleNanoseconds) = (2, 400_000_000)
        try withNames(limits) { service in
            let (a, b) = (try NameSockets(), try NameSockets())
            let (greedy, other) = (try NameClient(a), try NameClient(b))
            try service.open("a", a, table: names("web", "10.1.0.2"), servers: [])
            try service.open("b", b, table: names("web", "10.2.0.2"), servers: [])
            let silent = try (0..<2).map { _ in try greedy.connection() }
            #expect(try eventually { service.underWay.connections == 2 })
            let waiting = try other.connection()
            try waiting.send(framed(nameQuery("web")))
            let reply = try waiting.next()
            #expect(reply.map(lastFour) == [10, 2, 0, 2])
            for stream in silent { #expect(try stream.hasEnded()) }
        }
    }

    @Test("or sends what is no query over a connection loses it")
    func nonsense() throws {
        try withNames { service in
            let sockets = try NameSockets(), client = try NameClient(sockets)
            try service.open("a", sockets, table: names("web", "10.1.0.2"), servers: [])
            for bytes in [[0xff, 0xff, 0, 0], [0, 3, 1, 2, 3], [0, 0], framed(nameReply(nameQuery("web")))] as [[UInt8]] {
                let stream = try client.connection()
                try stream.send(bytes)
                #expect(try stream.hasEnded())
            }
            try client.send([1, 2, 3])
            #expect(try lastFour(client.ask("web")) == [10, 1, 0, 2])
        }
    }

    @Test("and is closed with queries and connections under way leaves nothing behind")
    func closedMeanwhile() throws {
        var limits = NameLimits()
        limits.serverNanoseconds = 60_000_000_000
        try withNames(limits) { service in
            let silent = try OutsideServer { _ in [] }
            defer { silent.end() }
            let before = try entries("/proc/self/fd").count
            do {
                let sockets = try NameSockets(), client = try NameClient(sockets)
                try service.open("a", sockets, table: names("web", "10.1.0.2"), servers: [silent.name])
                for _ in 0..<20 { try client.send(nameQuery("example.org")) }
                let stream = try client.connection()
                #expect(try eventually { service.underWay.forwards == 20 && service.underWay.connections == 1 })
                service.close("a")
                #expect(service.underWay == (0, 0))
                #expect(try stream.hasEnded())
            }
            #expect(try eventually { try entries("/proc/self/fd").count <= before })
        }
    }
}
